import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Connection,
  ConnectionClosedError,
  connect,
  createPool,
  InterfaceError,
  type Notification,
  onQuery,
  QueryTimeoutError,
} from '../../src/index.js'
import { testServer } from '../support/server.js'
import { until } from '../support/until.js'

let dsn: string
let conn: Connection
let other: Connection

beforeEach(async () => {
  dsn = (await testServer()).dsn()
  conn = await connect(dsn)
  other = await connect(dsn)
})

afterEach(() => Promise.all([conn.close(), other.close()]))

/** Waits for what was sent before. */
const inStep = () => conn.fetchval('select 1').then(() => new Promise(setImmediate))

describe('listen', () => {
  test('gets notifications while idle, of others and its own, until disposed of', async () => {
    const seen: Notification[] = []
    {
      await using subscription = await conn.listen('orders', (each) => seen.push(each))
      expect(subscription.channel).toBe('orders')
      await other.notify('orders', 'one')
      await until(() => seen.length === 1)
      await conn.notify('orders')
      await until(() => seen.length === 2)
    }
    await other.notify('orders', 'too late')
    await inStep()
    expect(seen).toEqual([
      { channel: 'orders', payload: 'one', processId: other.serverPid },
      { channel: 'orders', payload: '', processId: conn.serverPid },
    ])
  })

  const names = [
    'Orders',
    'with space',
    'a"b',
    `'; drop table x; --`,
    '$1',
    'ünï😀',
    'x'.repeat(63),
  ]
  for (const name of names) {
    test(`the channel ${name}`, async () => {
      const payloads: string[] = []
      await conn.listen(name, ({ payload }) => payloads.push(payload))
      await other.notify(name, name)
      await until(() => payloads.length === 1)
      expect(payloads).toEqual([name])
      await conn.unlisten(name)
      await other.notify(name, name)
      await inStep()
      expect(payloads).toEqual([name])
    })
  }

  test('LISTEN and UNLISTEN are sent once per channel', async () => {
    const texts: string[] = []
    using _ = onQuery(({ text }) => texts.push(text))
    const subscriptions = await Promise.all([
      conn.listen('a', () => {}),
      conn.listen('a', () => {}),
      conn.listen('b', () => {}),
    ])
    for (const each of subscriptions) await each.close()
    for (const each of subscriptions) await each.close()
    expect(texts).toEqual(['listen "a"', 'listen "b"', 'unlisten "a"', 'unlisten "b"'])
  })

  test('several listeners; one leaves, the others stay', async () => {
    const seen: string[] = []
    const first = () => seen.push('first')
    await conn.listen('a', first)
    const again = await conn.listen('a', first)
    await conn.listen('a', () => seen.push('second'))
    await other.notify('a')
    await until(() => seen.length === 3)
    await again.close()
    await other.notify('a')
    await until(() => seen.length === 5)
    await conn.unlisten('a', first)
    await other.notify('a')
    await until(() => seen.length === 6)
    expect(seen.at(-1)).toBe('second')
  })

  test('listening again right behind the end of listening', async () => {
    const seen: string[] = []
    const subscription = await conn.listen('a', () => seen.push('former'))
    const closed = subscription.close()
    await conn.listen('a', () => seen.push('later'))
    await closed
    await other.notify('a')
    await until(() => seen.length === 1)
    expect(seen).toEqual(['later'])
  })

  test('a listener that throws keeps neither others nor the connection', async () => {
    const uncaught: unknown[] = []
    const former = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => uncaught.push(error))
    try {
      const seen: string[] = []
      const error = new Error('mine')
      await conn.listen('a', () => {
        throw error
      })
      await conn.listen('a', ({ payload }) => seen.push(payload))
      await other.notify('a', '1')
      await other.notify('a', '2')
      await until(() => seen.length === 2)
      expect(await conn.fetchval('select 1')).toBe(1)
      expect(uncaught).toEqual([error, error])
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const each of former) process.on('uncaughtException', each)
    }
  })

  test('listeners run in the async context of their listen()', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    await storage.run('here', () => conn.listen('a', () => seen.push(storage.getStore())))
    await storage.run('there', () => other.notify('a'))
    await until(() => seen.length === 1)
    expect(seen).toEqual(['here'])
  })

  test('a refused LISTEN leaves nothing behind', async () => {
    await conn.execute('begin')
    await conn.execute('nonsense').catch(() => {})
    await expect(conn.listen('a', () => {})).rejects.toMatchObject({ code: '25P02' })
    await conn.execute('rollback')
    const seen: string[] = []
    await conn.listen('a', ({ payload }) => seen.push(payload))
    await other.notify('a', 'x')
    await until(() => seen.length === 1)
  })

  test('a closed connection: listening is refused, disposal does no harm', async () => {
    const subscription = await conn.listen('a', () => {})
    await conn.close()
    await expect(conn.listen('b', () => {})).rejects.toThrow(ConnectionClosedError)
    await subscription.close()
  })

  test('on a borrowed connection it ends with the release', async () => {
    await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
    const seen: string[] = []
    const borrowed = await pool.acquire()
    await borrowed.listen('a', ({ payload }) => seen.push(payload))
    borrowed.release()
    await other.notify('a', 'x')
    expect(await pool.fetch('select * from pg_listening_channels()')).toEqual([])
    expect(seen).toEqual([])
  })
})

