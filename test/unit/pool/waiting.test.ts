import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { PoolOverloadedError, PoolTimeoutError } from '../../../src/base/pool-errors.js'
import { type FakeResource, makePool, settle, watch } from './fake-resources.js'

describe('waiting', () => {
  test('waiters are served in the order they came', async () => {
    const { pool, lend } = makePool({ maxSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    const served: number[] = []
    for (const id of [1, 2, 3]) pool.acquire().then(() => served.push(id))
    for (let i = 0; i < 3; i++) {
      pool.release(a)
      await settle()
    }
    expect(served).toEqual([1, 2, 3])
  })

  test('a released resource is handed over within release', async () => {
    const { pool, lend } = makePool({ maxSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    let got: FakeResource | undefined
    const onResource = (resource: FakeResource) => {
      got = resource
    }
    pool.enqueue({ onResource, onRefused: () => {} }, Infinity)
    pool.release(a)
    expect(got).toBe(a)
  })

  test('enqueue serves at once from what is idle', async () => {
    const { pool, lend } = makePool()
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    let got: FakeResource | undefined
    const onResource = (resource: FakeResource) => {
      got = resource
    }
    const handle = pool.enqueue({ onResource, onRefused: () => {} }, 0)
    expect([got, pool.cancel(handle)]).toEqual([a, false])
  })

  test('ten thousand waiters that release at once are served without deep recursion', async () => {
    const { pool, lend } = makePool({ maxSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    const served: number[] = []
    for (let id = 0; id < 10_000; id++) {
      const onResource = (resource: FakeResource) => {
        served.push(id)
        pool.release(resource)
      }
      pool.enqueue({ onResource, onRefused: () => {} }, Infinity)
    }
    pool.release(a)
    expect(served).toEqual(Array.from({ length: 10_000 }, (_, id) => id))
  })

  test('a waiter that asks within the release of another does not overtake a third', async () => {
    const { pool, lend } = makePool({ maxSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    const served: string[] = []
    const onRefused = () => {}
    const onResource = (name: string) => (resource: FakeResource) => {
      served.push(name)
      pool.release(resource)
      if (name !== 'first') return
      expect(pool.tryAcquire()).toBeUndefined()
      pool.enqueue({ onResource: onResource('late'), onRefused }, Infinity)
    }
    pool.enqueue({ onResource: onResource('first'), onRefused }, Infinity)
    pool.enqueue({ onResource: onResource('second'), onRefused }, Infinity)
    pool.release(a)
    expect(served).toEqual(['first', 'second', 'late'])
  })

  test('a cancelled waiter is never called, and the next one is served', async () => {
    const { pool, lend } = makePool({ maxSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    const called: string[] = []
    const waiter = (name: string) => ({
      onResource: () => called.push(name),
      onRefused: () => called.push(name),
    })
    const handle = pool.enqueue(waiter('cancelled'), 50)
    pool.enqueue(waiter('next'), Infinity)
    expect([pool.cancel(handle), pool.cancel(handle)]).toEqual([true, false])
    pool.release(a)
    expect(called).toEqual(['next'])
  })

  test('beyond maxWaiting callers are refused at once, with the figures', async () => {
    const { pool, lend } = makePool({ maxSize: 1, maxWaiting: 1 })
    await lend(1)
    const first = watch(pool.acquire())
    const error = await pool.acquire().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(PoolOverloadedError)
    expect((error as PoolOverloadedError).pool).toMatchObject({ lent: 1, waiting: 1 })
    expect(first.state).toBe('pending')
  })
})

describe('deadlines', () => {
  test('a waiter is refused when its deadline passes, not before', async () => {
    const { pool, clock } = makePool()
    const outcome = watch(pool.acquire(100))
    clock.advance(99)
    await settle()
    expect(outcome.state).toBe('pending')
    clock.advance(1)
    await settle()
    expect(outcome.error).toBeInstanceOf(PoolTimeoutError)
  })

  test('the error carries timeout, figures and the last failure', async () => {
    const { pool, clock, fail } = makePool({ maxSize: 3 })
    const outcome = watch(pool.acquire(50))
    const cause = new Error('connection refused')
    await fail(cause)
    clock.advance(50)
    await settle()
    expect(outcome.error).toMatchObject({ timeout: 50, cause, pool: { waiting: 1, maxSize: 3 } })
  })

  for (const timeout of [0, -1]) {
    test(`a timeout of ${timeout} refuses at once, and starts nothing`, async () => {
      const { pool, lifecycle } = makePool()
      await expect(pool.acquire(timeout)).rejects.toBeInstanceOf(PoolTimeoutError)
      expect(lifecycle.attempts).toBe(0)
    })
  }

  test('a timeout longer than a timer can take sets no timer', () => {
    const { pool, clock } = makePool()
    watch(pool.acquire(2 ** 31))
    expect(clock.timers).toBe(0)
  })

  test('the timer keeps the process alive, and goes when the waiter is served', async () => {
    const { pool, clock, succeed } = makePool()
    const outcome = watch(pool.acquire(100))
    expect(clock.refTimers).toBe(1)
    await succeed()
    expect([outcome.state, clock.timers]).toEqual(['fulfilled', 0])
  })
})

describe('AbortSignal', () => {
  test('an aborted signal refuses at once, also when a resource is idle', async () => {
    const { pool, lend } = makePool()
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    const reason = new Error('no longer wanted')
    await expect(pool.acquire(100, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(pool.snapshot.idle).toBe(1)
  })

  test('aborting refuses the waiter with the reason', async () => {
    const { pool } = makePool()
    const controller = new AbortController()
    const outcome = watch(pool.acquire(100, controller.signal))
    controller.abort('reason')
    await settle()
    expect(outcome).toEqual({ state: 'rejected', error: 'reason' })
  })

  test('aborting after the hand-over changes nothing', async () => {
    const { pool, succeed } = makePool()
    const controller = new AbortController()
    const outcome = watch(pool.acquire(100, controller.signal))
    await succeed()
    controller.abort()
    await settle()
    expect([outcome.state, pool.snapshot.lent]).toEqual(['fulfilled', 1])
  })

  type End = (fixture: ReturnType<typeof makePool>, controller: AbortController) => unknown
  const ends: readonly [string, End][] = [
    ['it is served', ({ succeed }) => succeed()],
    ['its deadline passes', ({ clock }) => clock.advance(100)],
    ['the signal is aborted', (_, controller) => controller.abort()],
    ['the pool closes', ({ pool }) => void pool.close()],
  ]
  for (const [name, end] of ends) {
    test(`a waiter leaves neither listener nor timer when ${name}`, async () => {
      const fixture = makePool()
      const controller = new AbortController()
      const outcome = watch(fixture.pool.acquire(100, controller.signal))
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
      await end(fixture, controller)
      await settle()
      expect(outcome.state).not.toBe('pending')
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
      expect(fixture.clock.timers).toBe(0)
    })
  }
})
