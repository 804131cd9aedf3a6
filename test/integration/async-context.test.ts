import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connection, connect, createPool, type Pool } from '../../src/index.js'
import { testServer } from '../support/server.js'
import { until } from '../support/until.js'

const storage = new AsyncLocalStorage<string>()
let dsn: string
let pool: Pool

beforeAll(async () => {
  dsn = (await testServer()).dsn()
  // Of one connection, so that each caller is served by what another releases.
  pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
  await pool.execute('drop table if exists context_rows; create table context_rows (id int)')
})

afterAll(async () => {
  await pool.execute('drop table context_rows')
  await pool.close()
})

/** Runs the user's code that it is given wherever an operation calls it. */
type Operation = (pool: Pool, note: () => void) => Promise<unknown>

const ROWS = 'select generate_series(1, 3000) as n'

async function* source<T>(item: T, note: () => void): AsyncGenerator<T> {
  for (let i = 0; i < 3; i++) {
    note()
    await new Promise(setImmediate)
    note()
    yield item
  }
}

async function read(rows: AsyncIterable<unknown>, note: () => void): Promise<void> {
  for await (const _ of rows) note()
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'a source of copyFrom': (p, note) => p.copyFrom('context_rows', source('1\n', note)),
  'a source of copyRecordsTo': (p, note) => p.copyRecordsTo('context_rows', source([1], note)),
  'a source of executemany': (p, note) =>
    p.executemany('insert into context_rows values ($1)', source([1], note)),
  'a source of fetchmany': (p, note) =>
    p.fetchmany('insert into context_rows values ($1) returning id', source([1], note)),
  'a source of insertMany': (p, note) =>
    p.insertMany('context_rows', source([1], note), { returning: '*' }),
  'a sink of copyTo': (p, note) => p.copyTo({ query: ROWS }, note),
  'a loop over copyTo': (p, note) => read(p.copyTo({ query: ROWS }), note),
  'a loop over copyRecordsFrom': (p, note) => read(p.copyRecordsFrom(ROWS), note),
  'a loop over a stream': (p, note) => read(p.stream(ROWS), note),
  'a loop over a cursor': (p, note) => read(p.cursor(ROWS), note),
}

test.each(Object.entries(OPERATIONS))('%s runs in the context of its caller', async (_, run) => {
  const work = (name: string) =>
    storage.run(name, async () => {
      const seen = new Set<string | undefined>()
      await run(pool, () => seen.add(storage.getStore()))
      return [...seen]
    })
  expect(await Promise.all(['a', 'b', 'c'].map(work))).toEqual([['a'], ['b'], ['c']])
})

/** Adds a listener in the context `here`, and has the event happen in another. */
async function contextsOf(
  add: (conn: Connection, note: () => void) => void,
  cause: (conn: Connection) => Promise<unknown>,
): Promise<unknown[]> {
  const seen: unknown[] = []
  await using conn = await storage.run('connecting', () => connect(dsn))
  storage.run('here', () => add(conn, () => seen.push(storage.getStore())))
  await storage.run('there', () => cause(conn))
  await until(() => seen.length > 0)
  return seen
}

const NOTICE = "do $$ begin raise notice 'x'; end $$"

test('listeners run in the context of who adds them', async () => {
  const onNotice = (conn: Connection, note: () => void) => conn.on('notice', note)
  expect(await contextsOf(onNotice, (conn) => conn.execute(NOTICE))).toEqual(['here'])
  const onNotification = (conn: Connection, note: () => void) => conn.once('notification', note)
  const notify = (conn: Connection) => conn.execute('listen x; notify x; notify x')
  expect(await contextsOf(onNotification, notify)).toEqual(['here'])
})

test('listeners are taken away by off, whether added by on or once', async () => {
  let count = 0
  const listener = () => {
    count += 1
  }
  await using conn = await connect(dsn)
  conn.on('notice', listener).once('notice', listener)
  conn.off('notice', listener).off('notice', listener)
  await conn.execute(NOTICE)
  conn.once('notice', listener)
  await conn.execute(`${NOTICE}; ${NOTICE}`)
  await new Promise(setImmediate)
  expect(count).toBe(1)
})
