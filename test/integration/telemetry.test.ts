import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Connection, connect, createPool, onQuery, type QueryTrace } from '../../src/index.js'
import { testServer } from '../support/server.js'
import { recordTraces as record } from '../support/trace-record.js'

let dsn: string
let conn: Connection

beforeEach(async () => {
  dsn = (await testServer()).dsn()
  conn = await connect(dsn)
})

afterEach(async () => {
  await conn.close()
})

const duration = expect.any(Number)

describe('sluice:query', () => {
  test('text, number of parameters, command and count, but no value', async () => {
    const seen = record('sluice:query')
    await conn.fetch('select $1::text as secret from generate_series(1, 3)', ['hunter2'])
    const started = {
      text: 'select $1::text as secret from generate_series(1, 3)',
      parameterCount: 1,
    }
    const ended = { ...started, duration, command: 'SELECT', rowCount: 3 }
    expect(seen).toEqual([
      ['start', started],
      ['end', started],
      ['asyncStart', ended],
      ['asyncEnd', ended],
    ])
    expect(JSON.stringify(seen)).not.toContain('hunter2')
  })

  test('errors, with the stack of the caller', async () => {
    const seen = record('sluice:query')
    const callHere = async () => await conn.fetchval('select 1/0')
    const error = await callHere().catch((each: unknown) => each)
    expect(seen.map(([event]) => event)).toEqual([
      'start',
      'end',
      'error',
      'asyncStart',
      'asyncEnd',
    ])
    expect(seen[2]?.[1]).toEqual({ text: 'select 1/0', parameterCount: 0, duration, error })
    expect((error as Error).stack).toContain('callHere')
  })

  test('pipelined queries and scripts each have their own', async () => {
    const seen = record('sluice:query')
    await Promise.all([conn.execute('select 1; select 2'), conn.fetch('select 3')])
    const ends = seen.filter(([event]) => event === 'asyncEnd')
    expect(ends.map(([, { text, rowCount }]) => [text, rowCount])).toEqual([
      ['select 1; select 2', 1],
      ['select 3', 1],
    ])
  })

  test('onQuery, until it is disposed of', async () => {
    const queries: QueryTrace[] = []
    const listening = onQuery((query) => queries.push(query))
    await conn.execute('select 1')
    listening[Symbol.dispose]()
    await conn.execute('select 2')
    expect(queries).toEqual([
      { text: 'select 1', parameterCount: 0, command: 'SELECT', rowCount: 1, duration },
    ])
  })
})

test('sluice:connect tells where to, and failures', async () => {
  const seen = record('sluice:connect')
  await using other = await connect(dsn)
  const last = seen.at(-1)
  expect(last).toEqual([
    'asyncEnd',
    { database: expect.any(String), address: other.address, serverPid: other.serverPid, duration },
  ])
  const secret = 'a wrong password'
  await connect(dsn, { database: 'nowhere', password: secret }).catch(() => {})
  expect(seen.at(-1)?.[1]).toMatchObject({ database: 'nowhere', error: { code: '28P01' } })
  expect(JSON.stringify(seen)).not.toContain(secret)
})

test('sluice:transaction counts attempts', async () => {
  const seen = record('sluice:transaction')
  let attempts = 0
  await conn.transaction(
    async (tx) => {
      attempts += 1
      if (attempts === 1) await tx.execute("do $$ begin raise 'x' using errcode = '40001'; end $$")
      await tx.transaction(() => {})
    },
    { retry: { backoff: { min: 0 } }, isolation: 'serializable' },
  )
  expect(seen.filter(([event]) => event === 'asyncEnd').map(([, context]) => context)).toEqual([
    expect.objectContaining({ isNested: true, attempts: 1, duration }),
    expect.objectContaining({ isNested: false, attempts: 2, isolation: 'serializable', duration }),
  ])
})

test('sluice:pool:acquire tells waiting and failures', async () => {
  const seen = record('sluice:pool:acquire')
  await using pool = await createPool(dsn, { minSize: 1, maxSize: 1, name: 'main' })
  const borrowed = await pool.acquire()
  await pool.acquire({ timeout: 5 }).catch(() => {})
  borrowed.release()
  const ends = seen.filter(([event]) => event === 'asyncEnd').map(([, context]) => context)
  expect(ends).toEqual([
    { pool: 'main', duration },
    { pool: 'main', duration, error: expect.objectContaining({ name: 'PoolTimeoutError' }) },
  ])
})

describe('AsyncLocalStorage', () => {
  const storage = new AsyncLocalStorage<string>()

  test('the context of the caller holds in continuations, transactions and pool callbacks', async () => {
    await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
    const work = (name: string) =>
      storage.run(name, async () => {
        const seen = []
        await pool.fetchval('select 1')
        seen.push(storage.getStore())
        await pool.transaction(async (tx) => {
          seen.push(storage.getStore())
          await tx.fetchval('select 1')
          seen.push(storage.getStore())
          await tx.transaction(() => seen.push(storage.getStore()))
        })
        await pool.use(async (borrowed) => {
          seen.push(storage.getStore())
          await borrowed.fetchval('select 1/0').catch(() => seen.push(storage.getStore()))
        })
        return seen
      })
    // One connection for all, so that each is served by what another releases.
    const all = await Promise.all(['a', 'b', 'c'].map(work))
    expect(all).toEqual(['a', 'b', 'c'].map((name) => Array.from({ length: 6 }, () => name)))
  })

  test('a store bound to a channel is there while the query starts', async () => {
    const channel = tracingChannel('sluice:query')
    channel.start.bindStore(storage, () => 'span')
    try {
      let seen: string | undefined
      const handlers = {
        end: () => {
          seen = storage.getStore()
        },
      }
      channel.subscribe(handlers as never)
      await conn.fetchval('select 1')
      channel.unsubscribe(handlers as never)
      expect(seen).toBe('span')
    } finally {
      channel.start.unbindStore(storage)
    }
  })
})
