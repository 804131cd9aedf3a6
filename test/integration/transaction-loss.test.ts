import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Connection,
  ConnectionError,
  connect,
  createPool,
  InterfaceError,
  QueryTimeoutError,
  TransactionOutcomeUnknownError,
} from '../../src/index.js'
import { CUTS_TIMEOUT_MS, cutStep } from '../support/cut-step.js'
import { FaultProxy } from '../support/fault-proxy.js'
import { testServer } from '../support/server.js'

let dsn: string
let conn: Connection
let target: { host: string; port: number }
const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => unhandled.push(reason)

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled)
  dsn = (await testServer()).dsn()
  const [host = '', port] = (await addressOf(dsn)).split(':')
  target = { host, port: Number(port) }
  await using admin = await connect(dsn)
  await admin.execute('create table lost_items (id int)')
})

afterAll(async () => {
  await using admin = await connect(dsn)
  await admin.execute('drop table lost_items')
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
})

beforeEach(async () => {
  conn = await connect(dsn)
})

afterEach(() => conn.close())

/** The address behind a DSN. */
async function addressOf(text: string): Promise<string> {
  await using probe = await connect(text)
  return probe.address
}

describe('signal and timeout', () => {
  test('an abort cancels what runs, rolls back, and rejects with the reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const aborted = conn.transaction(
      async (tx) => {
        await tx.execute('insert into lost_items values (1)')
        setTimeout(() => controller.abort(reason), 20)
        await tx.fetchval('select pg_sleep(600)')
      },
      { signal: controller.signal },
    )
    await expect(aborted).rejects.toBe(reason)
    expect(await conn.fetchval('select count(*)::int from lost_items')).toBe(0)
  })

  test('a deadline ends a transaction whose function waits for something else', async () => {
    let handle: Connection['transaction'] | undefined
    const late = conn.transaction(
      async (tx) => {
        handle = tx.transaction.bind(tx)
        await tx.fetchval('select 1')
        await new Promise(() => {})
      },
      { timeout: 50 },
    )
    await expect(late).rejects.toThrow('the transaction did not end within 50 ms')
    await expect(late).rejects.toThrow(QueryTimeoutError)
    await expect(handle?.(() => {})).rejects.toThrow(/transaction/)
    expect(await conn.fetchval('select 1')).toBe(1)
    expect(conn.transactionStatus).toBe('idle')
  })

  test('a handle of begin() is dead past its deadline', async () => {
    const tx = await conn.begin({ timeout: 30 })
    await expect(tx.fetchval('select pg_sleep(600)')).rejects.toThrow(QueryTimeoutError)
    await expect(tx.commit()).rejects.toThrow(QueryTimeoutError)
    await tx[Symbol.asyncDispose]()
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('a query with a deadline of its own fails alone', async () => {
    await conn.transaction(
      async (tx) => {
        await using inner = await tx.begin()
        const late = inner.fetchval('select pg_sleep(600)', [], { timeout: 20 })
        await expect(late).rejects.toThrow(QueryTimeoutError)
      },
      { timeout: 60_000 },
    )
  })

  test('a signal that is aborted already: nothing is sent', async () => {
    const signal = AbortSignal.abort(new Error('before'))
    let ran = false
    const run = () => {
      ran = true
    }
    await expect(conn.transaction(run, { signal })).rejects.toThrow('before')
    await expect(conn.begin({ signal })).rejects.toThrow('before')
    expect(ran).toBe(false)
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('given up during COMMIT, another transaction may be begun at once', async () => {
    await conn.execute(`
      create temp table slow_items (id int);
      create function pg_temp.sleep_at_commit() returns trigger language plpgsql
        as $$ begin perform pg_sleep(600); return null; end $$;
      create constraint trigger slow after insert on slow_items deferrable initially deferred
        for each row execute function pg_temp.sleep_at_commit()`)
    const controller = new AbortController()
    const tx = await conn.begin({ signal: controller.signal })
    await tx.execute('insert into slow_items values (1)')
    const commit = tx.commit()
    setTimeout(() => controller.abort(new Error('enough')), 50)
    await expect(commit).rejects.toThrow(TransactionOutcomeUnknownError)
    await using next = await conn.begin()
    expect(await next.fetchval('select count(*)::int from slow_items')).toBe(0)
    await next.commit()
    expect(conn.transactionStatus).toBe('idle')
  })

  test('a timeout of 0 is no deadline', async () => {
    await using pool = await createPool(dsn, { minSize: 0, maxSize: 1 })
    for (const owner of [conn, pool]) {
      const slowly = owner.transaction((tx) => tx.fetchval('select 1 from pg_sleep(0.05)'), {
        timeout: 0,
      })
      expect(await slowly).toBe(1)
      await using tx = await owner.begin({ timeout: 0 })
      expect(await tx.fetchval('select 1 from pg_sleep(0.05)')).toBe(1)
    }
  })

  test('the deadline covers waiting for a connection of a pool', async () => {
    await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
    const borrowed = await pool.acquire()
    await expect(pool.transaction(() => {}, { timeout: 20 })).rejects.toThrow(QueryTimeoutError)
    borrowed.release()
    expect(await pool.transaction((tx) => tx.fetchval('select 1'))).toBe(1)
  })
})

/** Runs a transaction over a connection that is cut behind so many bytes; gives how it ended. */
async function runCut(way: 'toServer' | 'toClient', cutAfter: number): Promise<unknown> {
  await using proxy = await FaultProxy.start(target, { [way]: { cutAfter, cut: 'reset' } })
  const through = { host: '127.0.0.1', port: proxy.port, ssl: 'disable' as const }
  try {
    const cut = await connect(dsn, through)
    try {
      await cut.transaction(async (tx) => {
        await tx.execute('insert into lost_items values (1)')
        await tx.transaction((inner) => inner.execute('insert into lost_items values (2)'))
      })
      return undefined
    } finally {
      cut.terminate()
    }
  } catch (error) {
    return error
  }
}

describe('a connection that is lost', () => {
  for (const way of ['toServer', 'toClient'] as const) {
    test(
      `${way}, at every byte: all or nothing, and doubt only about the COMMIT`,
      async () => {
        let committed = 0
        let doubts = 0
        const failures: unknown[] = []
        // COMMIT takes twelve bytes, and its answer seventeen.
        const step = cutStep(way === 'toServer' ? 5 : 11)
        for (let cutAfter = 0; committed === 0; cutAfter += step) {
          await conn.execute('truncate lost_items')
          const error = await runCut(way, cutAfter)
          const rows = await conn.fetchval<number>('select count(*)::int from lost_items')
          if (error === undefined) {
            committed = rows ?? -1
          } else if (error instanceof TransactionOutcomeUnknownError) {
            doubts += 1
            expect(error.safeToRetry).toBe(false)
            if (rows !== 0) expect(rows).toBe(2)
          } else {
            if (!(error instanceof ConnectionError)) failures.push(error)
            expect(rows).toBe(0)
          }
        }
        expect(committed).toBe(2)
        expect(doubts).toBeGreaterThan(0)
        expect(failures).toEqual([])
      },
      CUTS_TIMEOUT_MS,
    )
  }

  test('during COMMIT: the outcome is unknown and nothing is retried', async () => {
    await using proxy = await FaultProxy.start(target)
    const through = { host: '127.0.0.1', port: proxy.port, ssl: 'disable' as const }
    const cut = await connect(dsn, through)
    let attempts = 0
    const lost = cut.transaction(
      async (tx) => {
        attempts += 1
        await tx.execute('insert into lost_items values (1)')
        proxy.freeze()
        setTimeout(() => proxy.resetAll(), 20)
      },
      { retry: true },
    )
    await expect(lost).rejects.toThrow(TransactionOutcomeUnknownError)
    await expect(lost).rejects.toMatchObject({
      code: 'ERR_SLUICE_OUTCOME_UNKNOWN',
      safeToRetry: false,
      cause: { code: 'ERR_SLUICE_CONNECTION_CLOSED' },
    })
    expect(attempts).toBe(1)
  })

  test('a COMMIT that gets no answer ends by the deadline', async () => {
    await using proxy = await FaultProxy.start(target)
    const cut = await connect(dsn, { host: '127.0.0.1', port: proxy.port, ssl: 'disable' })
    const lost = cut.transaction(
      async (tx) => {
        await tx.fetchval('select 1')
        proxy.freeze()
      },
      { timeout: 200 },
    )
    await expect(lost).rejects.toThrow(TransactionOutcomeUnknownError)
    await expect(lost).rejects.toMatchObject({ cause: { code: 'ERR_SLUICE_QUERY_TIMEOUT' } })
    cut.terminate()
  })

  test('before its end: handles fail, disposal does not', async () => {
    const tx = await conn.begin()
    conn.terminate()
    await expect(tx.fetchval('select 1')).rejects.toThrow(ConnectionError)
    await tx[Symbol.asyncDispose]()
    await expect(tx.fetchval('select 1')).rejects.toThrow(InterfaceError)
  })
})
