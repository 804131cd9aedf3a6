import assert from 'node:assert/strict'
import { promisify } from 'node:util'
import connect from 'connect-pg-simple'
import session from 'express-session'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DSN })
const store = new (connect(session))({
  pool,
  createTableIfMissing: true,
  pruneSessionInterval: false,
})
const set = promisify(store.set.bind(store))
const get = promisify(store.get.bind(store))
const destroy = promisify(store.destroy.bind(store))
const data = { cookie: { maxAge: 60_000 }, user: { name: 'a' } }
await set('one', data)
assert.deepEqual((await get('one')).user, { name: 'a' })
await destroy('one')
assert.equal(await get('one'), undefined)
await store.close()
await pool.end()
console.log('made its table, kept and destroyed a session')
