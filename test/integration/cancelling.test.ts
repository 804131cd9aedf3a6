import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Connection,
  connect,
  createPool,
  QueryTimeoutError,
  type Transaction,
} from '../../src/index.js'
import { FaultProxy } from '../support/fault-proxy.js'
import { type TestServer, testServer } from '../support/server.js'

let server: TestServer
let dsn: string
let conn: Connection

beforeAll(async () => {
  server = await testServer()
  dsn = server.dsn()
  conn = await connect(dsn)
})

afterAll(() => conn.close())

/** A signal that is aborted with a reason of its own in a moment. */
function abortedSoon(): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort('changed my mind'), 30)
  return controller.signal
}

/** Waits until that session sleeps. */
async function sleeping(pid: number): Promise<void> {
  await using admin = await connect(dsn)
  const ask = 'select wait_event from pg_stat_activity where pid = $1'
  while ((await admin.fetchval(ask, [pid])) !== 'PgSleep') await sleep(5)
}

/** Whether that session runs something. */
async function isActive(pid: number): Promise<boolean> {
  await using admin = await connect(dsn)
  const state = await admin.fetchval('select state from pg_stat_activity where pid = $1', [pid])
  return state === 'active'
}

describe('a query that runs', () => {
  for (const sslmode of ['disable', 'require'] as const) {
    test(`is cancelled by its signal, and the connection stays (sslmode ${sslmode})`, async () => {
      await using own = await connect(server.dsn({ sslmode }))
      const pid = own.serverPid
      const error = own.fetch('select pg_sleep(60)', [], { signal: abortedSoon() })
      await expect(error).rejects.toBe('changed my mind')
      expect(await own.fetchval('select pg_backend_pid()')).toBe(pid)
    })
  }

  test('by a unix socket is cancelled by the same', async () => {
    await using own = await connect(server.dsn({ host: 'socket' }))
    const error = own.execute('select pg_sleep(60)', undefined, { signal: abortedSoon() })
    await expect(error).rejects.toBe('changed my mind')
    expect(await own.fetchval('select 1')).toBe(1)
  })

  test('is cancelled by its timeout', async () => {
    const error = await conn
      .fetchval('select pg_sleep(60)', [], { timeout: 30 })
      .catch((e: QueryTimeoutError) => e)
    expect(error).toBeInstanceOf(QueryTimeoutError)
    expect(error).toMatchObject({ timeout: 30, safeToRetry: false })
    expect(error).toHaveProperty('stack', expect.stringContaining('cancelling.test'))
    expect(await conn.fetchval('select 2')).toBe(2)
  })

  test('has the timeout of its connection, unless it has its own', async () => {
    await using own = await connect(dsn, { queryTimeout: 30 })
    await expect(own.execute('select pg_sleep(60)')).rejects.toBeInstanceOf(QueryTimeoutError)
    const slow = own.fetchval("select 'done' from pg_sleep(0.1)", [], { timeout: 0 })
    expect(await slow).toBe('done')
  })

  test('and sends rows is cancelled between them', async () => {
    const signal = abortedSoon()
    const error = conn.fetch("select repeat('x', 1000) from generate_series(1, 100000000)", [], {
      signal,
    })
    await expect(error).rejects.toBe('changed my mind')
    expect(await conn.fetchval('select 3')).toBe(3)
  })

  test('in a transaction fails the transaction, which can be rolled back', async () => {
    await conn.execute('begin')
    const error = conn.execute('select pg_sleep(60)', undefined, { signal: abortedSoon() })
    await expect(error).rejects.toBe('changed my mind')
    await expect(conn.fetchval('select 1')).rejects.toMatchObject({ code: '25P02' })
    expect(conn.transactionStatus).toBe('failed')
    await conn.execute('rollback')
    expect(await conn.fetchval('select 4')).toBe(4)
  })

  test('leaves nothing running behind', async () => {
    await using own = await connect(dsn)
    const error = own.execute('select pg_sleep(60)', undefined, { signal: abortedSoon() })
    await expect(error).rejects.toBe('changed my mind')
    await own.fetchval('select 1')
    expect(await isActive(own.serverPid)).toBe(false)
  })
})

