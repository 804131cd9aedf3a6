import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connection, connect, InterfaceError } from '../../src/index.js'
import { testServer } from '../support/server.js'

let conn: Connection

beforeAll(async () => {
  conn = await connect((await testServer()).adminDsn, { replication: 'database' })
})

afterAll(() => conn.close())

test('replication commands give rows of text', async () => {
  const { rows, columns, command } = await conn.query('IDENTIFY_SYSTEM')
  expect(rows).toEqual([
    {
      systemid: expect.stringMatching(/^\d+$/),
      timeline: expect.stringMatching(/^\d+$/),
      xlogpos: expect.stringMatching(/^[\dA-F]+\/[\dA-F]+$/),
      dbname: expect.any(String),
    },
  ])
  expect(columns.map(({ name }) => name)).toEqual(['systemid', 'timeline', 'xlogpos', 'dbname'])
  expect(command).toBe('IDENTIFY_SYSTEM')
})

test('SQL runs there too, of a logical one; arrays; NULL', async () => {
  const { rows, rowCount } = await conn.query('select 1 as a, null as b', [], { rowMode: 'array' })
  expect(rows).toEqual([['1', null]])
  expect(rowCount).toBe(1)
  expect(await conn.execute('select 1')).toMatchObject({ tag: 'SELECT 1' })
})

test('what is refused leaves the connection in step', async () => {
  await expect(conn.query('select $1', [1])).rejects.toThrow(InterfaceError)
  const refused: readonly ((c: Connection) => Promise<unknown>)[] = [
    (c) => c.fetch('select 1'),
    (c) => c.fetchval('select 1'),
    (c) => c.execute('select $1::int', [1]),
    (c) => c.batch(['select 1']),
    (c) => c.executemany('select $1::int', [[1]]),
    (c) => c.prepare('select 1'),
    (c) => c.stream('select 1').getReader().read(),
    (c) => c.cursor('select 1').fetch(1),
    (c) => c.copyFrom('nowhere', ['1']),
    (c) => c.copyTo({ query: 'select 1' }, () => {}),
    (c) => c.copyRecordsTo('nowhere', [[1]]),
  ]
  for (const call of refused) {
    await expect(call(conn)).rejects.toThrow(InterfaceError)
    await expect(call(conn)).rejects.toThrow(/replication connection takes commands only/)
  }
  await expect(conn.query('NONSENSE')).rejects.toMatchObject({ condition: 'syntax_error' })
  expect((await conn.query('select 2 as a')).rows).toEqual([{ a: '2' }])
})
