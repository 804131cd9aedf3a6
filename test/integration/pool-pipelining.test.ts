import { describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.js'
import { connect, type Pool } from '../../src/index.js'
import { usePools } from '../support/pools.js'
import { until } from '../support/until.js'

const { dsn, makePool } = usePools()

const QUICK = 'select 1'
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs `fn` in no time, as the pool sees it, however busy the machine is. */
function atOnce<T>(fn: () => T): T {
  const clock = vi.spyOn(systemClock, 'now').mockReturnValue(systemClock.now())
  try {
    return fn()
  } finally {
    clock.mockRestore()
  }
}

describe('pipelining', () => {
  test('is off unless asked for', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const queries = [QUICK, QUICK, QUICK].map((text) => pool.fetchval(text))
    expect(pool.waiting).toBe(2)
    expect(await Promise.all(queries)).toEqual([1, 1, 1])
  })

  test('single queries share a connection, up to as many as it says; the others wait', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, pipelining: 4 })
    const values = Array.from({ length: 20 }, (_, i) => i)
    const queries = atOnce(() => values.map((i) => pool.fetchval('select $1::int', [i])))
    expect([pool.size, pool.waiting]).toEqual([1, 16])
    expect(await Promise.all(queries)).toEqual(values)
    // Whoever waited came along four at a time.
    expect(pool.stats().acquired).toBe(5)
    expect([pool.idleSize, pool.waiting]).toEqual([1, 0])
  })

  test('true is 8', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, pipelining: true })
    const queries = atOnce(() => Array.from({ length: 9 }, () => pool.fetchval(QUICK)))
    expect(pool.waiting).toBe(1)
    await Promise.all(queries)
  })

  test('an idle connection comes first', async () => {
    const pool = await makePool({ minSize: 3, maxSize: 3, pipelining: 4 })
    const pids = await Promise.all(
      [1, 2, 3].map(() => pool.fetchval('select pg_backend_pid() from pg_sleep(0.05)')),
    )
    expect(new Set(pids).size).toBe(3)
  })

  test('one that fails fails no neighbour', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, pipelining: 4 })
    const outcomes = await Promise.allSettled([
      pool.fetchval(QUICK),
      pool.fetchval('select 1 / 0'),
      pool.fetchval('select nothing'),
      pool.fetchval(QUICK),
    ])
    expect(outcomes).toMatchObject([
      { value: 1 },
      { reason: { code: '22012' } },
      { reason: { code: '42703' } },
      { value: 1 },
    ])
  })

  test('nobody comes behind one that already takes long while another connection may be opened', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 2, pipelining: 8 })
    let isSlowOver = false
    const slow = pool.fetchval('select pg_sleep(20)').then(
      () => {
        isSlowOver = true
      },
      () => {},
    )
    await sleep(50)
    expect(await pool.fetchval(QUICK)).toBe(1)
    expect([isSlowOver, pool.size]).toEqual([false, 2])
    pool.terminate()
    await slow
  })

  test('nobody comes behind one that already takes long where no other can be opened: who waits is in the queue', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, pipelining: 8 })
    const slow = pool.fetchval('select pg_sleep(0.3)')
    await sleep(50)
    const quick = pool.fetchval(QUICK)
    expect(pool.waiting).toBe(1)
    await Promise.all([slow, quick])
  })

  const alone: readonly [string, (pool: Pool) => Promise<unknown>][] = [
    ['with a deadline', (pool) => pool.fetch(QUICK, [], { timeout: 20_000 })],
    ['with a signal', (pool) => pool.fetch(QUICK, [], { signal: new AbortController().signal })],
    ['a setting', (pool) => pool.execute("set work_mem = '5MB'")],
    ['set_config', (pool) => pool.fetch("select set_config('work_mem', '5MB', false)")],
    ['a lock of rows', (pool) => pool.fetch('select 1 from pg_class where false for update')],
    ['an update', (pool) => pool.execute('update pg_class set oid = oid where false')],
    ['two statements', (pool) => pool.execute('select 1; select 2')],
    ['BEGIN', (pool) => pool.execute('begin')],
  ]
  for (const [name, run] of alone) {
    test(`${name} shares with nobody`, async () => {
      const pool = await makePool({ minSize: 1, maxSize: 1, pipelining: 8 })
      const first = pool.fetchval(QUICK)
      const second = run(pool)
      const third = pool.fetchval(QUICK)
      expect(pool.waiting).toBe(2)
      expect(await first).toBe(1)
      await second
      expect(await third).toBe(1)
    })
  }

  test('never on a connection that somebody has borrowed, also while it comes back', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, pipelining: 8 })
    const conn = await pool.acquire()
    const own = conn.fetchval('select 1 from pg_sleep(0.05)')
    const other = pool.fetchval(QUICK)
    expect(pool.waiting).toBe(1)
    conn.release()
    const another = pool.fetchval(QUICK)
    expect(pool.waiting).toBe(2)
    expect(await Promise.all([own, other, another])).toEqual([1, 1, 1])
  })

  test('nobody overtakes who waits for a connection', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, pipelining: 8 })
    const order: string[] = []
    const first = pool.fetchval(QUICK)
    const borrower = pool.use(async (conn) => {
      order.push('borrower')
      await conn.fetchval(QUICK)
    })
    const last = pool.fetchval(QUICK).then(() => order.push('query'))
    expect(pool.waiting).toBe(2)
    await Promise.all([first, borrower, last])
    expect(order).toEqual(['borrower', 'query'])
  })

  test('a pause lets nobody join', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, pipelining: 8 })
    const first = pool.fetchval(QUICK)
    const paused = pool.pause()
    const second = pool.fetchval(QUICK)
    await first
    await paused
    expect(pool.waiting).toBe(1)
    pool.resume()
    expect(await second).toBe(1)
  })

  test('hooks that run around each query leave each alone', async () => {
    for (const hook of ['setup', 'reset'] as const) {
      let count = 0
      const pool = await makePool({
        minSize: 1,
        maxSize: 1,
        pipelining: 8,
        [hook]: () => {
          count += 1
        },
      })
      await Promise.all([1, 2, 3].map(() => pool.fetchval(QUICK)))
      await until(() => count === 3)
    }
  })

  test('a connection that is lost fails all who share it, and the pool goes on', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, pipelining: 4 })
    const pid = await pool.fetchval('select pg_backend_pid()')
    const shared = atOnce(() =>
      Promise.allSettled([
        pool.fetchval('select pg_sleep(30)'),
        pool.fetchval(QUICK),
        pool.fetchval(QUICK),
      ]),
    )
    expect(pool.waiting).toBe(0)
    await using admin = await connect(dsn())
    await admin.fetchval('select pg_terminate_backend($1, 5000)', [pid])
    for (const outcome of await shared) {
      expect(outcome).toMatchObject({ reason: { code: 'ERR_SLUICE_CONNECTION_CLOSED' } })
    }
    expect(await pool.fetchval(QUICK)).toBe(1)
  })

  test('every caller gets its own answer, whatever else goes on', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 3, pipelining: 8, acquireTimeout: 60_000 })
    const ask = async (i: number): Promise<void> => {
      switch (i % 11) {
        case 0:
          await expect(pool.fetchval('select 1 / ($1::int - $1)', [i])).rejects.toMatchObject({
            code: '22012',
          })
          return
        case 1:
          expect(await pool.use((conn) => conn.fetchval('select $1::int', [i]))).toBe(i)
          return
        case 2:
          expect(await pool.transaction((tx) => tx.fetchval('select $1::int', [i]))).toBe(i)
          return
        case 3:
          expect(await pool.fetchval('select $1::int', [i], { timeout: 60_000 })).toBe(i)
          return
        case 4:
          await pool.execute(`set application_name = 'caller ${i}'`)
          return
        case 5:
          expect(await pool.execute(`select ${i}`)).toMatchObject({ rowCount: 1 })
          return
        case 6:
          await expect(
            pool.fetch('select pg_sleep(30)', [], { timeout: 1 + (i % 7) }),
          ).rejects.toMatchObject({ name: 'QueryTimeoutError' })
          return
        default:
          expect(await pool.fetchval('select $1::int', [i])).toBe(i)
      }
    }
    const caller = async (first: number) => {
      for (let i = first; i < first + 40; i++) await ask(i)
    }
    await Promise.all(Array.from({ length: 30 }, (_, index) => caller(index * 37)))
    // Those whose query was cancelled come back when the server has ended it.
    await until(() => pool.idleSize === pool.size)
    expect(pool.waiting).toBe(0)
  }, 60_000)

  test('values that cannot be are refused by name', async () => {
    for (const pipelining of [0, -1, 1.5, 1_001, 'yes']) {
      await expect(makePool({ pipelining: pipelining as never })).rejects.toThrow(/"pipelining"/)
    }
  })
})