test('a query whose Parse waits for a lock is cancelled, too', async () => {
  await using other = await connect(dsn)
  await other.execute('drop table if exists held; create table held (a int)')
  await other.execute('begin')
  await other.execute('lock table held in access exclusive mode')
  const error = conn.fetch('select a from held where a = $1', [1], { signal: abortedSoon() })
  await expect(error).rejects.toBe('changed my mind')
  expect(await conn.fetchval('select 5')).toBe(5)
  await other.execute('rollback; drop table held')
})

test('so is a batch, whatever is prepared for it, and whoever is behind it does not notice', async () => {
  await using own = await connect(dsn)
  await using locker = await connect(dsn)
  await own.execute('create table locked_for_batches (id int)')
  await locker.execute('begin; lock table locked_for_batches')
  const get = 'select * from locked_for_batches where id = $1'
  const count = 'select count(*) from locked_for_batches'
  const item = [[get, [1]]] as const
  const batch = own.batch([...item, [count, []]], { timeout: 30 })
  await expect(batch).rejects.toBeInstanceOf(QueryTimeoutError)
  expect(await own.fetchval('select 1')).toBe(1)

  const query = own.fetch(get, [1], { timeout: 30 })
  const behind = own.batch(item)
  await expect(query).rejects.toBeInstanceOf(QueryTimeoutError)
  await locker.execute('rollback')
  expect(await behind).toMatchObject([{ rows: [] }])
  await own.execute('drop table locked_for_batches')
})

test('rows that are left before their Parse is done fail no transaction', async () => {
  await using own = await connect(dsn)
  await using locker = await connect(dsn)
  await own.execute('create table locked_for_readers (id int)')
  const get = 'select * from locked_for_readers'
  for (const read of [
    (tx: Transaction) => tx.stream(get).values(),
    (tx: Transaction) => tx.copyRecordsFrom(get),
  ]) {
    await locker.execute('begin; lock table locked_for_readers')
    await using tx = await own.begin()
    const rows = read(tx)
    const next = rows.next()
    await sleep(30)
    await rows.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
    await sleep(30)
    await locker.execute('rollback')
    expect(await tx.fetchval('select 1')).toBe(1)
  }
  await own.execute('drop table locked_for_readers')
})

describe('a query that waits its turn', () => {
  test('is taken out, and its neighbours do not notice', async () => {
    const table = 'create temp table turns (a int)'
    await conn.execute(table)
    const controller = new AbortController()
    const { signal } = controller
    const first = conn.fetchval('select 1 from pg_sleep(0.2)', [], { timeout: 10_000 })
    const doomed = Array.from({ length: 100 }, (_, i) =>
      conn.execute('insert into turns values ($1)', [i], { signal }).catch((error) => error),
    )
    const last = conn.fetchval('select count(*) from turns')
    // More than ten of them would get the warning of a leak.
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    controller.abort('all of them')
    expect(new Set(await Promise.all(doomed))).toEqual(new Set(['all of them']))
    expect(await Promise.all([first, last])).toEqual([1, 0])
    await conn.execute('drop table turns')
  })

  test('in a pool gives its place up', async () => {
    await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
    const busy = pool.fetchval('select 1 from pg_sleep(1)')
    const error = await pool.fetchval('select 2', [], { timeout: 50 }).catch((e) => e)
    expect(error).toMatchObject({ name: 'QueryTimeoutError', safeToRetry: true })
    expect(await busy).toBe(1)
    expect(await pool.fetchval('select 3')).toBe(3)
  })
})

test('a cancel never hits the next query, whenever it comes', async () => {
  await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
  for (let i = 0; i < 60; i++) {
    // It ends by itself at about the time of its deadline, now before and now behind it.
    const seconds = 0.001 * (1 + (i % 6))
    const slow = pool
      .fetchval('select 1 from pg_sleep($1)', [seconds], { timeout: 3 })
      .catch((error: unknown) => error)
    const next = pool.fetchval('select 2 from pg_sleep(0.002)')
    expect([1, expect.any(QueryTimeoutError)]).toContainEqual(await slow)
    expect(await next).toBe(2)
  }
})

