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
  await expect(conn.fetch('select 1')).rejects.toThrow(/extended query protocol/)
  await expect(conn.query('NONSENSE')).rejects.toMatchObject({ condition: 'syntax_error' })
  expect((await conn.query('select 2 as a')).rows).toEqual([{ a: '2' }])
})
