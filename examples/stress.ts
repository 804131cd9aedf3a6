/** 500 tasks share ten connections, and the pool tells how it went. */
import { createPool } from 'sluice'
import { database } from './support/database.js'

await using db = await database()
await using pool = await createPool(db.dsn, { minSize: 2, maxSize: 10 })

let mostWaiting = 0
async function task(id: number): Promise<number> {
  mostWaiting = Math.max(mostWaiting, pool.waiting)
  return pool.use(async (conn) => {
    await conn.execute('select pg_sleep(0.002)')
    return (await conn.fetchval<number>('select $1::int4 * 2', [id])) ?? 0
  })
}

const start = performance.now()
const results = await Promise.all(Array.from({ length: 500 }, (_, id) => task(id)))
const seconds = (performance.now() - start) / 1000

const sum = results.reduce((total, result) => total + result, 0)
console.log(`500 tasks in ${seconds.toFixed(2)} s, sum ${sum}, at most ${mostWaiting} waiting`)
console.log(pool.stats())
