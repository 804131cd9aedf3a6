import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resolveConnection } from '../../src/config/resolve.js'
import {
  connect,
  createPool,
  type NotificationEvent,
  type NotificationStream,
  type Pool,
} from '../../src/index.js'
import { SharedListener } from '../../src/pool/shared-listener.js'
import { startPostgres, type TestPostgres } from '../../src/testing/index.js'
import { TypeCatalogue } from '../../src/types/type-catalogue.js'
import { Connector } from '../../src/wire/connector.js'
import { FaultProxy } from '../support/fault-proxy.js'
import { until } from '../support/until.js'

let server: TestPostgres

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop('immediate'))

/** What the sessions that listen, or have just ceased to, did last. */
async function listeningSessions(): Promise<string[]> {
  await using admin = await connect(server.adminDsn)
  const rows = await admin.fetch<{ query: string }>(
    `select query from pg_stat_activity where query ~* '^(un)?listen'`,
  )
  return rows.map(({ query }) => query)
}

/** A session that was told to end does so in its own time. */
async function nobodyListens(): Promise<void> {
  await expect.poll(listeningSessions, { timeout: 10_000 }).toEqual([])
}

async function killListening(): Promise<void> {
  await using admin = await connect(server.adminDsn)
  await admin.execute(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where query ~* '^(un)?listen'`)
}

async function nextOf(stream: NotificationStream): Promise<NotificationEvent | undefined> {
  const { value } = await stream.next()
  return value
}

async function openPool(options = {}): Promise<Pool> {
  return createPool(server.adminDsn, {
    minSize: 1,
    maxSize: 1,
    retryBackoff: { min: 10, max: 200 },
    ...options,
  })
}

describe('pool.listen', () => {
  test('gives notifications in order, with channel, payload and sender', async () => {
    await using pool = await openPool()
    await using orders = pool.listen('Orders; "quoted"')
    await orders.listening
    const sender = await pool.use(async (conn) => {
      await conn.notify(orders.channel, 'first')
      await conn.notify(orders.channel)
      return conn.serverPid
    })
    expect(await nextOf(orders)).toEqual({
      type: 'notification',
      channel: 'Orders; "quoted"',
      payload: 'first',
      processId: sender,
    })
    expect(await nextOf(orders)).toMatchObject({ payload: '' })
  })

  test('takes none of the connections that are lent, and holds up no pause', async () => {
    await using pool = await openPool()
    await using stream = pool.listen('apart')
    await stream.listening
    expect([pool.size, pool.idleSize]).toEqual([1, 1])
    await pool.pause()
    pool.resume()
    await using conn = await pool.acquire()
    await conn.notify('apart', 'while all are lent')
    expect(await nextOf(stream)).toMatchObject({ payload: 'while all are lent' })
  })

  test('several channels and consumers share one connection; each gets what is its own', async () => {
    await using pool = await openPool()
    await nobodyListens()
    await using first = pool.listen('a')
    await using second = pool.listen('a')
    await using other = pool.listen('b')
    await Promise.all([first.listening, second.listening, other.listening])
    expect(await listeningSessions()).toHaveLength(1)
    await pool.notify('a', 'to both')
    await pool.notify('b', 'to one')
    expect(await nextOf(first)).toMatchObject({ channel: 'a', payload: 'to both' })
    expect(await nextOf(second)).toMatchObject({ channel: 'a', payload: 'to both' })
    expect(await nextOf(other)).toMatchObject({ channel: 'b', payload: 'to one' })
  })

  test('a loop that is left ends its channel with its last consumer, and the connection with the last of all', async () => {
    await using pool = await openPool()
    await nobodyListens()
    const other = pool.listen('stays')
    const second = pool.listen('leaves')
    const loop = pool.listen('leaves')
    await Promise.all([other.listening, second.listening, loop.listening])
    await pool.notify('leaves', 'x')
    for await (const event of loop) {
      expect(event).toMatchObject({ payload: 'x' })
      break
    }
    expect(await listeningSessions()).toEqual([expect.stringMatching(/^listen/)])
    await second.return()
    expect(await listeningSessions()).toEqual(['unlisten "leaves"'])
    await other.return()
    await nobodyListens()
    expect(await other.next()).toEqual({ done: true, value: undefined })

    await using again = pool.listen('leaves')
    await again.listening
    await pool.notify('leaves', 'y')
    expect(await nextOf(again)).toMatchObject({ payload: 'y' })
  })

  test('a connection that is killed leaves a gap in each loop, and further notifications behind it', async () => {
    await using pool = await openPool()
    await using first = pool.listen('killed')
    await using second = pool.listen('killed too')
    await Promise.all([first.listening, second.listening])
    for (let round = 0; round < 2; round++) {
      await killListening()
      expect(await nextOf(first)).toEqual({ type: 'gap', reason: 'connection' })
      expect(await nextOf(second)).toEqual({ type: 'gap', reason: 'connection' })
      await pool.notify('killed', `after ${round}`)
      expect(await nextOf(first)).toMatchObject({ payload: `after ${round}` })
    }
  })

  test('what was sent before a gap still comes before it', async () => {
    await using pool = await openPool()
    await using stream = pool.listen('ordered')
    await using witness = pool.listen('ordered')
    await Promise.all([stream.listening, witness.listening])
    await pool.notify('ordered', 'before')
    await witness.next()
    await killListening()
    await witness.next()
    await pool.notify('ordered', 'behind')
    await witness.next()
    const events = [await nextOf(stream), await nextOf(stream), await nextOf(stream)]
    expect(events).toMatchObject([{ payload: 'before' }, { type: 'gap' }, { payload: 'behind' }])
  })

  test('a server that restarts is listened to again', async () => {
    await using own = await startPostgres()
    await using pool = await createPool(own.adminDsn, {
      minSize: 1,
      maxSize: 2,
      acquireTimeout: 30_000,
    })
    await using stream = pool.listen('restart')
    await stream.listening
    await own.restart('fast')
    expect(await nextOf(stream)).toEqual({ type: 'gap', reason: 'connection' })
    await pool.notify('restart', 'back')
    expect(await nextOf(stream)).toMatchObject({ payload: 'back' })
  })

  test('a slow consumer loses what waits, and gets a gap in its place', async () => {
    await using pool = await openPool()
    await using slow = pool.listen('many', { bufferSize: 3 })
    await using fast = pool.listen('many')
    await Promise.all([slow.listening, fast.listening])
    await pool.execute(`select pg_notify('many', i::text) from generate_series(1, 5) i`)
    for (let i = 0; i < 5; i++) expect(await nextOf(fast)).toMatchObject({ payload: `${i + 1}` })
    expect(await nextOf(slow)).toEqual({ type: 'gap', reason: 'overflow' })
    expect(await nextOf(slow)).toMatchObject({ payload: '5' })
  })

  test('closing the pool ends the loops and the connection', async () => {
    const pool = await openPool()
    await nobodyListens()
    const stream = pool.listen('closed')
    await stream.listening
    const waiting = stream.next()
    await pool.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
    await nobodyListens()
    expect(() => pool.listen('closed')).toThrow(/the pool is closed/)
  })

  test('terminating the pool does so while the network is frozen', async () => {
    await using proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port })
    const pool = await openPool({ host: '127.0.0.1', port: proxy.port })
    const stream = pool.listen('frozen')
    await stream.listening
    proxy.freeze()
    const waiting = stream.next()
    pool.terminate()
    await pool.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  test('a signal ends the loop with its reason, and lets go of the connection', async () => {
    await using pool = await openPool()
    await nobodyListens()
    const reason = new Error('enough')
    const control = new AbortController()
    const stream = pool.listen('aborted', { signal: control.signal })
    await stream.listening
    const waiting = stream.next()
    control.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    await pool.close()
    await nobodyListens()
  })

  test('a signal that is aborted already ends it at once', async () => {
    await using pool = await openPool()
    const reason = new Error('never')
    const stream = pool.listen('aborted', { signal: AbortSignal.abort(reason) })
    await expect(stream.listening).rejects.toBe(reason)
    await expect(stream.next()).rejects.toBe(reason)
  })

  test('names and options that cannot be are refused at once', async () => {
    await using pool = await openPool()
    expect(() => pool.listen('')).toThrow(RangeError)
    expect(() => pool.listen('x'.repeat(64))).toThrow(RangeError)
    expect(() => pool.listen('a\0b')).toThrow(RangeError)
    expect(() => pool.listen('a', { bufferSize: 0 })).toThrow(/bufferSize/)
    expect(() => pool.listen('a', { signal: 'x' as never })).toThrow(/signal/)
  })

  test('a server that cannot be reached at first is the error of the loop', async () => {
    await using pool = await createPool('postgresql://127.0.0.1:1/x?sslmode=disable', {
      minSize: 0,
      maxSize: 1,
    })
    const stream = pool.listen('nobody')
    await expect(stream.next()).rejects.toMatchObject({ name: 'ConnectionError' })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })
})

test('a connection that only listens is asked for signs of life, and lost without an answer', async () => {
  await using proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port })
  const config = resolveConnection(server.adminDsn, { host: '127.0.0.1', port: proxy.port })
  const connector = new Connector(config)
  const types = new TypeCatalogue(config.types)
  const listener = new SharedListener({
    open: (handler, signal) => connector.connect(types, handler, signal),
    retryBackoff: { min: 10, max: 100, factor: 2, jitter: 0, failFast: Number.POSITIVE_INFINITY },
    heartbeatMs: 50,
    answerMs: 2_000,
  })
  const stream = listener.listen('silence', {})
  await stream.listening
  proxy.freeze()
  const event = nextOf(stream)
  await until(() => proxy.connections.length > 1, 20_000)
  proxy.thaw()
  expect(await event).toEqual({ type: 'gap', reason: 'connection' })
  await listener.close()
})

test('until the server is back there are pauses, and leaving ends them', async () => {
  const own = await startPostgres()
  await using pool = await createPool(own.adminDsn, { minSize: 0, maxSize: 1 })
  const stream = pool.listen('down')
  await stream.listening
  await own.stop('immediate')
  await until(() => pool.size === 0)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(await stream.return()).toEqual({ done: true, value: undefined })
})
