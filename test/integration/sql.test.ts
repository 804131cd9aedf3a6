import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connection, connect, type Sql, sql } from '../../src/index.js'
import { testServer } from '../support/server.js'

let conn: Connection

beforeAll(async () => {
  conn = await connect((await testServer()).dsn())
  await conn.execute('create temp table "odd ""name" (id int, "the.column" text, data jsonb)')
})

afterAll(() => conn.close())

test('every query method takes a template', async () => {
  const query = (id: number) => sql`select ${id}::int4 as id`
  expect(await conn.fetch(query(1))).toEqual([{ id: 1 }])
  expect(await conn.fetchrow(query(2))).toEqual({ id: 2 })
  expect(await conn.fetchval(query(3))).toBe(3)
  expect((await conn.query(query(4), [], { rowMode: 'array' })).rows).toEqual([[4]])
  expect(await conn.execute(query(5))).toMatchObject({ command: 'SELECT', rowCount: 1 })
  expect(await conn.execute(sql`select 1; select 2`)).toMatchObject({ rowCount: 1 })
  expect(() => conn.fetch(query(1), [2])).toThrow('takes no others')
})

test('names, lists, arrays and JSON reach the server as they are meant', async () => {
  const table = sql.identifier('odd "name')
  const column = sql.identifier('the.column')
  const rows: [number, string, Sql][] = [
    [1, "'; drop table x; --", sql.json({ a: "it's" })],
    [2, '"', sql.json(null)],
    [3, '$1', sql`null`],
  ]
  const values = sql.join(rows.map((row) => sql`(${sql.join(row)})`))
  await conn.execute(sql`insert into ${table} (id, ${column}, data) values ${values}`)
  const found = await conn.fetch(
    sql`select id, ${column}, data, data is null as missing from ${table}
        where id in (${sql.join([1, 2, 3])}) and id = any(${sql.array([1, 2, 3], 'int4')})
        order by id`,
  )
  expect(found).toEqual([
    { id: 1, 'the.column': "'; drop table x; --", data: { a: "it's" }, missing: false },
    { id: 2, 'the.column': '"', data: null, missing: false },
    { id: 3, 'the.column': '$1', data: null, missing: true },
  ])
})

test('a template that is used again uses its prepared statement again', async () => {
  const count = sql`select count(*)::int from pg_prepared_statements where strpos(statement, ${'by_id'}) > 0`
  for (const id of [1, 2, 3]) await conn.fetchval(sql`select ${id}::int4 as by_id`)
  // The statement itself and the one that counts, whose value alone has the name.
  expect(await conn.fetchval(count)).toBe(1)
})
