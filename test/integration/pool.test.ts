import { describe, expect, test } from 'vitest'
import {
  createPool,
  InterfaceError,
  PoolConnection,
  type PoolOptions,
  PoolOverloadedError,
  PoolTimeoutError,
} from '../../src/index.js'
import { usePools } from '../support/pools.js'
import { until } from '../support/until.js'

const { dsn, makePool } = usePools()

describe('createPool', () => {
  test('opens minSize connections before it resolves', async () => {
    const pool = await makePool({ minSize: 3, maxSize: 5 })
    expect([pool.size, pool.idleSize, pool.minSize, pool.maxSize]).toEqual([3, 3, 3, 5])
  })

  test('with the options alone', async () => {
    const url = new URL(dsn())
    await using pool = await createPool({
      host: url.hostname,
      port: Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: url.pathname.slice(1),
    })
    expect(await pool.fetchval('select 1')).toBe(1)
  })

  test('rejects when the server refuses, and leaves nothing open', async () => {
    await expect(createPool(dsn(), { database: 'no such database' })).rejects.toMatchObject({
      code: '3D000',
    })
    await expect(createPool(dsn(), { password: 'wrong' })).rejects.toMatchObject({ code: '28P01' })
  })

  const wrong: readonly [PoolOptions, RegExp][] = [
    [{ minSize: -1 }, /minSize/],
    [{ maxSize: 0 }, /maxSize/],
    [{ minSize: 5, maxSize: 4 }, /minSize.*5.*maxSize.*4/],
    [{ maxSize: 1.5 }, /maxSize/],
    [{ maxQueries: '5' as never }, /maxQueries/],
    [{ idleTimeout: -1 }, /idleTimeout/],
    [{ lifetimeJitter: 2 }, /lifetimeJitter/],
    [{ retryBackoff: { maxx: 5 } as never }, /retryBackoff\.maxx.*"max"/],
    [{ maxsize: 5 } as never, /unknown option "maxsize".*"maxSize"/],
  ]
  for (const [options, message] of wrong) {
    test(`refuses ${JSON.stringify(options)} by name`, async () => {
      await expect(createPool(dsn(), options)).rejects.toThrow(message)
      await expect(createPool(dsn(), options)).rejects.toMatchObject({ code: 'ERR_SLUICE_OPTION' })
    })
  }
})

describe('queries on the pool itself', () => {
  test('every method of a connection', async () => {
    const pool = await makePool()
    expect(await pool.fetch('select 1 as a')).toEqual([{ a: 1 }])
    expect(await pool.fetchrow('select $1::int4 as a', [2])).toEqual({ a: 2 })
    expect(await pool.fetchval('select 3')).toBe(3)
    expect((await pool.execute('select 4')).command).toBe('SELECT')
    expect((await pool.query('select 5 as a')).columns).toMatchObject([{ name: 'a' }])
    expect(pool.idleSize).toBe(pool.size)
  })

  test('1,000 at once on ten connections', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 10 })
    const values = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => pool.fetchval<number>('select $1::int4', [i])),
    )
    expect(values).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
    expect(pool.size).toBeLessThanOrEqual(10)
    expect(pool.idleSize).toBe(pool.size)
  })

  test('a failing one costs no connection', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const pid = await pool.fetchval('select pg_backend_pid()')
    await expect(pool.fetchval('select 1/0')).rejects.toMatchObject({ code: '22012' })
    await expect(pool.fetchval('select $1::int4', ['x'])).rejects.toMatchObject({
      code: 'ERR_SLUICE_ENCODE',
    })
    await expect(pool.fetchval('select $1::int4', ['x'])).rejects.toMatchObject({
      code: 'ERR_SLUICE_ENCODE',
    })
    expect(await pool.fetchval('select pg_backend_pid()')).toBe(pid)
    expect(pool.stats()).toMatchObject({ created: 1, lent: 0 })
  })

  test('carry the line of the caller', async () => {
    const pool = await makePool()
    async function theCaller() {
      return await pool.fetch('selekt')
    }
    const error = await theCaller().catch((error: Error) => error)
    expect((error as Error).stack).toMatch(/at (async )?theCaller/)
  })
})

