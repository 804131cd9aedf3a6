import 'reflect-metadata'
import assert from 'node:assert/strict'
import { DataSource, EntitySchema } from 'typeorm'

const User = new EntitySchema({
  name: 'user',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    name: { type: 'varchar', unique: true },
    tags: { type: 'text', array: true, nullable: true },
    data: { type: 'jsonb', nullable: true },
    at: { type: 'timestamptz', createDate: true },
  },
})
class Add1700000000000 {
  name = 'Add1700000000000'
  up(runner) {
    return runner.query('create table extra (id int primary key)')
  }
  down(runner) {
    return runner.query('drop table extra')
  }
}
const source = new DataSource({
  type: 'postgres',
  url: process.env.DSN,
  entities: [User],
  migrations: [Add1700000000000],
  synchronize: true,
})
await source.initialize()
assert.equal((await source.runMigrations()).length, 1)
const users = source.getRepository(User)
const saved = await users.save({ name: 'a', tags: ['x', 'y'], data: { z: [1] } })
const found = await users.findOneBy({ id: saved.id })
assert.deepEqual([found.tags, found.data], [['x', 'y'], { z: [1] }])
assert.ok(found.at instanceof Date)
await assert.rejects(users.save({ name: 'a' }), { name: 'QueryFailedError', code: '23505' })
await assert.rejects(
  source.transaction(async (manager) => {
    await manager.delete(User, { id: saved.id })
    throw new Error('undo')
  }),
  /undo/,
)
assert.equal(await users.count(), 1)
const stream = await users.createQueryBuilder('user').stream()
const rows = await stream.toArray()
assert.equal(rows.length, 1)
await source.undoLastMigration()
await source.destroy()
console.log('synchronised, migrated, saved, refused a duplicate, rolled back, streamed')
