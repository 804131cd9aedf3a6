import assert from 'node:assert/strict'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, jsonb, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'
import pg from 'pg'

const people = pgTable('people', {
  id: serial().primaryKey(),
  name: text().notNull(),
  tags: jsonb(),
  scores: integer().array(),
  born: timestamp({ withTimezone: true }),
})
const pool = new pg.Pool({ connectionString: process.env.DSN })
const db = drizzle(pool)
await db.execute(sql`create table people (id serial primary key, name text not null, tags jsonb,
  scores integer[], born timestamptz)`)
const born = new Date('2000-01-02T03:04:05.678Z')
await db.insert(people).values({ name: 'a', tags: ['x', { y: 1 }], scores: [1, 2], born })
const [row] = await db.select().from(people).where(eq(people.name, 'a'))
assert.deepEqual(row, { id: 1, name: 'a', tags: ['x', { y: 1 }], scores: [1, 2], born })
const undone = db.transaction(async (transaction) => {
  await transaction.delete(people)
  transaction.rollback()
})
await assert.rejects(undone)
const prepared = db
  .select()
  .from(people)
  .where(eq(people.id, sql.placeholder('id')))
  .prepare('by_id')
assert.equal((await prepared.execute({ id: 1 }))[0].name, 'a')
assert.equal((await prepared.execute({ id: 1 })).length, 1)
await pool.end()
console.log('inserted json, arrays and dates, rolled back, prepared')