describe('acquire', () => {
  test('in a scope releases at its end, whatever happened', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    await expect(
      (async () => {
        await using conn = await pool.acquire()
        expect(pool.stats()).toMatchObject({ lent: 1, idle: 0 })
        await conn.fetchval('select 1/0')
      })(),
    ).rejects.toMatchObject({ code: '22012' })
    expect(pool.stats()).toMatchObject({ lent: 0, idle: 1 })
  })

  test('by hand', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const conn = await pool.acquire()
    expect(conn).toBeInstanceOf(PoolConnection)
    expect(await conn.fetchval('select 1')).toBe(1)
    conn.release()
    conn.release()
    expect(conn.isReleased).toBe(true)
    expect(pool.idleSize).toBe(1)
  })

  test('use releases when its function returns or throws', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    expect(await pool.use((conn) => conn.fetchval('select 7'))).toBe(7)
    await expect(
      pool.use(() => {
        throw new Error('mine')
      }),
    ).rejects.toThrow('mine')
    expect(pool.idleSize).toBe(1)
  })

  test('a released connection is dead', async () => {
    const pool = await makePool()
    const conn = await pool.acquire()
    conn.release()
    await expect(conn.fetchval('select 1')).rejects.toThrow(InterfaceError)
    await expect(conn.execute('select 1')).rejects.toThrow(/released/)
    expect(() => conn.serverPid).toThrow(InterfaceError)
    expect(() => conn.on('notice', () => {})).toThrow(InterfaceError)
  })

  test('finishes what was still running when it was released', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const conn = await pool.acquire()
    const running = conn.fetchval("select 'done' from pg_sleep(0.05)")
    conn.release()
    expect(pool.stats()).toMatchObject({ lent: 1 })
    expect(await pool.fetchval("select 'next'")).toBe('next')
    expect(await running).toBe('done')
  })

  test('waiters are served in order', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const conn = await pool.acquire()
    const order: number[] = []
    const waiting = Array.from({ length: 20 }, async (_, i) => {
      await using _conn = await pool.acquire()
      order.push(i)
    })
    await until(() => pool.waiting === 20)
    conn.release()
    await Promise.all(waiting)
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  test('past its deadline says what the pool looks like', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 2 })
    await using _one = await pool.acquire()
    await using _two = await pool.acquire()
    const error = await pool.acquire({ timeout: 30 }).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(PoolTimeoutError)
    expect((error as Error).message.split('; one in use')[0]).toBe(
      'no connection became free within 30 ms (2 of 2 connections open: 0 idle, 2 in use, 0 opening; 1 waiting)',
    )
    expect(error).toMatchObject({
      code: 'ERR_SLUICE_POOL_TIMEOUT',
      timeout: 30,
      safeToRetry: true,
    })
    expect(pool.stats()).toMatchObject({ timedOut: 1, waiting: 0 })
  })

  test('past its deadline names the line of the caller', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    await using _conn = await pool.acquire()
    async function theCaller() {
      return await pool.acquire({ timeout: 10 })
    }
    const error = await theCaller().catch((error: unknown) => error)
    expect((error as Error).stack).toMatch(/^PoolTimeoutError: [\s\S]*theCaller \(.*pool\.test/)
  })

  test('acquireTimeout holds for queries on the pool too', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, acquireTimeout: 30 })
    await using _conn = await pool.acquire()
    await expect(pool.fetchval('select 1')).rejects.toThrow(PoolTimeoutError)
    await expect(pool.acquire()).rejects.toThrow(PoolTimeoutError)
  })

  for (const [name, options] of [
    ['', {}],
    [', with a setup hook', { setup: () => {} }],
  ] as const) {
    test(`a query that waits for a connection ends by its own deadline or signal, and leaves the queue${name}`, async () => {
      const pool = await makePool({ minSize: 1, maxSize: 1, acquireTimeout: 60_000, ...options })
      const conn = await pool.acquire()
      const late = pool.fetchval('select 1', [], { timeout: 30 })
      await expect(late).rejects.toMatchObject({ name: 'QueryTimeoutError', safeToRetry: true })
      const reason = new Error('no longer wanted')
      const abort = new AbortController()
      const aborted = pool.execute('select 1', [], { signal: abort.signal })
      await until(() => pool.waiting === 1)
      abort.abort(reason)
      await expect(aborted).rejects.toBe(reason)
      await until(() => pool.waiting === 0)
      await expect(pool.fetch('select 1', [], { signal: abort.signal })).rejects.toBe(reason)
      expect(pool.waiting).toBe(0)
      conn.release()
      expect(await pool.fetchval('select 1', [], { timeout: 20_000 })).toBe(1)
    })
  }

  test('is given up when its signal is aborted', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const conn = await pool.acquire()
    const reason = new Error('no longer wanted')
    const abort = new AbortController()
    const waiting = pool.acquire({ signal: abort.signal })
    abort.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(pool.acquire({ signal: abort.signal })).rejects.toBe(reason)
    conn.release()
    expect(pool.stats()).toMatchObject({ idle: 1, waiting: 0, aborted: 2 })
  })

  test('beyond maxWaiting is refused at once', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, maxWaiting: 1 })
    const conn = await pool.acquire()
    const waiting = pool.acquire()
    await expect(pool.acquire()).rejects.toThrow(PoolOverloadedError)
    conn.release()
    ;(await waiting).release()
  })

  test('with a wrong option is a clear error', async () => {
    const pool = await makePool()
    for (const timeout of [-1, Number.NaN, '5' as never]) {
      await expect(pool.acquire({ timeout })).rejects.toThrow(/timeout/)
    }
    expect(pool.stats().lent).toBe(0)
  })
})
