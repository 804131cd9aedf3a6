import assert from 'node:assert/strict'
import pgPromise from 'pg-promise'

const pgp = pgPromise()
const db = pgp(process.env.DSN)
await db.none('create table things (id serial primary key, name text)')
const { id } = await db.one('insert into things (name) values ($1) returning id', ['a'])
assert.equal(id, 1)
await assert.rejects(
  db.tx(async (transaction) => {
    await transaction.none('delete from things')
    throw new Error('undo')
  }),
  /undo/,
)
const results = await db.multi('select 1 as a; select 2 as b')
assert.deepEqual(results, [[{ a: 1 }], [{ b: 2 }]])
const batch = await db.task((task) =>
  task.batch([task.any('select 1 as a'), task.one('select 2 as b')]),
)
assert.deepEqual(batch, [[{ a: 1 }], { b: 2 }])
const statement = new pgp.PreparedStatement({
  name: 'by-id',
  text: 'select * from things where id = $1',
})
assert.deepEqual(await db.one(statement, [1]), { id: 1, name: 'a' })
const connection = await db.connect({ direct: true })
const heard = new Promise((resolve) => connection.client.on('notification', resolve))
await connection.none('listen channel')
await db.none("notify channel, 'hello'")
assert.equal((await heard).payload, 'hello')
await connection.done()
await assert.rejects(db.one('select 1 where false'), { code: 0 })
pgp.end()
console.log('transaction, task, batch, prepared statement, several results, listen')
