import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
import { useDatabase } from '../support/databases.js'

/*
 * Rows of a type that another connection has changed since it was looked up, or of a record, which tells of
 * its types by itself: whatever reads them reads them by what the types are now.
 */

const { dsn } = useDatabase('')

let conn: Connection
let outside: Connection

beforeEach(async () => {
  conn = await connect(dsn())
  outside = await connect(dsn())
  await outside.execute(`
    drop schema if exists shop cascade;
    create schema shop;
    create type shop.mood as enum ('sad', 'fine');
    create type shop.pair as (a int4, b shop.mood);
    create table shop.things (id int4, pair shop.pair);
    insert into shop.things values (1, row(1, 'sad')), (2, row(2, 'fine'));
  `)
})

afterEach(() => Promise.all([conn.close(), outside.close()]))

const PAIRS = 'select pair from shop.things order by id'
const FORMER = [{ pair: { a: 1, b: 'sad' } }, { pair: { a: 2, b: 'fine' } }]
const LATER = FORMER.map(({ pair }) => ({ pair: { ...pair, c: null } }))
const change = () => outside.execute('alter type shop.pair add attribute c text')
const UPDATE = 'update shop.things set id = id where id = $1 returning pair'

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all = []
  for await (const row of rows) all.push(row)
  return all
}

test.each<readonly [string, (conn: Connection) => Promise<unknown>]>([
  ['stream', (conn) => collect(conn.stream(PAIRS))],
  ['stream in a transaction', (conn) => conn.transaction((tx) => collect(tx.stream(PAIRS)))],
  ['cursor', (conn) => conn.transaction((tx) => collect(tx.cursor(PAIRS, [], { prefetch: 1 })))],
  ['fetchmany', (conn) => conn.fetchmany(UPDATE, [[1], [2]])],
  ['batch', async (conn) => (await conn.batch(['select 1', PAIRS, PAIRS]))[2]?.rows],
  [
    'a prepared statement',
    async (conn) => {
      await using statement = await conn.prepare(PAIRS)
      await statement.fetch()
      await conn.fetchval('select 1')
      return collect(statement.stream())
    },
  ],
])('%s: they are read by the new type', async (_, read) => {
  expect(await read(conn)).toEqual(FORMER)
  await change()
  expect(await read(conn)).toEqual(LATER)
  expect(await read(conn)).toEqual(LATER)
})

test('a record of a type that comes with a later step of a cursor', async () => {
  await conn.transaction(async (tx) => {
    const cursor = tx.cursor(
      'select case n when 2 then row(n, row(pair, 1)) else row(n, 0) end as r from generate_series(1, 3) n, shop.things where id = 1',
    )
    expect(await cursor.fetchrow()).toEqual({ r: [1, 0] })
    expect(await cursor.fetch(2)).toEqual([{ r: [2, [{ a: 1, b: 'sad' }, 1]] }, { r: [3, 0] }])
  })
})

test('records tell of their types as they come, whatever reads them', async () => {
  const query =
    'select row(n, row(pair)) as r from generate_series(1, 2) n, shop.things where id = 1'
  const expected = [1, 2].map((n) => ({ r: [n, [{ a: 1, b: 'sad' }]] }))
  const reads: ((conn: Connection) => Promise<unknown>)[] = [
    (conn) => collect(conn.stream(query)),
    (conn) => conn.transaction((tx) => collect(tx.cursor(query))),
    async (conn) => (await conn.batch([query]))[0]?.rows,
    (conn) => conn.fetchmany(query, [[]]),
  ]
  for (const read of reads) {
    await using fresh = await connect(dsn())
    expect(await read(fresh)).toEqual(expected)
  }
})

test('a stream gives the rows before the change, and fails where too many come behind it', async () => {
  const query = "select pair, repeat('x', 1000) as x from shop.things, generate_series(1, 5000)"
  expect(await collect(conn.stream(query))).toHaveLength(10_000)
  await change()
  const error = await collect(conn.stream(query)).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    name: 'DecodeError',
    message: expect.stringContaining('types have changed'),
  })
  expect(await collect(conn.stream(query))).toHaveLength(10_000)
})

test('copyRecordsFrom fails, as its data is gone, and gives them the next time', async () => {
  expect(await collect(conn.copyRecordsFrom(PAIRS))).toEqual(FORMER)
  await change()
  await expect(collect(conn.copyRecordsFrom(PAIRS))).rejects.toMatchObject({
    code: 'ERR_SLUICE_STALE_TYPE',
  })
  expect(await collect(conn.copyRecordsFrom(PAIRS))).toEqual(LATER)
})

test('many of them at once are no burden', async () => {
  const query = 'select pair from shop.things, generate_series(1, 100000)'
  await conn.fetch(`${query} limit 1`)
  await change()
  expect(await conn.fetch(query)).toHaveLength(200_000)
})
