import { Writable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Connection, connect, type LimitOptions, QueryTimeoutError } from '../../src/index.js'
import { testServer } from '../support/server.js'

let conn: Connection

beforeAll(async () => {
  conn = await connect((await testServer()).dsn())
  await conn.execute('create temp table aborted (id int, name text)')
})

afterAll(() => conn.close())

const ENDLESS = 'select generate_series(1, 2000000000) as n'
const SLEEP = 'select pg_sleep(600), $1::int'
const INSERT = 'insert into aborted values ($1, $2)'

/** A source that is stuck behind its first item, where `reached` is called. */
async function* stuckBehind<T>(item: T, reached: () => void): AsyncGenerator<T> {
  yield item
  reached()
  await new Promise(() => {})
}

/** A source that is stuck before its first item. */
async function* neverCome(reached: () => void): AsyncGenerator<never> {
  yield await stuck(reached)
}

/** Never settles; `reached` is called. */
function stuck(reached: () => void): Promise<never> {
  reached()
  return new Promise(() => {})
}

/** Reads rows, and calls `reached` behind the first. */
async function read(rows: AsyncIterable<unknown>, reached: () => void): Promise<void> {
  for await (const _ of rows) reached()
}

/** Waits until the server is at a query that sleeps, and calls `reached`. */
async function whenAsleep(reached: () => void): Promise<void> {
  await using other = await connect((await testServer()).dsn())
  const query = "select wait_event = 'PgSleep' from pg_stat_activity where pid = $1"
  await expect.poll(() => other.fetchval(query, [conn.serverPid]), { timeout: 20_000 }).toBe(true)
  reached()
}

/** Starts something that would never end; calls `reached` when it is in the middle. */
type Operation = (options: LimitOptions, reached: () => void) => Promise<unknown>

/** One that sleeps on the server. */
function asleep(start: (options: LimitOptions) => Promise<unknown>): Operation {
  return async (options, reached) => {
    const operation = start(options)
    const watching = options.signal === undefined ? undefined : whenAsleep(reached)
    try {
      return await operation
    } finally {
      await watching
    }
  }
}

function prepared(
  method: 'fetch' | 'fetchrow' | 'fetchval' | 'fetchcol' | 'fetchColumns' | 'execute' | 'query',
): Operation {
  return asleep(async (options) => {
    await using statement = await conn.prepare(SLEEP)
    return await statement[method]([1], options)
  })
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'copyTo a sink': (options, reached) => conn.copyTo({ query: ENDLESS }, reached, options),
  'copyTo a function that never ends': (options, reached) =>
    conn.copyTo({ query: ENDLESS }, () => stuck(reached), options),
  'copyTo a stream that takes nothing': (options, reached) =>
    conn.copyTo({ query: ENDLESS }, new Writable({ write: () => reached() }), options),
  'copyTo a web stream that takes nothing': (options, reached) =>
    conn.copyTo({ query: ENDLESS }, new WritableStream({ write: () => stuck(reached) }), options),
  'copyTo, iterated': (options, reached) =>
    read(conn.copyTo({ query: ENDLESS }, undefined, options), reached),
  copyFrom: (options, reached) => conn.copyFrom('aborted', stuckBehind('1\ta\n', reached), options),
  copyRecordsTo: (options, reached) =>
    conn.copyRecordsTo('aborted', stuckBehind([1, 'a'], reached), options),
  'copyRecordsTo, of rows that never come': (options, reached) =>
    conn.copyRecordsTo('aborted', neverCome(reached), options),
  'insertMany, of rows that never come': (options, reached) =>
    conn.insertMany('aborted', neverCome(reached), options),
  copyRecordsFrom: (options, reached) => read(conn.copyRecordsFrom(ENDLESS, options), reached),
  'insertMany by COPY': (options, reached) =>
    conn.insertMany('aborted', stuckBehind([1, 'a'], reached), options),
  'insertMany by a statement': (options, reached) =>
    conn.insertMany('aborted', stuckBehind([1, 'a'], reached), { ...options, returning: '*' }),
  executemany: (options, reached) =>
    conn.executemany(INSERT, stuckBehind([1, 'a'], reached), options),
  fetchmany: (options, reached) =>
    conn.fetchmany(`${INSERT} returning id`, stuckBehind([1, 'a'], reached), options),
  batch: asleep((options) =>
    conn.batch(
      [
        [INSERT, [1, 'a']],
        [SLEEP, [1]],
      ],
      options,
    ),
  ),
  fetchcol: asleep((options) => conn.fetchcol(SLEEP, [1], options)),
  fetchColumns: asleep((options) => conn.fetchColumns(SLEEP, [1], options)),
  'fetch of a prepared statement': prepared('fetch'),
  'fetchrow of a prepared statement': prepared('fetchrow'),
  'fetchval of a prepared statement': prepared('fetchval'),
  'execute of a prepared statement': prepared('execute'),
  'query of a prepared statement': prepared('query'),
  'fetchcol of a prepared statement': prepared('fetchcol'),
  'fetchColumns of a prepared statement': prepared('fetchColumns'),
  'executemany of a prepared statement': async (options, reached) => {
    await using statement = await conn.prepare(INSERT)
    return await statement.executemany(stuckBehind([1, 'a'], reached), options)
  },
  'fetchmany of a prepared statement': async (options, reached) => {
    await using statement = await conn.prepare(`${INSERT} returning id`)
    return await statement.fetchmany(stuckBehind([1, 'a'], reached), options)
  },
  'stream of a prepared statement': async (options, reached) => {
    await using statement = await conn.prepare(ENDLESS)
    return await read(statement.stream([], options), reached)
  },
  'explain of a prepared statement': asleep(async (options) => {
    await using statement = await conn.prepare(SLEEP)
    return await statement.explain([1], { ...options, analyze: true })
  }),
}

