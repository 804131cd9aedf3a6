/**
 * A web application that makes its pool at start-up, serves `/users/:id` from it, and shuts down
 * without losing a request.
 *
 * On SIGTERM `/health` turns to 503, so that a load balancer sends nobody here any more; requests are
 * served for a while yet; then the server stops listening, finishes what it has, and the pool closes.
 */
import fastify from 'fastify'
import { createPool } from 'sluice'
import { database } from './support/database.js'

/** How long a load balancer may take to notice, in ms. */
const DRAIN_MS = 1_000

interface User {
  id: number
  name: string
}

const db = await database()
const pool = await createPool(db.dsn, { minSize: 5, maxSize: 20, acquireTimeout: 2_000 })
await pool.execute(`
  create table if not exists users (id int primary key, name text not null);
  insert into users select id, 'user ' || id from generate_series(1, 1000) id on conflict do nothing;
`)

let isShuttingDown = false
const app = fastify({ return503OnClosing: false })

app.get('/health', async (_request, reply) => {
  reply.code(isShuttingDown ? 503 : 200)
  return { ...pool.stats() }
})

app.get<{ Params: { id: string } }>('/users/:id', async (request, reply) => {
  const id = Number(request.params.id)
  if (!Number.isInteger(id) || id < 1 || id > 0x7fffffff) {
    return reply.code(400).send({ error: 'no such id' })
  }
  const user = await pool.fetchrow<User>('select id, name from users where id = $1', [id])
  return user ?? reply.code(404).send({ error: 'no such user' })
})

app.addHook('onClose', async () => {
  await pool.close({ timeout: 5_000 })
  await db[Symbol.asyncDispose]()
})

process.once('SIGTERM', () => {
  isShuttingDown = true
  setTimeout(() => app.close(), DRAIN_MS)
})

console.log(`listening on ${await app.listen({ host: '127.0.0.1', port: 0 })}`)
