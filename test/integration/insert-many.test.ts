import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type Connection,
  connect,
  createPool,
  EncodeError,
  PostgresError,
  type RecordValues,
} from '../../src/index.js'
import { testServer } from '../support/server.js'

/*
 * Without `returning` and `onConflict`: by one statement for rows that are there at once, else by COPY.
 */

let conn: Connection

beforeAll(async () => {
  conn = await connect((await testServer()).dsn())
})

beforeEach(async () => {
  await conn.execute(`
    drop schema if exists rows_at_once cascade; create schema rows_at_once;
    set search_path to rows_at_once;
    create type mood as enum ('sad', 'ok');
    create domain positive as int check (value > 0);
    create table things (id int generated always as identity primary key, name text, tags text[],
      doc jsonb, mood mood, size positive, made timestamptz, born date, price numeric(8, 2),
      double int generated always as (size * 2) stored)`)
})

afterAll(() => conn.close())

const THING = {
  name: 'ä "b" \\ {c}, (d)',
  tags: ['x', 'a,b', null],
  doc: [1, { a: null }],
  mood: 'ok',
  size: 3,
  made: new Date('2024-05-06T07:08:09.123Z'),
  born: '2024-05-06',
  price: '12.50',
}
const COLUMNS = Object.keys(THING)
const SELECT = `select ${COLUMNS.join(', ')}, double from things order by id`

async function* later<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows
}

test('columns of any type come back as they went, by name or by position, at once or one by one', async () => {
  const nothing = Object.fromEntries(COLUMNS.map((column) => [column, null]))
  const whole = [
    { ...THING, double: 6 },
    { ...nothing, double: null },
  ]
  const objects: readonly RecordValues[] = [THING, nothing]
  for (const rows of [objects, objects.map((row): RecordValues => Object.values(row))]) {
    for (const source of [rows, new Set(rows), later(rows)]) {
      await conn.execute('truncate things')
      const inserted = await conn.insertMany('things', source, { columns: COLUMNS })
      expect(inserted).toEqual({ rows: [], rowCount: 2 })
      expect(await conn.fetch(SELECT)).toEqual(whole)
    }
  }
})

test('an identity takes what it is given, and all columns may be left to the table', async () => {
  await conn.insertMany('things', [{ id: 77, name: 'a' }])
  expect(await conn.fetchval('select id from things')).toBe(77)
  await conn.execute('create table pairs (a int, b text)')
  await conn.insertMany('pairs', [
    [1, 'x'],
    [2, null],
  ])
  expect(await conn.fetch('select * from pairs', [], { rowMode: 'array' })).toEqual([
    [1, 'x'],
    [2, null],
  ])
})

test('a string that only the server reads is read by it', async () => {
  const rows = [
    { born: 'epoch', size: 1, name: 'a,"b"\\' },
    { born: new Date(0), size: 2, name: null },
  ]
  await conn.insertMany('things', rows)
  expect(await conn.fetch('select born, size, name from things order by size')).toEqual([
    { born: '1970-01-01', size: 1, name: 'a,"b"\\' },
    { born: '1970-01-01', size: 2, name: null },
  ])
})

test.each([
  ['binary', new Date(0)],
  ['text', 'epoch'],
])('a row that does not fit is named, in %s', async (_, born) => {
  const good = { size: 1, born }
  const bad: readonly [unknown, object][] = [
    [
      { size: 'x', born },
      { row: 1, column: 'size', type: 'positive' },
    ],
    [
      { size: undefined, born },
      { row: 1, column: 'size' },
    ],
    [{ born }, { row: 1, column: 'size' }],
    [[1], { row: 1 }],
    [7, { row: 1 }],
  ]
  for (const [row, where] of bad) {
    const failed = conn.insertMany('things', [good, row as never])
    await expect(failed).rejects.toMatchObject({ constructor: EncodeError, ...where })
  }
  expect(await conn.fetchval('select count(*)::int from things')).toBe(0)
})

test('a column that is left out may be of a domain without NULL', async () => {
  await conn.execute(`create domain age as int not null;
    create table people (id int generated always as identity, age age default 30, born date)`)
  for (const born of [new Date(0), 'epoch']) {
    const rows = [
      { id: 1, born },
      { id: 2, born: null },
    ]
    for (const source of [rows, new Set(rows)]) {
      await conn.execute('truncate people')
      expect(await conn.insertMany('people', source)).toEqual({ rows: [], rowCount: 2 })
      expect(await conn.fetch('select * from people order by id')).toEqual([
        { id: 1, age: 30, born: '1970-01-01' },
        { id: 2, age: 30, born: null },
      ])
    }
  }
  await expect(conn.insertMany('people', [{ id: 3 }, { id: 'x' }])).rejects.toMatchObject({
    constructor: EncodeError,
    row: 1,
  })
})

