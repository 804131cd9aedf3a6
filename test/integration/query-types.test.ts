import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
import { testServer } from '../support/server.js'

let conn: Connection

beforeAll(async () => {
  conn = await connect((await testServer()).dsn())
  await conn.execute('create temp table big (n int8)')
})

afterAll(() => conn.close())

const types = { int8: 'bigint' } as const
const QUERY = 'select 9007199254740993 as n'
const ROWS = [{ n: 9007199254740993n }]

async function all(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = []
  for await (const row of rows) list.push(row)
  return list
}

/** Every method that gives rows and takes the option `types`. */
const methods: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['fetch', () => conn.fetch(QUERY, [], { types })],
  ['fetchrow', async () => [await conn.fetchrow(QUERY, [], { types })]],
  ['fetchval', async () => [{ n: await conn.fetchval(QUERY, [], { types }) }]],
  ['fetchcol', async () => (await conn.fetchcol(QUERY, [], { types })).map((n) => ({ n }))],
  ['query', async () => (await conn.query(QUERY, [], { types })).rows],
  ['prepare', async () => (await conn.prepare(QUERY)).fetch([], { types })],
  ['batch', async () => (await conn.batch([QUERY], { types }))[0]?.rows],
  ['stream', () => all(conn.stream(QUERY, [], { types }))],
  ['cursor', () => conn.transaction((tx) => all(tx.cursor(QUERY, [], { types })))],
  [
    'fetchmany',
    () =>
      conn.fetchmany('insert into big values ($1) returning n', [[9007199254740993n]], { types }),
  ],
  ['copyRecordsFrom', () => all(conn.copyRecordsFrom(QUERY, { types }))],
]

test.each(methods)('%s reads values as its option types says', async (_name, rows) => {
  expect(await rows()).toEqual(ROWS)
})
