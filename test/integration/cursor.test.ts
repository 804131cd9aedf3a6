import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Connection,
  type Cursor,
  connect,
  createPool,
  type LimitOptions,
  type Pool,
  QueryTimeoutError,
} from '../../src/index.js'
import { sharesConnections } from '../support/left-behind.js'
import { testServer } from '../support/server.js'

let conn: Connection
let pool: Pool
let dsn: string

sharesConnections()

beforeAll(async () => {
  const server = await testServer()
  dsn = server.dsn()
  conn = await connect(dsn)
  pool = await createPool(dsn, { minSize: 0, maxSize: 1 })
})

afterAll(async () => {
  await conn.close()
  await pool.close()
})

const SERIES = 'select n from generate_series(1, $1::int) n'
const numbers = { rowMode: 'array' } as const

async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = []
  for await (const row of rows) all.push(row)
  return all
}

function openPortals(): Promise<number | null> {
  return conn.fetchval<number>(
    `select count(*)::int from pg_cursors where name like 'sluice_portal%'`,
  )
}

describe('in a transaction', () => {
  beforeEach(async () => {
    if (conn.transactionStatus !== 'idle') await conn.execute('rollback')
    await conn.execute('begin')
  })

  test('is iterated in steps of any size', async () => {
    for (const prefetch of [1, 2, 3, 7, 100]) {
      const rows = await collect(conn.cursor<{ n: number }>(SERIES, [7], { prefetch }))
      expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7])
    }
    expect(await collect(conn.cursor(SERIES, [0]))).toEqual([])
    expect(await collect(conn.cursor(''))).toEqual([])
    expect(await openPortals()).toBe(0)
  })

  test('fetch, fetchrow and forward go on from where they are', async () => {
    const cursor = conn.cursor(SERIES, [10], numbers)
    expect(await cursor.fetchrow()).toEqual([1])
    expect(await cursor.fetch(2)).toEqual([[2], [3]])
    expect(await cursor.forward(3)).toBe(3)
    expect(await cursor.fetch(100)).toEqual([[7], [8], [9], [10]])
    expect(await cursor.fetch(5)).toEqual([])
    expect(await cursor.fetchrow()).toBeNull()
    expect(await cursor.forward(5)).toBe(0)
    await cursor.close()
    await cursor.close()
    await expect(cursor.fetch(1)).rejects.toMatchObject({ code: 'ERR_SLUICE_INTERFACE' })
    expect(await openPortals()).toBe(0)
  })

  test('forward before the first row', async () => {
    await using cursor = conn.cursor(SERIES, [10], numbers)
    expect(await cursor.forward(8)).toBe(8)
    expect(await cursor.forward(8)).toBe(2)
    expect(await cursor.fetchrow()).toBeNull()
  })

  test('calls without waiting are served in order', async () => {
    await using cursor = conn.cursor(SERIES, [6], numbers)
    const all = await Promise.all([
      cursor.fetch(2),
      cursor.fetchrow(),
      cursor.forward(1),
      cursor.fetch(9),
    ])
    expect(all).toEqual([[[1], [2]], [3], 1, [[5], [6]]])
  })

  test('other queries, and other cursors, run between', async () => {
    const seen: string[] = []
    for await (const [a] of conn.cursor<number[]>(SERIES, [3], { ...numbers, prefetch: 1 })) {
      for await (const [b] of conn.cursor<number[]>(SERIES, [2], { ...numbers, prefetch: 1 })) {
        seen.push(`${await conn.fetchval('select $1::int', [a])}${b}`)
      }
    }
    expect(seen).toEqual(['11', '12', '21', '22', '31', '32'])
  })

  test('left early is closed on the server, whatever leaves it', async () => {
    for await (const _ of conn.cursor(SERIES, [1000])) break
    const failure = new Error('mine')
    const loop = (async () => {
      for await (const _ of conn.cursor(SERIES, [1000])) throw failure
    })()
    expect(await loop.catch((error: unknown) => error)).toBe(failure)
    expect(await openPortals()).toBe(0)
    expect(conn.transactionStatus).toBe('transaction')
  })

  test('rows in chunks', async () => {
    const sizes = []
    for await (const rows of conn
      .cursor(SERIES, [5], { prefetch: 2 })
      [Symbol.asyncIterator]()
      .chunks()) {
      sizes.push(rows.length)
    }
    expect(sizes).toEqual([2, 2, 1])
  })

  test('an error in the middle closes it', async () => {
    const cursor = conn.cursor('select 1 / (3 - n) from generate_series(1, 5) n', [], {
      prefetch: 1,
    })
    await expect(collect(cursor)).rejects.toMatchObject({ code: '22012' })
    expect(conn.transactionStatus).toBe('failed')
    await expect(cursor.fetch(1)).rejects.toMatchObject({ code: 'ERR_SLUICE_INTERFACE' })
  })

  test('a signal closes it, with its reason', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const options = { signal: abort.signal, prefetch: 2 }
    const loop = (async () => {
      for await (const _ of conn.cursor(SERIES, [10], options)) abort.abort(reason)
    })()
    expect(await loop.catch((error: unknown) => error)).toBe(reason)
    await conn.execute('rollback')
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('each step takes a timeout and a signal, above those of the cursor', async () => {
    const slow =
      'select n, pg_sleep(case when n > 1 then 600 else 0 end) from generate_series(1, 9) n'
    const steps: readonly ((cursor: Cursor<unknown>, options: LimitOptions) => Promise<unknown>)[] =
      [
        (cursor, options) => cursor.fetch(1, options),
        (cursor, options) => cursor.fetchrow(options),
        (cursor, options) => cursor.forward(1, options),
      ]
    for (const step of steps) {
      for (const state of ['new', 'open']) {
        const cursor = conn.cursor(slow, [], { timeout: 60_000 })
        if (state === 'open') await cursor.fetch(1)
        const reason = new Error('enough')
        const aborted = step(cursor, { signal: AbortSignal.abort(reason) })
        expect(await aborted.catch((error: unknown) => error)).toBe(reason)
        await expect(cursor.fetch(1)).rejects.toThrow(/is closed/)
        const other = conn.cursor(slow)
        if (state === 'open') await other.fetch(1)
        else await other.forward(1)
        await expect(step(other, { timeout: 20 })).rejects.toThrow(/20 ms/)
        await expect(other.fetch(1)).rejects.toThrow(/is closed/)
        await conn.execute('rollback; begin')
      }
    }
    expect(() => conn.cursor(SERIES).fetch(0, {})).toThrow(RangeError)
    await expect(conn.cursor(SERIES, [1]).fetch(1, { timeout: -1 })).rejects.toThrow(TypeError)
  })

  test('ends with its transaction', async () => {
    const cursor = conn.cursor(SERIES, [10])
    await cursor.fetch(1)
    await conn.execute('commit')
    await expect(cursor.fetch(1)).rejects.toMatchObject({ code: '34000' })
  })

  test('refuses wrong numbers', async () => {
    expect(() => conn.cursor(SERIES, [1], { prefetch: 0 })).toThrow(RangeError)
    const cursor = conn.cursor(SERIES, [1])
    expect(() => cursor.fetch(0)).toThrow(RangeError)
    expect(() => cursor.fetch(1.5)).toThrow(RangeError)
    expect(() => cursor.forward(-1)).toThrow(RangeError)
    await expect(conn.cursor(SERIES).fetch(1)).rejects.toMatchObject({
      code: 'ERR_SLUICE_INTERFACE',
    })
    await expect(conn.cursor('copy (select 1) to stdout').fetch(1)).rejects.toMatchObject({
      code: 'ERR_SLUICE_INTERFACE',
    })
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('of a transaction handle', async () => {
    await conn.execute('rollback')
    const rows = await conn.transaction((tx) => collect(tx.cursor(SERIES, [3], numbers)))
    expect(rows).toEqual([[1], [2], [3]])
  })
})

test('outside a transaction is refused, and the connection stays in step', async () => {
  if (conn.transactionStatus !== 'idle') await conn.execute('rollback')
  const refusal = { code: 'ERR_SLUICE_INTERFACE', message: /transaction/ }
  await expect(collect(conn.cursor(SERIES, [3]))).rejects.toMatchObject({ code: refusal.code })
  const pending = conn.fetchval('select 1')
  await expect(conn.cursor(SERIES, [3]).fetch(1)).rejects.toThrow(refusal.message)
  expect(await pending).toBe(1)
  expect(await conn.fetchval('select 1')).toBe(1)
})

describe('by a pool', () => {
  test('has a connection and a transaction of its own, until it is closed', async () => {
    expect(await collect(pool.cursor(SERIES, [120], numbers))).toHaveLength(120)
    expect(pool.idleSize).toBe(1)
    for await (const _ of pool.cursor(SERIES, [120])) {
      expect(pool.idleSize).toBe(0)
      break
    }
    await expect.poll(() => pool.idleSize).toBe(1)
    const cursor = pool.cursor('select txid_current() as id', [], numbers)
    await cursor.fetch(1)
    await cursor.close()
    await expect.poll(() => pool.idleSize).toBe(1)
  })

  test('is given up by its timeout as a query is, while it waits for a connection', async () => {
    await using _ = await pool.acquire()
    const row = pool.cursor('select 1', [], { timeout: 20 }).fetchrow()
    await expect(row).rejects.toThrow(QueryTimeoutError)
    await expect(row).rejects.toMatchObject({ timeout: 20, safeToRetry: true })
    await using impatient = await createPool(dsn, { minSize: 0, maxSize: 1, queryTimeout: 20 })
    await using __ = await impatient.acquire()
    await expect(impatient.cursor('select 1').fetchrow()).rejects.toThrow(QueryTimeoutError)
  })

  test('has one timeout for the connection and the first rows', async () => {
    const held = await pool.acquire()
    setTimeout(() => held.release(), 300)
    const startedMs = performance.now()
    const row = pool.cursor('select pg_sleep(600)', [], { timeout: 400 }).fetchrow()
    await expect(row).rejects.toThrow(/within 400 ms/)
    expect(performance.now() - startedMs).toBeLessThan(650)
  })

  test('with a timeout of 0 waits for a connection', async () => {
    const conn = await pool.acquire()
    await using cursor = pool.cursor('select 1 as n', [], { timeout: 0 })
    const row = cursor.fetchrow()
    conn.release()
    expect(await row).toEqual({ n: 1 })
  })

  test('gives its connection back after an error', async () => {
    await expect(pool.cursor('selec').fetch(1)).rejects.toMatchObject({ code: '42601' })
    await expect(collect(pool.cursor('select 1/0'))).rejects.toMatchObject({ code: '22012' })
    await expect.poll(() => pool.idleSize).toBe(1)
    expect(await pool.fetchval('select 1')).toBe(1)
  })
})
