import assert from 'node:assert/strict'
import knex from 'knex'

const db = knex({ client: 'pg', connection: process.env.DSN, pool: { min: 0, max: 4 } })
const migrations = [
  {
    name: 'one',
    up: (schema) =>
      schema.schema.createTable('things', (table) => {
        table.increments('id')
        table.string('name')
        table.jsonb('data')
      }),
    down: (schema) => schema.schema.dropTable('things'),
  },
]
const migrationSource = {
  getMigrations: async () => migrations,
  getMigrationName: ({ name }) => name,
  getMigration: async (migration) => migration,
}
await db.migrate.latest({ migrationSource })
const [{ id }] = await db('things')
  .insert({ name: 'a', data: { b: [1] } })
  .returning('id')
assert.deepEqual(await db('things').where({ id }).first(), { id, name: 'a', data: { b: [1] } })
await assert.rejects(
  db.transaction(async (transaction) => {
    await transaction('things').delete()
    throw new Error('undo')
  }),
  /undo/,
)
await db.batchInsert(
  'things',
  Array.from({ length: 500 }, (_, i) => ({ name: `n${i}` })),
  100,
)
let count = 0
for await (const row of db('things').select().stream()) count += row.id > 0 ? 1 : 0
assert.equal(count, 501)
await assert.rejects(db.raw('select pg_sleep(20)').timeout(100, { cancel: true }), /timeout/i)
await db.migrate.rollback({ migrationSource })
await db.destroy()
console.log('migrated, rolled back, streamed, cancelled by timeout')
