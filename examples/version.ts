/** Makes a pool and asks the server for its version. */
import { createPool } from 'sluice'
import { database } from './support/database.js'

await using db = await database()
await using pool = await createPool(db.dsn, { minSize: 2, maxSize: 10 })

console.log(await pool.fetchval<string>('select version()'))
