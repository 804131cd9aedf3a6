import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type Connection,
  ConnectionClosedError,
  connect,
  createPool,
  InterfaceError,
  PostgresError,
} from '../../src/index.js'
import { testServer } from '../support/server.js'

let dsn: string
let conn: Connection

beforeAll(async () => {
  dsn = (await testServer()).dsn()
  conn = await connect(dsn)
})

afterAll(() => conn.close())

afterEach(async () => {
  expect(conn.isClosed).toBe(false)
  expect(conn.transactionStatus).toBe('idle')
  expect(await conn.fetchval('select $1::int', [7])).toBe(7)
})

type Call = (conn: Connection) => Promise<unknown>

async function drain(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all = []
  for await (const row of rows) all.push(row)
  return all
}

/** Runs calls one by one; gives their errors. */
async function errorsOf(calls: readonly Call[]): Promise<unknown[]> {
  const errors: unknown[] = []
  for (const call of calls) errors.push(await call(conn).catch((error: unknown) => error))
  return errors
}

async function expectAll(calls: readonly Call[], check: (error: unknown) => void): Promise<void> {
  for (const error of await errorsOf(calls)) check(error)
}

test.each([
  ['too few', []],
  ['too many', [1, 2]],
])('%s parameters: InterfaceError', async (_, params) => {
  const query = 'select $1::int as n'
  const calls: Call[] = [
    (c) => c.fetch(query, params),
    (c) => c.fetchrow(query, params),
    (c) => c.fetchval(query, params),
    (c) => c.fetchcol(query, params),
    (c) => c.fetchColumns(query, params),
    (c) => c.query(query, params),
    (c) => c.execute(`${query}, 2`, params),
    (c) => c.batch([[query, params]]),
    (c) => c.executemany(query, [params]),
    (c) => drain(c.stream(query, params)),
    (c) => c.prepare(query).then((statement) => statement.fetch(params)),
  ]
  await expectAll(calls, (error) => {
    expect(error).toBeInstanceOf(InterfaceError)
    expect(error).toMatchObject({ message: expect.stringMatching(/parameter/) })
  })
  const failed = conn.transaction((tx) => tx.cursor(query, params).fetch(1))
  await expect(failed).rejects.toThrow(InterfaceError)
})

test.each(['', '  ', '-- nothing', ';'])('the empty query %j gives nothing', async (query) => {
  expect(await conn.fetch(query)).toEqual([])
  expect(await conn.fetchrow(query)).toBeNull()
  expect(await conn.execute(query)).toMatchObject({ tag: '' })
  expect((await conn.query(query)).rows).toEqual([])
  expect((await conn.batch([query]))[0]?.rows).toEqual([])
  await drain(conn.stream(query))
})

test('a query with NUL is refused before anything is sent', async () => {
  const query = "select 'a\0b'"
  const calls: Call[] = [
    (c) => c.fetch(query),
    (c) => c.execute(query),
    (c) => c.batch([query]),
    (c) => c.executemany(query, [[]]),
    (c) => c.prepare(query),
    (c) => drain(c.stream(query)),
    (c) => c.copyTo({ query }, () => {}),
    (c) => drain(c.copyRecordsFrom(query)),
  ]
  await expectAll(calls, (error) => {
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_SLUICE_/), safeToRetry: true })
    expect(error).toMatchObject({ message: expect.stringMatching(/NUL|zero byte/i) })
  })
})

test('a parameter over the size cap of a message is refused before anything is sent', async () => {
  const half = Buffer.alloc(600_000_000)
  const big = conn.fetchval('select length($1::bytea) + length($2::bytea)', [half, half])
  await expect(big).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SLUICE_/) })
})

test('fetchval and fetchcol of a column that is not there: InterfaceError', async () => {
  const calls: Call[] = [
    (c) => c.fetchval('select 1', [], { column: 1 }),
    (c) => c.fetchval('select', [], { column: 0 }),
    (c) => c.fetchcol('select 1', [], { column: 1 }),
    (c) => c.prepare('select 1').then((statement) => statement.fetchval([], { column: 1 })),
  ]
  await expectAll(calls, (error) => {
    expect(error).toBeInstanceOf(InterfaceError)
    expect(error).toMatchObject({ message: expect.stringMatching(/column/) })
  })
})

