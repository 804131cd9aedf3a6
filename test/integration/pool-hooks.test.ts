import { describe, expect, test } from 'vitest'
import { type Connection, connect, InterfaceError, type PoolConnection } from '../../src/index.js'
import { nextWarning } from '../support/next-warning.js'
import { usePools } from '../support/pools.js'

const { dsn, makePool } = usePools()

describe('init', () => {
  test('runs once for each new connection, and what it sets is not reset for it', async () => {
    const pids: number[] = []
    const pool = await makePool({
      minSize: 2,
      maxSize: 2,
      init: async (conn) => {
        pids.push(conn.serverPid)
        await conn.execute("set work_mem = '7MB'")
      },
    })
    for (let i = 0; i < 5; i++) expect(await pool.fetchval('show work_mem')).toBe('7MB')
    expect(new Set(pids).size).toBe(2)
  })

  test('that throws closes the connection and fails the opening', async () => {
    let calls = 0
    const init = () => {
      calls += 1
      throw new TypeError('mine')
    }
    await expect(makePool({ init, applicationName: 'bad init' })).rejects.toThrow('mine')
    expect(calls).toBe(1)
    await using admin = await connect(dsn())
    const sessions = "select count(*) from pg_stat_activity where application_name = 'bad init'"
    await expect.poll(() => admin.fetchval(sessions)).toBe(0)
  })

  test('gets a handle that is dead afterwards', async () => {
    let kept: Connection | undefined
    await makePool({
      minSize: 1,
      maxSize: 1,
      init: (conn) => {
        kept = conn
      },
    })
    await expect(kept?.fetchval('select 1')).rejects.toThrow(InterfaceError)
  })
})

describe('setup', () => {
  test('runs before every acquire and every query on the pool', async () => {
    let calls = 0
    const pool = await makePool({
      minSize: 1,
      maxSize: 1,
      setup: async (conn) => {
        calls += 1
        await conn.execute("set work_mem = '6MB'")
      },
    })
    expect(await pool.fetchval('show work_mem')).toBe('6MB')
    expect(await pool.use((conn) => conn.fetchval('show work_mem'))).toBe('6MB')
    expect(calls).toBe(2)
    expect(pool.stats()).toMatchObject({ created: 1, lent: 0, idle: 1 })
  })

  test('that throws closes the connection, and its borrower gets the error', async () => {
    let fails = true
    const pool = await makePool({
      minSize: 1,
      maxSize: 1,
      setup: () => {
        if (fails) throw new Error('mine')
      },
    })
    await expect(pool.acquire()).rejects.toThrow('mine')
    await expect(pool.fetchval('select 1')).rejects.toThrow('mine')
    fails = false
    expect(await pool.fetchval('select 1')).toBe(1)
    expect(pool.stats()).toMatchObject({ lent: 0, destroyed: { discarded: 2 } })
  })

  test('is within the deadline of acquire', async () => {
    const pool = await makePool({
      minSize: 1,
      maxSize: 1,
      setup: (conn) => conn.fetchval('select pg_sleep(30)'),
    })
    await expect(pool.acquire({ timeout: 200 })).rejects.toMatchObject({
      code: 'ERR_SLUICE_POOL_TIMEOUT',
      timeout: 200,
    })
    const reason = new Error('enough')
    await expect(pool.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const late = new AbortController()
    const waiting = pool.acquire({ signal: late.signal })
    setTimeout(() => late.abort(reason), 100)
    await expect(waiting).rejects.toBe(reason)
    expect(pool.stats().lent).toBe(0)
  })
})

describe('reset', () => {
  test('runs behind the reset of the session, before the next borrower', async () => {
    const seen: unknown[] = []
    const pool = await makePool({
      minSize: 1,
      maxSize: 1,
      reset: async (conn) => {
        seen.push(await conn.fetchval('show work_mem'))
        await conn.execute("set application_name = 'was reset'")
      },
    })
    const before = await pool.fetchval('show work_mem')
    await pool.use((conn) => conn.execute("set work_mem = '5MB'"))
    expect(await pool.fetchval('show application_name')).toBe('was reset')
    expect(seen.slice(0, 2)).toEqual([before, before])
    expect(pool.stats().created).toBe(1)
  })

  test('that throws closes the connection with a process warning, and costs the next nothing', async () => {
    let fails = true
    const pool = await makePool({
      minSize: 1,
      maxSize: 1,
      reset: () => {
        if (fails) throw new Error('mine')
      },
    })
    const warning = nextWarning('SLUICE_RESET_HOOK')
    await pool.use((conn) => conn.fetchval('select 1'))
    expect((await warning).detail).toContain('Error: mine')
    fails = false
    expect(await pool.fetchval('select 1')).toBe(1)
    expect(pool.stats()).toMatchObject({ created: 2, destroyed: { broken: 1 } })
  })
})

describe('connect', () => {
  test('opens the connections in the place of the pool', async () => {
    let calls = 0
    const pool = await makePool({
      minSize: 1,
      maxSize: 2,
      connect: (signal) => {
        calls += 1
        return connect(dsn(), { applicationName: 'by hand', signal })
      },
    })
    const conns = await Promise.all([pool.acquire(), pool.acquire()])
    for (const conn of conns) {
      expect(await conn.fetchval('show application_name')).toBe('by hand')
      conn.release()
    }
    expect(calls).toBe(2)
    expect(pool.idleSize).toBe(2)
  })

  test('opens none of those that wait for their turn when the pool ends', async () => {
    let calls = 0
    const pool = await makePool({
      minSize: 0,
      connect: (signal) => {
        calls += 1
        return connect(dsn(), { signal })
      },
    })
    pool.resize({ minSize: 10, maxSize: 10 })
    expect(pool.size).toBe(10)
    pool.terminate()
    await pool.close()
    expect(calls).toBe(0)
  })

  test('that gives no connection is a TypeError', async () => {
    await expect(makePool({ connect: async () => 'nothing' as never })).rejects.toThrow(
      /"connect" must give a Connection/,
    )
  })
})

test('what was borrowed lives and dies with the loan: queries, transactions, handles', async () => {
  const pool = await makePool({ minSize: 1, maxSize: 1 })
  let kept: PoolConnection | undefined
  await pool.use(async (conn) => {
    kept = conn
  })
  await expect(kept?.transaction(async () => 1)).rejects.toThrow(InterfaceError)
  await expect(kept?.begin()).rejects.toThrow(InterfaceError)
  const conn = await pool.acquire()
  const tx = await conn.begin()
  conn.release()
  await expect(tx.fetchval('select 1')).rejects.toThrow(InterfaceError)
  expect(await pool.fetchval('select 1')).toBe(1)
})