test('what the server refuses is undone as a whole', async () => {
  for (const rows of [
    [{ size: 1 }, { size: -1 }],
    [{ mood: 'ok' }, { mood: 'glad' }],
    [{ nowhere: 1 }],
    [{ double: 1 }],
  ]) {
    await expect(conn.insertMany('things', rows)).rejects.toThrow(PostgresError)
  }
  await expect(conn.insertMany('nowhere', [[1]])).rejects.toMatchObject({ code: '42P01' })
  expect(await conn.fetchval('select count(*)::int from things')).toBe(0)
})

test('tables with any name, also that of a type', async () => {
  for (const name of ['date', 'a "b" \\', 'T']) {
    await conn.execute(`create table "${name.replaceAll('"', '""')}" ("x y" int)`)
    for (const options of [{}, { schemaName: 'rows_at_once' }]) {
      expect(await conn.insertMany(name, [{ 'x y': 1 }], options)).toMatchObject({ rowCount: 1 })
    }
  }
})

test('more rows than go at once', async () => {
  await conn.execute('create table pairs (a int, b text)')
  for (const count of [2000, 2001, 5000]) {
    await conn.execute('truncate pairs')
    const rows = Array.from({ length: count }, (_, i) => [i, `row ${i}`])
    expect(await conn.insertMany('pairs', rows.values())).toEqual({ rows: [], rowCount: count })
    const inOrder = `select array_agg(a order by ctid) = array(select generate_series(0, $1::int - 1)) from pairs`
    expect(await conn.fetchval(inOrder, [count])).toBe(true)
  }
})

test('a row behind many others is taken by no more calls than the first', async () => {
  await conn.execute('create table deep (a int)')
  const depths: number[] = []
  function* rows(): Generator<[number]> {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 500
    try {
      for (let i = 0; i < 2_500; i++) {
        if (i === 100 || i === 2_400) depths.push((new Error().stack ?? '').split('\n').length)
        yield [i]
      }
    } finally {
      Error.stackTraceLimit = limit
    }
  }
  expect(await conn.insertMany('deep', rows())).toEqual({ rows: [], rowCount: 2_500 })
  expect(depths[1]).toBeLessThan((depths[0] ?? 0) + 50)
})

test('what the iterable throws is passed on, and nothing inserted', async () => {
  const boom = new Error('boom')
  function* rows() {
    yield { size: 1 }
    throw boom
  }
  await expect(conn.insertMany('things', rows())).rejects.toBe(boom)
  expect(await conn.fetchval('select count(*)::int from things')).toBe(0)
})

test('calls keep their order, on pools and in transactions too', async () => {
  const count = 'select count(*)::int from things'
  const [before, , after] = await Promise.all([
    conn.fetchval(count),
    conn.insertMany('things', [{ size: 1 }]),
    conn.fetchval(count),
  ])
  expect([before, after]).toEqual([0, 1])
  await using pool = await createPool((await testServer()).dsn(), { maxSize: 1 })
  const options = { schemaName: 'rows_at_once' }
  await pool.insertMany('things', [{ size: 2 }], options)
  await pool.transaction((tx) => tx.insertMany('things', [{ size: 3 }], options))
  expect(await conn.fetchval(count)).toBe(3)
})

test('a table that was changed, here or by somebody else', async () => {
  await using other = await connect((await testServer()).dsn())
  for (const changer of [conn, other]) {
    await conn.insertMany('things', [{ size: 1 }])
    await changer.execute(
      'alter table rows_at_once.things add extra int, alter name type varchar(9)',
    )
    await conn.insertMany('things', [{ size: 1, extra: 5, name: 'b' }])
    await changer.execute('alter table rows_at_once.things drop extra, drop name, add name text')
    await conn.insertMany('things', [{ size: 1, name: 'c' }])
  }
  expect(await conn.fetchval('select count(*)::int from things')).toBe(6)
})

test("with statementMode 'simple' it is COPY", async () => {
  await using simple = await connect((await testServer()).dsn(), { statementMode: 'simple' })
  const options = { schemaName: 'rows_at_once' }
  expect(await simple.insertMany('things', [{ size: 1 }], options)).toMatchObject({ rowCount: 1 })
})
