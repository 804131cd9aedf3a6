import { describe, expect, test } from 'vitest'
import { type FakeResource, makePool, settle, watch } from './fake-resources.js'

describe('idle timeout', () => {
  test('closes what has been idle for too long, and not sooner', async () => {
    const { pool, clock, lend } = makePool({ idleTimeoutMs: 100 })
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(a)
    clock.advance(60)
    pool.release(b)
    clock.advance(39)
    expect([a.destroyed, b.destroyed]).toEqual([[], []])
    clock.advance(1)
    expect([a.destroyed, b.destroyed]).toEqual([['idleTimeout'], []])
    clock.advance(60)
    expect(b.destroyed).toEqual(['idleTimeout'])
  })

  test('never shrinks the pool below minSize, and keeps those used last', async () => {
    const { pool, clock, lend } = makePool({ idleTimeoutMs: 100, minSize: 2 })
    const resources = (await lend(4)) as FakeResource[]
    for (const resource of resources) pool.release(resource)
    clock.advance(1_000)
    expect(resources.map(({ destroyed }) => destroyed)).toEqual([
      ['idleTimeout'],
      ['idleTimeout'],
      [],
      [],
    ])
  })

  test('counts lent resources towards minSize', async () => {
    const { pool, clock, lend } = makePool({ idleTimeoutMs: 100, minSize: 1 })
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(b)
    clock.advance(100)
    expect([a.destroyed, b.destroyed]).toEqual([[], ['idleTimeout']])
  })

  test('falls due at once when another joins that makes an old one needless', async () => {
    const { pool, clock, lend, succeed } = makePool({ idleTimeoutMs: 100, minSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    watch(pool.acquire())
    pool.release(a)
    await settle()
    pool.release(a)
    clock.advance(150)
    expect([a.destroyed, clock.timers]).toEqual([[], 0])
    await succeed()
    clock.advance(0)
    expect([a.destroyed, pool.snapshot.idle]).toEqual([['idleTimeout'], 1])
  })

  test('use begins the count anew', async () => {
    const { pool, clock, lend } = makePool({ idleTimeoutMs: 100 })
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    clock.advance(90)
    expect(pool.tryAcquire()).toBe(a)
    pool.release(a)
    clock.advance(99)
    expect(a.destroyed).toEqual([])
    clock.advance(1)
    expect(a.destroyed).toEqual(['idleTimeout'])
  })
})

describe('lifetime', () => {
  test('an idle resource is closed when it is too old, and minSize is made up', async () => {
    const { pool, lifecycle, clock, lend } = makePool({ maxLifetimeMs: 1_000, minSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    clock.advance(999)
    expect(a.destroyed).toEqual([])
    clock.advance(1)
    expect([a.destroyed, lifecycle.pending.length]).toEqual([['maxLifetime'], 1])
  })

  test('a lent resource is closed when it comes back too old', async () => {
    const { pool, clock, lend } = makePool({ maxLifetimeMs: 1_000 })
    const [a] = (await lend(1)) as [FakeResource]
    clock.advance(1_000)
    expect(a.destroyed).toEqual([])
    pool.release(a)
    expect(a.destroyed).toEqual(['maxLifetime'])
  })

  test('chance takes up to the jitter off', async () => {
    const chances = [0, 0.5]
    const random = () => chances.shift() ?? 0
    const { pool, clock, lend } = makePool({ maxLifetimeMs: 1_000, lifetimeJitter: 0.2 }, random)
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(a)
    pool.release(b)
    clock.advance(900)
    expect([a.destroyed, b.destroyed]).toEqual([[], ['maxLifetime']])
    clock.advance(100)
    expect(a.destroyed).toEqual(['maxLifetime'])
  })

  test('an expired resource makes idle ones needed that would be closed otherwise', async () => {
    const chances = [0.5, 0]
    const { pool, clock, lend } = makePool(
      { minSize: 1, maxLifetimeMs: 200, lifetimeJitter: 1, idleTimeoutMs: 100 },
      () => chances.shift() ?? 0,
    )
    const [old, young] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(young)
    pool.release(old)
    clock.advance(100)
    expect([old.destroyed, young.destroyed]).toEqual([['maxLifetime'], []])
  })
})

describe('the timer', () => {
  test('is one, unref’d, however many resources come and go', async () => {
    const { pool, clock, lend } = makePool({ idleTimeoutMs: 100, maxLifetimeMs: 5_000 })
    const resources = (await lend(5)) as FakeResource[]
    for (let i = 0; i < 50; i++) {
      for (const resource of resources) pool.release(resource)
      clock.advance(1)
      for (const _ of resources) pool.tryAcquire()
      expect([clock.timers, clock.refTimers]).toEqual([1, 0])
    }
  })

  test('does not run when nothing can fall due', async () => {
    const { pool, clock, lend } = makePool()
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    expect(clock.timers).toBe(0)
  })

  test('stands delays longer than a timer can take', async () => {
    const days = 24 * 3_600_000
    const { pool, clock, lend } = makePool({ maxLifetimeMs: 30 * days })
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    clock.advance(30 * days - 1)
    expect(a.destroyed).toEqual([])
    clock.advance(1)
    expect(a.destroyed).toEqual(['maxLifetime'])
  })
})

describe('minSize', () => {
  test('is restored after an outage without any caller', async () => {
    const { pool, clock, lifecycle, lend, succeed, fail } = makePool({ minSize: 3 })
    const resources = (await lend(3)) as FakeResource[]
    for (const resource of resources) pool.release(resource)
    for (const resource of resources) pool.remove(resource)
    for (let i = 0; i < 3; i++) await fail()
    for (let i = 0; i < 5; i++) {
      clock.advance(1_000)
      await fail()
    }
    clock.advance(1_000)
    await succeed()
    await succeed(2)
    expect(pool.snapshot).toMatchObject({ idle: 3, creating: 0 })
    expect(lifecycle.attempts).toBe(3 + 3 + 5 + 3)
  })
})

describe('warmUp', () => {
  test('opens the first alone, then the rest side by side', async () => {
    const { pool, lifecycle, succeed } = makePool({ minSize: 4 })
    const outcome = watch(pool.warmUp())
    expect(lifecycle.pending).toHaveLength(1)
    await succeed()
    expect(lifecycle.pending).toHaveLength(3)
    await succeed(2)
    expect(outcome.state).toBe('pending')
    await succeed()
    expect([outcome.state, pool.snapshot.idle]).toEqual(['fulfilled', 4])
  })

  test('of no resources resolves at once', async () => {
    const { pool, lifecycle } = makePool({ minSize: 0 })
    await pool.warmUp()
    expect(lifecycle.attempts).toBe(0)
  })

  for (const failsAfter of [0, 2]) {
    test(`rejects with the first failure, after ${failsAfter} successes`, async () => {
      const { pool, succeed, fail } = makePool({ minSize: 4 })
      const outcome = watch(pool.warmUp())
      for (let i = 0; i < failsAfter; i++) await succeed()
      const error = new Error('refused')
      await fail(error)
      expect(outcome).toEqual({ state: 'rejected', error })
    })
  }

  test('asked for twice is done once', async () => {
    const { pool, lifecycle, succeed } = makePool({ minSize: 1 })
    const outcomes = [watch(pool.warmUp()), watch(pool.warmUp())]
    await succeed()
    expect(outcomes.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled'])
    await settle()
    expect(lifecycle.attempts).toBe(1)
  })
})
