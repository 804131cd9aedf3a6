import assert from 'node:assert/strict'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from, to } from 'pg-copy-streams'

const client = new pg.Client(process.env.DSN)
await client.connect()
await client.query('create table target (a int, b text)')
const lines = Array.from({ length: 50_000 }, (_, i) => `${i}\tline ${i}\n`)
await pipeline(lines, client.query(from('copy target from stdin')))
const chunks = await client.query(to('copy target to stdout')).toArray()
assert.equal(Buffer.concat(chunks).toString(), lines.join(''))
assert.deepEqual((await client.query('select count(*)::int from target')).rows, [{ count: 50_000 }])
await client.end()
console.log('copied 50,000 rows in and out')