describe.each(Object.entries(OPERATIONS))('%s', (_name, start) => {
  beforeEach(() => conn.execute('truncate aborted'))

  /** The connection is as it was, and nothing was kept. */
  async function expectNothingLeft(): Promise<void> {
    expect(await conn.fetchval('select count(*)::int from aborted')).toBe(0)
    expect(conn.transactionStatus).toBe('idle')
    expect(conn.isClosed).toBe(false)
  }

  test('is ended in the middle by its signal, with the reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const ended = start({ signal: controller.signal }, () => controller.abort(reason))
    expect(await ended.catch((error: unknown) => error)).toBe(reason)
    await expectNothingLeft()
  })

  test('is ended by its timeout', async () => {
    await expect(start({ timeout: 100 }, () => {})).rejects.toThrow(QueryTimeoutError)
    await expectNothingLeft()
  })
})

describe('the wait for the first row and what is behind it have one timeout', () => {
  async function* late(): AsyncGenerator<[number, string]> {
    await new Promise((resolve) => setTimeout(resolve, 300))
    yield [1, 'a']
    await new Promise(() => {})
  }
  const columns = ['id', 'name']

  test.each<[string, (options: LimitOptions) => Promise<unknown>]>([
    ['copyRecordsTo', (options) => conn.copyRecordsTo('aborted', late(), options)],
    ['insertMany', (options) => conn.insertMany('aborted', late(), options)],
    [
      'insertMany that returns',
      (options) => conn.insertMany('aborted', late(), { columns, returning: '*', ...options }),
    ],
  ])('%s', async (_name, start) => {
    const startedMs = performance.now()
    await expect(start({ timeout: 400 })).rejects.toThrow(/within 400 ms/)
    expect(performance.now() - startedMs).toBeLessThan(650)
    expect(await conn.fetchval('select count(*)::int from aborted')).toBe(0)
  })
})

test('a notification that waits its turn is given up', async () => {
  const before = conn.execute('select pg_sleep(0.3)')
  const late = conn.notify('aborted', 'a', { timeout: 10 })
  await expect(late).rejects.toThrow(QueryTimeoutError)
  await expect(late).rejects.toMatchObject({ safeToRetry: true })
  await before
  expect(await conn.fetchval('select 1')).toBe(1)
})