describe('notify', () => {
  test('in a transaction it is sent at the commit', async () => {
    const seen: string[] = []
    await conn.listen('a', ({ payload }) => seen.push(payload))
    await other
      .transaction(async (tx) => {
        await tx.notify('a', 'rolled back')
        throw new Error('no')
      })
      .catch(() => {})
    await other.transaction(async (tx) => {
      await tx.notify('a', 'committed')
      await inStep()
      expect(seen).toEqual([])
    })
    await until(() => seen.length > 0)
    expect(seen).toEqual(['committed'])
  })

  test('a payload that is too long is refused by the server', async () => {
    await expect(conn.notify('a', 'x'.repeat(8000))).rejects.toMatchObject({ code: '22023' })
    await conn.notify('a', 'x'.repeat(7999))
  })
})

test('bad names and listeners are refused, and nothing is sent', async () => {
  const texts: string[] = []
  using _ = onQuery(({ text }) => texts.push(text))
  for (const name of ['', 'a\0b', 'x'.repeat(64), 'ü'.repeat(32), 1, null, undefined]) {
    const bad = name as string
    expect(() => conn.listen(bad, () => {})).toThrow(/name of a channel/)
    await expect(conn.unlisten(bad)).rejects.toThrow(/name of a channel/)
    await expect(conn.notify(bad)).rejects.toThrow(/name of a channel/)
  }
  expect(() => conn.listen('a', 'b' as never)).toThrow(TypeError)
  expect(texts).toEqual([])
})

test('while a transaction is open the connection cannot listen', async () => {
  await using _ = await conn.begin()
  await expect(conn.listen('a', () => {})).rejects.toThrow(InterfaceError)
})

describe('given up', () => {
  const channelsOf = (connection: Connection) =>
    connection.fetchcol('select * from pg_listening_channels() order by 1')
  const seen: string[] = []
  const listener = ({ payload }: Notification) => void seen.push(payload)

  /** Keeps what comes behind it waiting, unwritten. */
  const running = (seconds = 0.1) =>
    conn.fetchval('select 1 from pg_sleep($1)', [seconds], { timeout: 10_000 })

  test('listen() with a signal that is aborted sends nothing', async () => {
    const texts: string[] = []
    using _ = onQuery(({ text }) => texts.push(text))
    const reason = new Error('enough')
    const listening = conn.listen('a', listener, { signal: AbortSignal.abort(reason) })
    expect(await listening.catch((error: unknown) => error)).toBe(reason)
    expect(texts).toEqual([])
  })

  test('listen() that waits its turn, by its timeout and by its signal', async () => {
    const before = running()
    const controller = new AbortController()
    const results = Promise.allSettled([
      conn.listen('a', listener, { timeout: 10 }),
      conn.listen('b', listener, { signal: controller.signal }),
    ])
    controller.abort('enough')
    expect(await results).toMatchObject([
      { reason: { name: 'QueryTimeoutError' } },
      { reason: 'enough' },
    ])
    await before
    expect(await channelsOf(conn)).toEqual([])
  })

  test('listen() that was sent behind another query', async () => {
    const before = conn.fetchval('select 1 from pg_sleep(0.1)')
    const controller = new AbortController()
    const listening = conn.listen('a', listener, { signal: controller.signal })
    setImmediate(() => controller.abort('enough'))
    await expect(listening).rejects.toBe('enough')
    expect(await before).toBe(1)
    expect(await channelsOf(conn)).toEqual([])
    await conn.listen('a', listener)
    expect(await channelsOf(conn)).toEqual(['a'])
  })

  test('of two that wait for one LISTEN, the other goes on', async () => {
    const before = running()
    const [first, second] = await Promise.allSettled([
      conn.listen('a', listener, { timeout: 10 }),
      conn.listen('a', listener, { timeout: 10_000 }),
    ])
    expect(first.status).toBe('rejected')
    expect(second.status).toBe('fulfilled')
    await before
    expect(await channelsOf(conn)).toEqual(['a'])
  })

  test('the end of listening takes effect at once, and on the server in the end', async () => {
    seen.length = 0
    await conn.listen('a', listener)
    const subscription = await conn.listen('b', listener)
    // It lasts until both are given up, on a busy machine too.
    const before = running(0.5)
    await Promise.all([other.notify('a'), other.notify('b')])
    await Promise.all([
      expect(conn.unlisten('a', undefined, { timeout: 10 })).rejects.toThrow(/10 ms/),
      expect(subscription.close({ timeout: 10 })).rejects.toThrow(/10 ms/),
    ])
    await before
    expect(await channelsOf(conn)).toEqual([])
    expect(seen).toEqual([])
  })

  test('the end of listening, given up, does not end the listening that was begun behind it', async () => {
    const seen: string[] = []
    const first = await conn.listen('orders', () => {})
    const slow = conn.execute('select pg_sleep(0.5)')
    const closed = first.close({ timeout: 20 })
    const second = conn.listen('orders', ({ payload }) => seen.push(payload))
    await expect(closed).rejects.toBeInstanceOf(QueryTimeoutError)
    await Promise.all([slow, second])
    await inStep()
    await other.notify('orders', 'one')
    await inStep()
    expect(seen).toEqual(['one'])
  })

  test('listen() by the queryTimeout of its connection', async () => {
    await using silent = await connect(dsn, { queryTimeout: 30 })
    const before = silent.fetchval('select 1 from pg_sleep(0.1)', [], { timeout: 10_000 })
    await expect(silent.listen('a', listener)).rejects.toThrow(/30 ms/)
    await before
  })

  test('wrong limits are refused', () => {
    expect(() => conn.listen('a', listener, { timeout: -1 })).toThrow(TypeError)
    expect(() => conn.listen('a', listener, { signal: 'x' as never })).toThrow(TypeError)
  })
})
