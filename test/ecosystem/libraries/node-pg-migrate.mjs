import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import pg from 'pg'

const dir = mkdtempSync(join(tmpdir(), 'migrations-'))
writeFileSync(
  join(dir, '1700000000000_one.cjs'),
  `exports.up = (pgm) => pgm.createTable('things', { id: 'id', name: { type: 'text', notNull: true } })
   exports.down = (pgm) => pgm.dropTable('things')`,
)
const options = { databaseUrl: process.env.DSN, dir, migrationsTable: 'migrations', log: () => {} }
assert.equal((await runner({ ...options, direction: 'up' })).length, 1)
const client = new pg.Client(process.env.DSN)
await client.connect()
await client.query("insert into things (name) values ('a')")
assert.equal((await client.query('select * from things')).rowCount, 1)
await client.end()
assert.equal((await runner({ ...options, direction: 'down' })).length, 1)
rmSync(dir, { recursive: true })
console.log('migrated up and down')
