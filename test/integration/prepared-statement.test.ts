import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connection, connect, createPool, InterfaceError, sql } from '../../src/index.js'
import { testServer } from '../support/server.js'

let dsn: string
let conn: Connection

beforeAll(async () => {
  dsn = (await testServer()).dsn()
  conn = await connect(dsn)
  await conn.execute('create temp table items (id int, name text)')
})

afterAll(() => conn.close())

async function namesOf(connection: Connection): Promise<unknown[]> {
  const rows = await connection.fetch('select name from pg_prepared_statements')
  return rows.map(({ name }) => name)
}

test('gives what the queries of a connection give', async () => {
  await using statement = await conn.prepare<{ n: number; s: string }>(
    'select n, $2 || n as s from generate_series(1, $1::int) n',
  )
  expect(await statement.fetch([2, 'a'])).toEqual([
    { n: 1, s: 'a1' },
    { n: 2, s: 'a2' },
  ])
  expect(await statement.fetchrow([2, 'a'], { rowMode: 'array' })).toEqual([1, 'a1'])
  expect(await statement.fetchval([1, 'b'], { column: 1 })).toBe('b1')
  expect(await statement.execute([3, 'c'])).toMatchObject({ command: 'SELECT', rowCount: 3 })
  expect(await statement.query([1, 'd'])).toMatchObject({ rows: [{ n: 1 }], rowCount: 1 })
})

test('tells its parameters and columns', async () => {
  await using statement = await conn.prepare('select $1::int4[] as a, $2::text as b')
  expect(statement.parameters).toEqual([
    { typeOid: 1007, typeName: '_int4' },
    { typeOid: 25, typeName: 'text' },
  ])
  expect(statement.columns).toMatchObject([
    { name: 'a', typeName: '_int4' },
    { name: 'b', typeName: 'text' },
  ])
  await using silent = await conn.prepare('delete from items')
  expect(silent.columns).toEqual([])
})

test('has the name that it was given, or one of its own, or none', async () => {
  await using given = await conn.prepare('select 1', { name: 'mine' })
  await using own = await conn.prepare('select 2')
  await using unnamed = await conn.prepare('select 3', { name: '' })
  expect([given.name, unnamed.name]).toEqual(['mine', ''])
  const names = await namesOf(conn)
  expect(names).toContain('mine')
  expect(names).toContain(own.name)
  expect(await Promise.all([given, own, unnamed].map((each) => each.fetchval()))).toEqual([1, 2, 3])
})

test('a name that is taken is refused, and the first statement stays', async () => {
  await using first = await conn.prepare('select 1', { name: 'taken' })
  await expect(conn.prepare('select 2', { name: 'taken' })).rejects.toMatchObject({ code: '42P05' })
  expect(await first.fetchval()).toBe(1)
  expect(await conn.fetchval('select 3')).toBe(3)
})

test('an error of its text is found when it is prepared', async () => {
  await expect(conn.prepare('selct 1')).rejects.toMatchObject({ code: '42601' })
  await expect(conn.prepare('select 1; select 2')).rejects.toMatchObject({ code: '42601' })
  await expect(conn.prepare('select \0')).rejects.toBeInstanceOf(InterfaceError)
  await expect(conn.prepare(sql`select ${1}`)).rejects.toThrow(TypeError)
  expect(await conn.fetchval('select 4')).toBe(4)
})

test('closed, it is gone behind the queries that were made of it', async () => {
  const statement = await conn.prepare('select 5', { name: 'short' })
  const last = statement.fetchval()
  const closed = statement.close()
  expect(await last).toBe(5)
  await Promise.all([closed, statement.close()])
  expect(() => statement.fetchval()).toThrow(InterfaceError)
  expect(await namesOf(conn)).not.toContain('short')
})

test('lives on after DISCARD ALL and a change of what it reads', async () => {
  await using statement = await conn.prepare('select * from items', { name: 'reader' })
  expect(await statement.fetch()).toEqual([])
  await conn.execute('deallocate all')
  expect(await statement.fetch()).toEqual([])
  await conn.execute('alter table items add column more int')
  await conn.execute("insert into items values (1, 'a', 2)")
  expect(await statement.fetch()).toEqual([{ id: 1, name: 'a', more: 2 }])
  expect(statement.name).toBe('reader')
  await conn.execute('delete from items')
})

test('a wrong number of parameters is an error, and the next query works', async () => {
  await using statement = await conn.prepare('select $1::int')
  await expect(statement.fetch([])).rejects.toBeInstanceOf(InterfaceError)
  await expect(statement.fetch([1, 2])).rejects.toBeInstanceOf(InterfaceError)
  expect(await statement.fetchval([1])).toBe(1)
})

test('explain tells the plan, and with analyze what it cost, leaving nothing behind', async () => {
  await using statement = await conn.prepare("insert into items values ($1, 'x')")
  expect(await statement.explain([1])).toMatchObject([{ Plan: { 'Node Type': 'ModifyTable' } }])
  const [analysed] = (await statement.explain([1], { analyze: true })) as Record<string, unknown>[]
  expect(analysed).toHaveProperty('Execution Time')
  expect(await conn.fetchval('select count(*) from items')).toBe(0)
})

test('in a transaction it is prepared and used there', async () => {
  await conn.transaction(async (tx) => {
    const statement = await tx.prepare('select $1::int + 1')
    expect(await statement.fetchval([1])).toBe(2)
    await statement.close()
  })
})

test('of a pool it dies with the release of its connection', async () => {
  await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
  const lent = await pool.acquire()
  const statement = await lent.prepare('select 1')
  expect(await statement.fetchval()).toBe(1)
  lent.release()
  await expect(statement.fetchval()).rejects.toBeInstanceOf(InterfaceError)
})

test('is nothing for a connection that is closed, nor for the simple protocol', async () => {
  const closing = await connect(dsn)
  const statement = await closing.prepare('select 1')
  await closing.close()
  await expect(statement.fetchval()).rejects.toMatchObject({ name: 'ConnectionClosedError' })
  await expect(closing.prepare('select 1')).rejects.toMatchObject({ name: 'ConnectionClosedError' })
  await using simple = await connect(dsn, { statementMode: 'simple' })
  await expect(simple.prepare('select 1')).rejects.toBeInstanceOf(InterfaceError)
})
