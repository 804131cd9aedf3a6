import assert from 'node:assert/strict'
import { DataTypes, Sequelize } from 'sequelize'

const db = new Sequelize(process.env.DSN, { logging: false })
await db.authenticate()
const User = db.define('User', {
  name: { type: DataTypes.STRING, unique: true },
  tags: DataTypes.ARRAY(DataTypes.STRING),
  data: DataTypes.JSONB,
  role: DataTypes.ENUM('one', 'two'),
  span: DataTypes.RANGE(DataTypes.INTEGER),
})
await db.sync({ force: true })
const user = await User.create({
  name: 'a',
  tags: ['x'],
  data: { b: 1 },
  role: 'two',
  span: [1, 5],
})
await user.reload()
assert.deepEqual([user.tags, user.data, user.role], [['x'], { b: 1 }, 'two'])
await assert.rejects(User.create({ name: 'a' }), { name: 'SequelizeUniqueConstraintError' })
await assert.rejects(
  db.transaction(async (transaction) => {
    await User.destroy({ where: {}, transaction })
    throw new Error('undo')
  }),
  /undo/,
)
assert.equal(await User.count(), 1)
await User.bulkCreate(Array.from({ length: 50 }, (_, i) => ({ name: `n${i}` })))
assert.equal(await User.count(), 51)
await db.close()
const absent = new Sequelize('postgres://u:p@127.0.0.1:1/d', { logging: false })
await assert.rejects(absent.authenticate(), { name: 'SequelizeConnectionRefusedError' })
console.log('synchronised, created, refused a duplicate, rolled back, mapped ECONNREFUSED')