test('two cursors at once each give their own rows; outside a transaction neither does', async () => {
  const rows = await conn.transaction(async (tx) => {
    const a = tx.cursor('select generate_series(1, 4) as n', [], { rowMode: 'array' })
    const b = tx.cursor('select generate_series(11, 14) as n', [], { rowMode: 'array' })
    return [...(await Promise.all([a.fetch(2), b.fetch(2)])), await a.fetch(9), await b.fetch(9)]
  })
  expect(rows).toEqual([
    [[1], [2]],
    [[11], [12]],
    [[3], [4]],
    [[13], [14]],
  ])
  const both = [conn.cursor('select 1').fetch(1), conn.cursor('select 2').fetch(1)]
  for (const each of both) await expect(each).rejects.toThrow(InterfaceError)
})

test('two streams at once: the second waits for the first', async () => {
  const first = conn.stream('select generate_series(1, 3) as n')
  const second = conn.stream('select generate_series(4, 5) as n')
  expect(await Promise.all([first, second].map(drain))).toEqual([
    [{ n: 1 }, { n: 2 }, { n: 3 }],
    [{ n: 4 }, { n: 5 }],
  ])
})

test('COPY of what cannot be copied is an error of the server', async () => {
  const calls: Call[] = [
    (c) => c.copyTo({ query: 'listen x' }, () => {}),
    (c) => drain(c.copyTo({ query: 'create temp table no_copy ()' })),
    (c) => c.copyFrom('nowhere', ['1\n']),
    (c) => c.copyRecordsTo('nowhere', [[1]]),
    (c) => drain(c.copyRecordsFrom('select nothing')),
  ]
  await expectAll(calls, (error) => expect(error).toBeInstanceOf(PostgresError))
})

test('COPY by the methods for queries is refused', async () => {
  const query = 'copy (select 1) to stdout'
  const calls: Call[] = [
    (c) => c.fetch(query),
    (c) => c.execute(query),
    (c) => c.batch([query]),
    (c) => drain(c.stream(query)),
  ]
  await expectAll(calls, (error) => expect(error).toBeInstanceOf(InterfaceError))
})

describe('closing', () => {
  /** Every call that needs the server. */
  const calls: readonly Call[] = [
    (c) => c.fetch('select 1'),
    (c) => c.fetchrow('select 1'),
    (c) => c.fetchval('select 1'),
    (c) => c.fetchcol('select 1'),
    (c) => c.fetchColumns('select 1'),
    (c) => c.query('select 1'),
    (c) => c.execute('select 1'),
    (c) => c.batch(['select 1']),
    (c) => c.executemany('select $1::int', [[1]]),
    (c) => c.fetchmany('select $1::int', [[1]]),
    (c) => c.insertMany('nowhere', [[1]]),
    (c) => c.cursor('select 1').fetch(1),
    (c) => drain(c.stream('select 1')),
    (c) => c.prepare('select 1'),
    (c) => c.transaction(() => {}),
    (c) => c.begin(),
    (c) => c.copyTo({ query: 'select 1' }, () => {}),
    (c) => drain(c.copyTo({ query: 'select 1' })),
    (c) => c.copyFrom('nowhere', ['1']),
    (c) => c.copyRecordsTo('nowhere', [[1]]),
    (c) => drain(c.copyRecordsFrom('select 1')),
    (c) => c.listen('x', () => {}),
    (c) => c.notify('x'),
  ]

  test('after it every call is refused, safe to retry', async () => {
    const closed = await connect(dsn)
    await closed.close()
    for (const call of calls) {
      const error = await call(closed).catch((each: unknown) => each)
      expect(error).toBeInstanceOf(ConnectionClosedError)
      expect(error).toMatchObject({ safeToRetry: true })
    }
    await closed.cancel()
    await closed.close()
    closed.terminate()
  })

  test('a connection that was released to its pool refuses every call', async () => {
    await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
    const released = await pool.acquire()
    released.release()
    for (const call of calls) {
      const refused = (async () => call(released))()
      await expect(refused).rejects.toThrow(InterfaceError)
    }
    expect(await pool.fetchval('select 1')).toBe(1)
  })

  test('during a query waits for it', async () => {
    const closing = await connect(dsn)
    const query = closing.fetchval('select 1 from pg_sleep(0.05)')
    const closed = closing.close()
    await expect(closing.fetchval('select 2')).rejects.toThrow(ConnectionClosedError)
    expect(await query).toBe(1)
    await closed
  })
})
