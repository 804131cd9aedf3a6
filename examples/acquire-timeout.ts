/** Every connection is taken: an acquire with a deadline says so in time, and says why. */
import { createPool, PoolTimeoutError } from 'sluice'
import { database } from './support/database.js'

await using db = await database()
await using pool = await createPool(db.dsn, { minSize: 1, maxSize: 2 })

{
  await using first = await pool.acquire()
  await using second = await pool.acquire()
  console.log(`taken: the sessions ${first.serverPid} and ${second.serverPid}`)
  try {
    await pool.acquire({ timeout: 100 })
  } catch (error) {
    if (!(error instanceof PoolTimeoutError)) throw error
    console.log(`${error.name}: ${error.message}`)
  }
}

console.log(`after the release: ${await pool.fetchval<string>("select 'served'")}`)
