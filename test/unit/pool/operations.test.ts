import { describe, expect, test } from 'vitest'
import { PoolOverloadedError, PoolTimeoutError } from '../../../src/base/pool-errors.js'
import { Histogram } from '../../../src/pool/histogram.js'
import { type FakeResource, makePool, settle, watch } from './fake-resources.js'

describe('pause', () => {
  test('lends nothing, keeps callers waiting in order, and resume serves them', async () => {
    const { pool, lend } = makePool({ maxSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    watch(pool.pause())
    expect([pool.isPaused, pool.tryAcquire()]).toEqual([true, undefined])
    const [first, second] = [watch(pool.acquire()), watch(pool.acquire())]
    await settle()
    expect([first.state, pool.snapshot.idle]).toEqual(['pending', 1])
    pool.resume()
    await settle()
    expect([first.value, second.state]).toEqual([a, 'pending'])
  })

  test('opens nothing, also not to reach minSize', async () => {
    const { pool, lifecycle } = makePool({ minSize: 2 })
    watch(pool.pause())
    watch(pool.warmUp())
    watch(pool.acquire())
    expect(lifecycle.attempts).toBe(0)
    pool.resume()
    expect(lifecycle.attempts).toBe(2)
  })

  test('resolves when nothing is lent any more', async () => {
    const { pool, lend } = makePool()
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    const paused = watch(pool.pause())
    pool.release(a)
    await settle()
    expect(paused.state).toBe('pending')
    pool.discard(b)
    await settle()
    expect(paused.state).toBe('fulfilled')
  })

  test('ends with resume and with close, and then resolves too', async () => {
    const { pool, lend } = makePool()
    await lend(1)
    const first = watch(pool.pause())
    pool.resume()
    const second = watch(pool.pause())
    watch(pool.close())
    await settle()
    expect([first.state, second.state, pool.isPaused]).toEqual(['fulfilled', 'fulfilled', false])
  })

  test('does not stop deadlines', async () => {
    const { pool, clock } = makePool()
    watch(pool.pause())
    const waiting = watch(pool.acquire(50))
    clock.advance(50)
    await settle()
    expect(waiting.error).toBeInstanceOf(PoolTimeoutError)
  })

  test('costs nobody a failure to connect, which may be what it is for', async () => {
    const { pool, fail } = makePool()
    const waiting = watch(pool.acquire())
    watch(pool.pause())
    await fail()
    expect(waiting.state).toBe('pending')
  })
})

describe('resize', () => {
  test('upwards opens for those who wait, and up to the new minSize', async () => {
    const { pool, lifecycle, lend } = makePool({ maxSize: 1 })
    await lend(1)
    watch(pool.acquire())
    expect(lifecycle.attempts).toBe(1)
    pool.resize({ minSize: 3, maxSize: 4 })
    expect(lifecycle.attempts).toBe(3)
  })

  test('downwards destroys what is idle at once, used longest ago first, and lent ones on return', async () => {
    const { pool, lend } = makePool()
    const [a, b, c, d] = (await lend(4)) as [FakeResource, FakeResource, FakeResource, FakeResource]
    pool.release(a)
    pool.release(b)
    pool.resize({ minSize: 0, maxSize: 2 })
    expect([a.destroyed, b.destroyed]).toEqual([['resized'], ['resized']])
    pool.resize({ minSize: 0, maxSize: 1 })
    pool.release(c)
    pool.release(d)
    expect([c.destroyed, d.destroyed, pool.snapshot.idle]).toEqual([['resized'], [], 1])
  })

  test('a creation that comes when the pool has become too small for it is destroyed', async () => {
    const { pool, lend, succeed } = makePool()
    await lend(1)
    watch(pool.acquire())
    pool.resize({ minSize: 0, maxSize: 1 })
    const [made] = await succeed()
    expect(made?.destroyed).toEqual(['resized'])
  })
})

describe('expire', () => {
  test('replaces what is idle at once and what is lent when it comes back', async () => {
    const { pool, lend } = makePool()
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(a)
    pool.expire(0)
    expect([a.destroyed, b.destroyed]).toEqual([['expired'], []])
    pool.release(b)
    expect(b.destroyed).toEqual(['expired'])
  })

  test('does not let join what was being made', async () => {
    const { pool, lifecycle, succeed } = makePool({ minSize: 1 })
    watch(pool.warmUp())
    pool.expire(0)
    const [old] = await succeed()
    expect([old?.destroyed, lifecycle.attempts]).toEqual([['expired'], 2])
  })

  test('with a spread replaces one after the other, and keeps minSize', async () => {
    const { pool, lifecycle, clock, lend, succeed } = makePool({ minSize: 4 }, () => 0.5)
    const lent = await lend(4)
    for (const resource of lent) pool.release(resource)
    pool.expire(1_000)
    clock.advance(499)
    expect(lifecycle.made.filter(({ destroyed }) => destroyed.length > 0)).toEqual([])
    clock.advance(1)
    await succeed(4)
    expect(lent.map(({ destroyed }) => destroyed)).toEqual(new Array(4).fill(['expired']))
    expect(pool.snapshot.idle).toBe(4)
  })
})

describe('validation', () => {
  const options = { validateAfterIdleMs: 100, validationTimeoutMs: 1_000, maxSize: 3 }

  test('asks only what was idle for longer than validateAfterIdle', async () => {
    const { pool, lifecycle, clock, lend } = makePool(options)
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    clock.advance(100)
    expect(pool.tryAcquire()).toBe(a)
    pool.release(a)
    clock.advance(101)
    expect(pool.tryAcquire()).toBeUndefined()
    const outcome = watch(pool.acquire())
    await settle()
    expect([outcome.value, lifecycle.validations]).toEqual([a, [a]])
  })

  test('a dead one is destroyed, and the caller gets another', async () => {
    const { pool, clock, lend, succeed } = makePool(options)
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    clock.advance(101)
    a.isAlive = false
    const outcome = watch(pool.acquire())
    await settle()
    const [b] = await succeed()
    expect([a.destroyed, outcome.value]).toEqual([['broken'], b])
  })

  test('one that gives no answer is dead after validationTimeout, and all others are asked at once', async () => {
    const { pool, lifecycle, clock, lend } = makePool(options)
    const lent = (await lend(3)) as [FakeResource, FakeResource, FakeResource]
    for (const resource of lent) pool.release(resource)
    clock.advance(101)
    lifecycle.validationsHang = true
    const outcome = watch(pool.acquire())
    expect(lifecycle.validations).toEqual([lent[2]])
    clock.advance(1_000)
    await settle()
    expect([lent[2].destroyed, lifecycle.validations.length]).toEqual([['broken'], 3])
    lifecycle.hanging.get(lent[0])?.()
    await settle()
    expect(outcome.value).toBe(lent[0])
  })

  test('its caller takes what is released meanwhile', async () => {
    const { pool, lifecycle, clock, lend } = makePool(options)
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(a)
    clock.advance(101)
    lifecycle.validationsHang = true
    const outcome = watch(pool.acquire())
    pool.release(b)
    await settle()
    expect(outcome.value).toBe(b)
    expect(pool.snapshot).toMatchObject({ lent: 1, creating: 1 })
    lifecycle.hanging.get(a)?.()
    await settle()
    expect(pool.snapshot).toMatchObject({ lent: 1, idle: 1 })
  })

  test('is left out for a caller who cannot wait', async () => {
    const { pool, clock, lend } = makePool(options)
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    clock.advance(101)
    await expect(pool.acquire(0)).resolves.toBe(a)
  })
})

describe('pruning follows demand', () => {
  test('what the busiest moment of the last idleTimeout needed is kept, the rest goes', async () => {
    const { pool, clock, lend } = makePool({ maxSize: 8, idleTimeoutMs: 1_000 })
    for (const resource of await lend(8)) pool.release(resource)
    for (let ms = 0; ms < 2_000; ms += 100) {
      const busy = [1, 2, 3].map(() => pool.tryAcquire())
      for (const resource of busy.reverse()) if (resource !== undefined) pool.release(resource)
      clock.advance(100)
    }
    expect(pool.snapshot).toMatchObject({ size: 3, idle: 3 })
  })
})

describe('shedding', () => {
  const shedding = { target: 50, interval: 200 }

  /** Serves one caller every 20 ms while one comes every `everyMs`, for `ms`. */
  async function load(everyMs: number, ms: number) {
    const fixture = makePool({ maxSize: 1, shedding })
    const { pool, clock, lend } = fixture
    const busy = await lend(1)
    const waits: number[] = []
    const refusals: unknown[] = []
    let backlog = 0
    for (let nowMs = 0; nowMs < ms; nowMs++) {
      for (; backlog < nowMs / everyMs; backlog++) {
        const sinceMs = clock.now()
        pool.enqueue(
          {
            onResource(resource) {
              busy.push(resource)
              waits.push(clock.now() - sinceMs)
            },
            onRefused: (error) => refusals.push(error),
          },
          Number.POSITIVE_INFINITY,
        )
      }
      clock.advance(1)
      const done = nowMs % 20 === 19 ? busy.shift() : undefined
      if (done !== undefined) pool.release(done)
    }
    return { waits, refusals, stats: pool.stats() }
  }

  test('under overload keeps the waits of those served bounded, and refuses the others', async () => {
    const { waits, refusals, stats } = await load(10, 5_000)
    expect(refusals[0]).toBeInstanceOf(PoolOverloadedError)
    expect((refusals[0] as Error).message).toMatch(/shed after \d+ ms/)
    expect(stats.shed).toBe(refusals.length)
    expect(waits.length).toBeGreaterThan(200)
    expect(Math.max(...waits.slice(50))).toBeLessThanOrEqual(120)
  })

  test('lets a burst pass that the pool works off', async () => {
    const { refusals } = await load(25, 5_000)
    expect(refusals).toEqual([])
  })

  test('is off without the option: everybody waits', async () => {
    const { pool, clock, lend } = makePool({ maxSize: 1 })
    await lend(1)
    const outcomes = Array.from({ length: 50 }, () => {
      clock.advance(100)
      return watch(pool.acquire())
    })
    await settle()
    expect(outcomes.every(({ state }) => state === 'pending')).toBe(true)
  })
})

describe('the histogram', () => {
  const cases: readonly [ms: number, bucket: number][] = [
    [0, 0],
    [-5, 0],
    [0.125, 0],
    [0.126, 1],
    [0.25, 1],
    [0.26, 2],
    [1, 3],
    [1.001, 4],
    [1_000, 13],
    [131_072, 20],
    [131_073, 21],
    [1e9, 21],
  ]
  for (const [ms, bucket] of cases) {
    test(`counts ${ms} ms in bucket ${bucket}`, () => {
      const histogram = new Histogram()
      histogram.record(ms)
      const { count, sum, buckets, bounds } = histogram.snapshot()
      expect([count, sum, buckets.indexOf(1)]).toEqual([1, Math.max(ms, 0), bucket])
      expect(buckets.length).toBe(bounds.length + 1)
      expect(ms <= (bounds[bucket] ?? Infinity)).toBe(true)
      expect(ms > (bounds[bucket - 1] ?? -Infinity)).toBe(true)
    })
  }

  test('tells how long callers waited, resources were lent and creations took', async () => {
    const { pool, clock, succeed } = makePool({ maxSize: 1 })
    const first = watch(pool.acquire())
    clock.advance(40)
    const [a] = (await succeed()) as [FakeResource]
    expect(first.value).toBe(a)
    clock.advance(300)
    pool.release(a)
    const { waitTime, createTime, useTime } = pool.stats()
    expect([waitTime.sum, createTime.sum, useTime.sum]).toEqual([40, 40, 300])
  })
})
