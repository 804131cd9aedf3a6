import { describe, expect, test } from 'vitest'
import { PoolTimeoutError } from '../../../src/base/pool-errors.js'
import {
  type FakeResource,
  makePool,
  PermanentError,
  type PoolFixture,
  settle,
  watch,
} from './fake-resources.js'

/** Waiters of a pool, one per entry of `timeouts`. */
const enqueue = ({ pool }: PoolFixture, ...timeouts: number[]) =>
  timeouts.map((timeout) => watch(pool.acquire(timeout)))

const states = (outcomes: readonly { state: string }[]) => outcomes.map(({ state }) => state)

describe('whom a failed creation refuses', () => {
  test('a waiter without a deadline gets the failure at once', async () => {
    const fixture = makePool()
    const [outcome] = enqueue(fixture, Infinity)
    const error = new Error('connection refused')
    await fixture.fail(error)
    expect(outcome).toEqual({ state: 'rejected', error })
  })

  test('a waiter with a deadline waits on, and is served when the trouble is over', async () => {
    const fixture = makePool()
    const [outcome] = enqueue(fixture, 1_000)
    await fixture.fail()
    expect(outcome?.state).toBe('pending')
    fixture.clock.advance(100)
    await fixture.succeed()
    expect(outcome?.state).toBe('fulfilled')
  })

  test('a waiter with a deadline gets a permanent failure at once', async () => {
    const fixture = makePool()
    const [outcome] = enqueue(fixture, 1_000)
    const error = new PermanentError('wrong password')
    await fixture.fail(error)
    expect(outcome).toEqual({ state: 'rejected', error })
    expect(fixture.clock.timers).toBe(0)
  })

  test('the first failure costs only the oldest waiter', async () => {
    const fixture = makePool({ maxSize: 1 })
    const outcomes = enqueue(fixture, Infinity, Infinity, Infinity)
    await fixture.fail()
    expect(states(outcomes)).toEqual(['rejected', 'pending', 'pending'])
  })

  test('the second failure in a row costs all waiters without a deadline', async () => {
    const fixture = makePool({ maxSize: 1 })
    const outcomes = enqueue(fixture, Infinity, Infinity, 5_000, Infinity)
    await fixture.fail()
    fixture.clock.advance(100)
    await fixture.fail()
    expect(states(outcomes)).toEqual(['rejected', 'rejected', 'pending', 'rejected'])
  })

  test('a success makes the next failure the first again', async () => {
    const fixture = makePool({ maxSize: 1 })
    enqueue(fixture, Infinity)
    await fixture.fail()
    enqueue(fixture, Infinity)
    fixture.clock.advance(100)
    const [a] = (await fixture.succeed()) as [FakeResource]
    const outcomes = enqueue(fixture, Infinity, Infinity)
    fixture.pool.discard(a)
    await fixture.fail()
    expect(states(outcomes)).toEqual(['rejected', 'pending'])
  })

  test('nobody is refused while another creation may succeed', async () => {
    const fixture = makePool({ minSize: 2 })
    const outcomes = enqueue(fixture, Infinity, Infinity)
    await fixture.fail()
    expect(states(outcomes)).toEqual(['pending', 'pending'])
    const [a] = (await fixture.succeed()) as [FakeResource]
    fixture.pool.release(a)
    await settle()
    expect(outcomes.map(({ value }) => value)).toEqual([a, a])
  })

  test('when all that ran side by side have failed, all waiters without a deadline are refused', async () => {
    const fixture = makePool({ minSize: 3, maxSize: 3 })
    const outcomes = enqueue(fixture, Infinity, Infinity, Infinity, Infinity)
    for (let i = 0; i < 3; i++) await fixture.fail()
    expect(states(outcomes)).toEqual(['rejected', 'rejected', 'rejected', 'rejected'])
  })

  for (const error of [new Error('too many clients'), new PermanentError('wrong password')]) {
    test(`nobody is refused while a lent resource may come back (${error.message})`, async () => {
      const fixture = makePool()
      const [a] = (await fixture.lend(1)) as [FakeResource]
      const outcomes = enqueue(fixture, Infinity)
      await fixture.fail(error)
      expect(states(outcomes)).toEqual(['pending'])
      fixture.pool.release(a)
      await settle()
      expect(outcomes[0]?.value).toBe(a)
    })
  }

  test('a lent resource known to be broken gives no hope', async () => {
    const fixture = makePool()
    const [a] = (await fixture.lend(1)) as [FakeResource]
    const outcomes = enqueue(fixture, Infinity)
    fixture.pool.remove(a)
    await fixture.fail()
    expect(states(outcomes)).toEqual(['rejected'])
  })

  for (const reports of [1, 2]) {
    test(`of two lent resources one still gives hope when the other broke (${reports} reports)`, async () => {
      const fixture = makePool()
      const [a, b] = (await fixture.lend(2)) as [FakeResource, FakeResource]
      for (let i = 0; i < reports; i++) fixture.pool.remove(a)
      const outcomes = enqueue(fixture, Infinity)
      await fixture.fail()
      fixture.pool.release(b)
      await settle()
      expect(outcomes[0]?.value).toBe(b)
    })
  }

  test('a broken resource that came back takes no hope from the others', async () => {
    const fixture = makePool()
    const [a] = (await fixture.lend(2)) as [FakeResource, FakeResource]
    fixture.pool.remove(a)
    fixture.pool.release(a)
    const outcomes = enqueue(fixture, Infinity)
    await fixture.fail()
    expect(states(outcomes)).toEqual(['pending'])
  })

  test('a refused waiter that asks again at once waits for the next attempt', async () => {
    const fixture = makePool()
    const again = watch(fixture.pool.acquire().catch(() => fixture.pool.acquire()))
    await fixture.fail()
    expect([again.state, fixture.lifecycle.attempts]).toEqual(['pending', 1])
    fixture.clock.advance(100)
    await fixture.succeed()
    expect(again.state).toBe('fulfilled')
  })
})

