import assert from 'node:assert/strict'
import pg from 'pg'
import Cursor from 'pg-cursor'

const pool = new pg.Pool({ connectionString: process.env.DSN })
const client = await pool.connect()
const cursor = client.query(new Cursor('select generate_series(1, $1::int) as n', [1000]))
let sum = 0
for (let rows = await cursor.read(64); rows.length > 0; rows = await cursor.read(64)) {
  for (const { n } of rows) sum += n
}
await cursor.close()
assert.equal(sum, 500_500)
client.release()
await pool.end()
console.log('read 1,000 rows in pages')