test('neighbours on one connection are never hit, either', async () => {
  for (let i = 0; i < 40; i++) {
    const results = await Promise.all([
      conn.fetchval('select 1'),
      conn
        .fetchval('select 2 from pg_sleep($1)', [0.001 * (i % 6)], { timeout: 3 })
        .catch((error: unknown) => error),
      conn.fetchval('select 3 from pg_sleep(0.002)'),
    ])
    expect([results[0], results[2]]).toEqual([1, 3])
  }
})

test('cancel() cancels what runs, and hits nothing else', async () => {
  const running = conn.fetchval('select pg_sleep(60)')
  const error = running.catch((e: unknown) => e)
  await sleeping(conn.serverPid)
  await conn.cancel()
  expect(await error).toMatchObject({ code: '57014' })
  await conn.cancel()
  expect(await conn.fetchval('select 6')).toBe(6)
})

test('a server that has fallen silent is given up by the deadline', async () => {
  await using proxy = await FaultProxy.start(proxyTarget())
  const own = await connect(dsn, { host: '127.0.0.1', port: proxy.port, ssl: 'disable' })
  proxy.freeze()
  const first = await own.fetchval('select 1', [], { timeout: 50 }).catch((e: unknown) => e)
  expect(first).toBeInstanceOf(QueryTimeoutError)
  const second = await own.fetchval('select 2').catch((e: unknown) => e)
  expect(second).toMatchObject({ name: 'ConnectionClosedError', safeToRetry: true })
  expect(own.isClosed).toBe(true)
})

test('so is the BEGIN of a cursor of a pool', async () => {
  await using proxy = await FaultProxy.start(proxyTarget())
  const pool = await createPool(dsn, { host: '127.0.0.1', port: proxy.port, ssl: 'disable' })
  await pool.fetchval('select 1')
  proxy.freeze()
  const rows = pool.cursor('select 1').fetch(1, { timeout: 50 })
  await expect(rows).rejects.toBeInstanceOf(QueryTimeoutError)
  pool.terminate()
  await pool.close()
})

test('close({ timeout }) of a connection to a silent server ends in time', async () => {
  await using proxy = await FaultProxy.start(proxyTarget())
  const own = await connect(dsn, { host: '127.0.0.1', port: proxy.port, ssl: 'disable' })
  proxy.freeze()
  const lost = own.fetchval('select 1').catch((e: unknown) => e)
  await own.close({ timeout: 50 })
  expect(await lost).toMatchObject({ name: 'ConnectionClosedError' })
})

test('the context of the caller holds behind every way a query ends', async () => {
  const storage = new AsyncLocalStorage<string>()
  const seen = await storage.run('mine', async () => {
    const contexts: unknown[] = []
    const note = () => contexts.push(storage.getStore())
    await conn.fetchval('select 1').then(note)
    await conn.fetchval('selct').catch(note)
    await conn.execute('select pg_sleep(60)', undefined, { timeout: 20 }).catch(note)
    await conn.fetchval('select 2', [], { signal: AbortSignal.abort() }).catch(note)
    await Promise.all([conn.fetchval('select 3'), conn.fetchval('select 4')]).then(note)
    note()
    return contexts
  })
  expect(seen).toEqual(Array.from({ length: 6 }, () => 'mine'))
})

test('options of the wrong kind are TypeErrors, and nothing is sent', async () => {
  for (const options of [{ timeout: -1 }, { timeout: '1' }, { timeout: NaN }, { signal: {} }]) {
    expect(() => conn.fetch('select 1', [], options as never)).toThrow(TypeError)
  }
  expect(await conn.fetchval('select 7')).toBe(7)
})

function proxyTarget(): { host: string; port: number } {
  const { hostname, port } = new URL(server.dsn())
  return { host: hostname, port: Number(port) }
}