describe('when creations are tried again', () => {
  test('pauses grow by the factor up to the maximum', async () => {
    const fixture = makePool()
    enqueue(fixture, 1e6)
    const pauses: (number | undefined)[] = []
    for (let i = 0; i < 6; i++) {
      await fixture.fail()
      const { nextDelayMs = 0 } = fixture.clock
      pauses.push(nextDelayMs)
      fixture.clock.advance(nextDelayMs)
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  test('jitter shortens a pause by up to its share', async () => {
    const retryBackoff = { min: 100, max: 1_000, factor: 2, jitter: 0.5, failFast: Infinity }
    const fixture = makePool({ retryBackoff }, () => 0.8)
    enqueue(fixture, 1e6)
    await fixture.fail()
    expect(fixture.clock.nextDelayMs).toBe(60)
  })

  test('creations that fail together lengthen the pause once', async () => {
    const fixture = makePool({ minSize: 5, maxSize: 5 })
    enqueue(fixture, ...new Array(5).fill(1e6))
    for (let i = 0; i < 5; i++) await fixture.fail()
    expect([fixture.lifecycle.attempts, fixture.clock.nextDelayMs]).toEqual([5, 100])
  })

  test('there is one attempt at a time until one succeeds', async () => {
    const fixture = makePool({ minSize: 5, maxSize: 5 })
    enqueue(fixture, ...new Array(5).fill(1e6))
    for (let i = 0; i < 5; i++) await fixture.fail()
    fixture.clock.advance(1_000)
    expect(fixture.pool.snapshot.creating).toBe(1)
    await fixture.succeed()
    expect(fixture.pool.snapshot).toMatchObject({ lent: 1, creating: 4 })
  })

  test('callers cause no attempt before its time', async () => {
    const fixture = makePool()
    enqueue(fixture, Infinity)
    await fixture.fail()
    fixture.clock.advance(99)
    enqueue(fixture, Infinity, 10)
    expect(fixture.lifecycle.attempts).toBe(1)
    fixture.clock.advance(1)
    expect(fixture.lifecycle.attempts).toBe(2)
  })

  test('an outage of a minute sees at most 70 attempts, however many callers there are', async () => {
    const fixture = makePool()
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 100; i++) {
        enqueue(fixture, 500, Infinity)
        while (fixture.lifecycle.pending.length > 0) await fixture.fail()
        fixture.clock.advance(10)
      }
    }
    expect(fixture.lifecycle.attempts).toBeLessThanOrEqual(70)
  })

  test('however short the pauses and large the pool, 50 attempts a second are the most', async () => {
    const retryBackoff = { min: 1, max: 1, factor: 1, jitter: 1, failFast: Infinity }
    const fixture = makePool({ minSize: 100, maxSize: 100, retryBackoff }, () => 0.999)
    watch(fixture.pool.warmUp())
    for (let ms = 0; ms < 1_000; ms++) {
      enqueue(fixture, Infinity, 500)
      while (fixture.lifecycle.pending.length > 0) await fixture.fail()
      fixture.clock.advance(1)
    }
    expect(fixture.lifecycle.attempts).toBeLessThanOrEqual(50)
    expect(fixture.lifecycle.attempts).toBeGreaterThan(30)
  })

  test('after failFast callers are refused at once during the pauses, until an attempt succeeds', async () => {
    const retryBackoff = { min: 100, max: 100, factor: 1, jitter: 0, failFast: 150 }
    const fixture = makePool({ retryBackoff })
    const [patient] = enqueue(fixture, 10_000)
    await fixture.fail()
    const [early] = enqueue(fixture, 10_000)
    fixture.clock.advance(100)
    const error = new Error('still down')
    await fixture.fail(error)
    fixture.clock.advance(60)
    const [refused] = enqueue(fixture, 10_000)
    await settle()
    expect(refused).toEqual({ state: 'rejected', error })
    fixture.clock.advance(40)
    const [hopeful] = enqueue(fixture, 10_000)
    const [a] = await fixture.succeed()
    fixture.pool.release(a as FakeResource)
    await settle()
    expect(states([patient, early, hopeful] as never)).toEqual([
      'fulfilled',
      'fulfilled',
      'pending',
    ])
  })

  test('without need there is no further attempt and no timer', async () => {
    const fixture = makePool()
    const [outcome] = enqueue(fixture, 50)
    await fixture.fail()
    fixture.clock.advance(50)
    await settle()
    expect(outcome?.error).toBeInstanceOf(PoolTimeoutError)
    fixture.clock.advance(60_000)
    expect([fixture.lifecycle.attempts, fixture.clock.timers]).toEqual([1, 0])
  })

  test('the retry keeps the process alive while somebody waits for it, no longer', async () => {
    const { pool, clock, fail } = makePool({ minSize: 1 })
    watch(pool.warmUp())
    await fail()
    expect([clock.timers, clock.refTimers]).toEqual([1, 0])
    const controller = new AbortController()
    watch(pool.acquire(Infinity, controller.signal))
    expect([clock.timers, clock.refTimers]).toEqual([1, 1])
    controller.abort()
    expect([clock.timers, clock.refTimers]).toEqual([1, 0])
  })
})
