import assert from 'node:assert/strict'
import { Kysely, Migrator, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'

const pool = new pg.Pool({ connectionString: process.env.DSN })
const db = new Kysely({ dialect: new PostgresDialect({ pool, cursor: Cursor }) })
const migrations = {
  one: {
    up: (schema) =>
      schema.schema
        .createTable('person')
        .addColumn('id', 'serial', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .execute(),
  },
}
const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
const { error, results } = await migrator.migrateToLatest()
assert.equal(error, undefined)
assert.equal(results[0].status, 'Success')
const inserted = await db
  .insertInto('person')
  .values([{ name: 'a' }, { name: 'b' }])
  .returning('id')
  .execute()
assert.equal(inserted.length, 2)
const failed = db.transaction().execute(async (transaction) => {
  await transaction.deleteFrom('person').execute()
  throw new Error('undo')
})
await assert.rejects(failed, /undo/)
const updated = await db
  .updateTable('person')
  .set({ name: 'c' })
  .where('name', '=', 'a')
  .executeTakeFirst()
assert.equal(updated.numUpdatedRows, 1n)
const streamed = []
for await (const row of db.selectFrom('person').selectAll().orderBy('id').stream(1))
  streamed.push(row.name)
assert.deepEqual(streamed, ['c', 'b'])
assert.equal((await sql`select 1 as a`.execute(db)).rows[0].a, 1)
await db.destroy()
console.log('migrated, inserted, rolled back, updated, streamed')
