import assert from 'node:assert/strict'
import pg from 'pg'
import QueryStream from 'pg-query-stream'

const client = new pg.Client(process.env.DSN)
await client.connect()
let count = 0
for await (const row of client.query(new QueryStream('select generate_series(1, 20000) as n'))) {
  count += row.n > 0 ? 1 : 0
}
assert.equal(count, 20_000)
const left = client.query(new QueryStream('select generate_series(1, 20000) as n'))
for await (const _ of left) break
assert.deepEqual((await client.query('select 1 as a')).rows, [{ a: 1 }])
await client.end()
console.log('streamed 20,000 rows, and left a stream')
