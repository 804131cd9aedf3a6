import { describe, expect, test } from 'vitest'
import {
  ConnectionClosedError,
  connect,
  createPool,
  type Pool,
  PoolClosedError,
} from '../../src/index.js'
import { usePools } from '../support/pools.js'
import { until } from '../support/until.js'

const { dsn, makePool } = usePools()

async function kill(pid: number): Promise<void> {
  await using admin = await connect(dsn())
  await admin.fetchval('select pg_terminate_backend($1, 5000)', [pid])
}

describe('connections come and go', () => {
  test('maxQueries replaces a connection', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, maxQueries: 2 })
    const pids = new Set<unknown>()
    for (let i = 0; i < 6; i++) pids.add(await pool.fetchval('select pg_backend_pid()'))
    expect(pids.size).toBe(3)
    expect(pool.stats().destroyed.maxUses).toBe(3)
  })

  test('idleTimeout closes what is beyond minSize', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 4, idleTimeout: 50 })
    const held = await Promise.all([1, 2, 3, 4].map(() => pool.acquire()))
    for (const conn of held) conn.release()
    expect(pool.size).toBe(4)
    await until(() => pool.size === 1)
    expect(pool.stats().destroyed.idleTimeout).toBe(3)
  })

  test('maxLifetime replaces old ones', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, maxLifetime: 50, lifetimeJitter: 0 })
    const pid = await pool.fetchval('select pg_backend_pid()')
    await until(() => pool.stats().destroyed.maxLifetime > 0 && pool.idleSize === 1)
    expect(await pool.fetchval('select pg_backend_pid()')).not.toBe(pid)
  })

  test('an idle one that breaks is replaced at once', async () => {
    const pool = await makePool({ minSize: 2, maxSize: 2 })
    await kill((await pool.fetchval<number>('select pg_backend_pid()')) ?? 0)
    await until(() => pool.stats().destroyed.broken === 1 && pool.idleSize === 2)
    expect(await pool.fetchval('select 1')).toBe(1)
  })

  test('one that breaks in use fails its borrower and nobody else', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const conn = await pool.acquire()
    const running = conn.fetchval('select pg_sleep(30)')
    const failed = expect(running).rejects.toMatchObject({ cause: { code: '57P01' } })
    const waiting = pool.fetchval('select 1')
    await kill(conn.serverPid)
    await failed
    await expect(conn.fetchval('select 1')).rejects.toThrow(ConnectionClosedError)
    expect(conn.isClosed).toBe(true)
    conn.release()
    expect(await waiting).toBe(1)
    expect(pool.stats()).toMatchObject({ lent: 0, idle: 1, size: 1 })
  })

  test('one that breaks under a query of the pool is replaced', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const pid = (await pool.fetchval<number>('select pg_backend_pid()')) ?? 0
    const failed = expect(pool.fetchval('select pg_sleep(30)')).rejects.toMatchObject({
      cause: { code: '57P01' },
    })
    await kill(pid)
    await failed
    expect(await pool.fetchval('select 1')).toBe(1)
    expect(pool.stats()).toMatchObject({ lent: 0, idle: 1, size: 1 })
  })

  test('one that its borrower closes or terminates is replaced', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    await pool.use((conn) => conn.close())
    expect(await pool.fetchval('select 1')).toBe(1)
    await pool.use((conn) => conn.terminate())
    expect(await pool.fetchval('select 1')).toBe(1)
    expect(pool.stats()).toMatchObject({ lent: 0, size: 1, created: 3 })
  })
})

test('an onNotice that throws costs no connection', async () => {
  const heard: unknown[] = []
  const uncaught: unknown[] = []
  const pool = await makePool({
    minSize: 1,
    maxSize: 1,
    onNotice({ message }) {
      heard.push(message)
      throw new Error('mine')
    },
  })
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => uncaught.push(error.message))
  try {
    await pool.execute("do $$ begin raise notice 'hello'; end $$")
    expect(await pool.fetchval('select 1')).toBe(1)
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  }
  expect(heard).toEqual(['hello'])
  expect(uncaught).toEqual(['mine'])
  expect(pool.stats()).toMatchObject({ created: 1, destroyed: { broken: 0 } })
})

describe('close', () => {
  test('lets the borrowers finish, refuses everybody else, and closes every session', async () => {
    const pool = await makePool({ minSize: 2, maxSize: 2, applicationName: 'closing pool' })
    const conn = await pool.acquire()
    await using _second = await pool.acquire()
    const waiting = expect(pool.acquire()).rejects.toThrow(PoolClosedError)
    const closed = pool.close()
    await waiting
    await expect(pool.fetchval('select 1')).rejects.toThrow(PoolClosedError)
    expect(await conn.fetchval('select 1')).toBe(1)
    conn.release()
    _second.release()
    await closed
    await using admin = await connect(dsn())
    const sessions = "select count(*) from pg_stat_activity where application_name = 'closing pool'"
    expect(await admin.fetchval(sessions)).toBe(0)
    await pool.close()
  })

  test('past its timeout ends what is left', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const conn = await pool.acquire()
    const running = expect(conn.fetchval('select pg_sleep(30)')).rejects.toThrow(
      ConnectionClosedError,
    )
    await pool.close({ timeout: 50 })
    await running
    conn.release()
    expect(pool.size).toBe(0)
  })

  test('with a timeout that is no time is refused; for ever is not at once', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    for (const timeout of [-1, Number.NaN, '5' as never]) {
      await expect(pool.close({ timeout })).rejects.toThrow(TypeError)
      await expect(pool.use((conn) => conn.close({ timeout }))).rejects.toThrow(TypeError)
    }
    const running = pool.fetchval("select 'done' from pg_sleep(0.1)")
    await pool.close({ timeout: Number.POSITIVE_INFINITY })
    expect(await running).toBe('done')
  })

  test('terminate ends everything at once', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const running = expect(pool.fetchval('select pg_sleep(30)')).rejects.toThrow(
      ConnectionClosedError,
    )
    const waiting = expect(pool.fetchval('select 1')).rejects.toThrow(PoolClosedError)
    pool.terminate()
    await Promise.all([running, waiting, pool.close()])
    expect(pool.size).toBe(0)
  })

  test('a pool in a scope closes at its end', async () => {
    let scoped: Pool
    {
      await using pool = await createPool(dsn())
      scoped = pool
      await pool.fetchval('select 1')
    }
    expect(scoped.size).toBe(0)
    await expect(scoped.fetchval('select 1')).rejects.toThrow(PoolClosedError)
  })
})
