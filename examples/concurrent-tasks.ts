/** Several tasks borrow connections at once. One fails, and its connection comes back all the same. */
import { createPool, PostgresError } from 'sluice'
import { database } from './support/database.js'

await using db = await database()
await using pool = await createPool(db.dsn, { minSize: 2, maxSize: 5 })

async function task(id: number): Promise<string> {
  await using conn = await pool.acquire({ timeout: 5_000 })
  const divisor = id === 7 ? 0 : id
  const quotient = await conn.fetchval<number>('select 840 / $1::int4', [divisor])
  return `task ${id}: ${quotient} by the session ${conn.serverPid}`
} // the connection is released here, whatever happened

const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => task(i + 1)))
for (const outcome of outcomes) {
  if (outcome.status === 'fulfilled') {
    console.log(outcome.value)
  } else if (outcome.reason instanceof PostgresError) {
    console.log(`a task failed: ${outcome.reason.message} (${outcome.reason.code})`)
  } else {
    throw outcome.reason
  }
}

const { size, idle, lent } = pool.stats()
console.log(`${size} connections, ${idle} idle, ${lent} in use`)
