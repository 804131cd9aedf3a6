import { describe, expect, test } from 'vitest'
import { InterfaceError } from '../../../src/base/errors.js'
import { PoolClosedError } from '../../../src/base/pool-errors.js'
import { FakeResource, makePool, settle, watch } from './fake-resources.js'

describe('lending', () => {
  test('tryAcquire on an empty pool gives nothing and starts nothing', () => {
    const { pool, lifecycle } = makePool()
    expect([pool.tryAcquire(), lifecycle.attempts]).toEqual([undefined, 0])
  })

  test('the resource given back last is lent first', async () => {
    const { pool, lend } = makePool()
    const [a, b, c] = await lend(3)
    for (const resource of [b, c, a]) pool.release(resource as FakeResource)
    expect([pool.tryAcquire(), pool.tryAcquire(), pool.tryAcquire()]).toEqual([a, c, b])
  })

  test('an idle resource that became unusable is destroyed and skipped', async () => {
    const { pool, lend } = makePool()
    const [a, b] = await lend(2)
    pool.release(a as FakeResource)
    pool.release(b as FakeResource)
    ;(b as FakeResource).isUsable = false
    expect(pool.tryAcquire()).toBe(a)
    expect(b?.destroyed).toEqual(['broken'])
  })

  test('what tryAcquire destroys below minSize is made up for', async () => {
    const { pool, lifecycle, lend } = makePool({ minSize: 2 })
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(a)
    pool.release(b)
    b.isUsable = false
    expect([pool.tryAcquire(), lifecycle.pending.length]).toEqual([a, 1])
  })

  test('a resource that comes back unusable is destroyed', async () => {
    const { pool, lend } = makePool()
    const [a] = await lend(1)
    ;(a as FakeResource).isUsable = false
    pool.release(a as FakeResource)
    expect([a?.destroyed, pool.snapshot.size]).toEqual([['broken'], 0])
  })

  test('a resource is destroyed when it comes back from its last use', async () => {
    const { pool, lend } = makePool({ maxUses: 2 })
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    expect([pool.tryAcquire(), a.destroyed]).toEqual([a, []])
    pool.release(a)
    expect(a.destroyed).toEqual(['maxUses'])
  })

  test('a used-up resource is replaced when somebody waits', async () => {
    const { pool, lend, succeed } = makePool({ maxUses: 1, maxSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    const next = watch(pool.acquire())
    pool.release(a)
    await succeed()
    expect(next.value?.id).toBe(2)
  })

  test('a discarded resource is destroyed with its reason', async () => {
    const { pool, lend } = makePool()
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.discard(a)
    pool.discard(b, 'broken')
    expect([a.destroyed, b.destroyed]).toEqual([['discarded'], ['broken']])
  })

  for (const method of ['release', 'discard'] as const) {
    test(`${method} of a foreign resource throws`, () => {
      expect(() => makePool().pool[method](new FakeResource(1))).toThrow(InterfaceError)
    })

    test(`${method} after a release throws, and leaves the resource idle`, async () => {
      const { pool, lend } = makePool()
      const [a] = (await lend(1)) as [FakeResource]
      pool.release(a)
      expect(() => pool[method](a)).toThrow(InterfaceError)
      expect([pool.snapshot.idle, a.destroyed]).toEqual([1, []])
    })
  }
})

describe('creating', () => {
  test('none is started while waiters do not exceed those under way', async () => {
    const { pool, lifecycle, lend } = makePool()
    const [a] = (await lend(1)) as [FakeResource]
    watch(pool.acquire())
    pool.release(a)
    await settle()
    watch(pool.acquire())
    expect([lifecycle.attempts, pool.snapshot.waiting]).toEqual([2, 1])
  })

  test('a released resource beats a half-made one', async () => {
    const { pool, lend } = makePool()
    const [a] = (await lend(1)) as [FakeResource]
    const outcome = watch(pool.acquire())
    pool.release(a)
    await settle()
    expect(outcome.value).toBe(a)
  })

  test('a creation outlives its waiter and serves another', async () => {
    const { pool, succeed } = makePool()
    const controller = new AbortController()
    const first = watch(pool.acquire(Infinity, controller.signal))
    controller.abort()
    const second = watch(pool.acquire())
    const [made] = await succeed()
    expect([first.state, second.value]).toEqual(['rejected', made])
  })

  test('a creation that nobody needs any more joins the pool', async () => {
    const { pool, lend, succeed } = makePool()
    const [a] = (await lend(1)) as [FakeResource]
    watch(pool.acquire())
    pool.release(a)
    await succeed()
    expect(pool.snapshot).toMatchObject({ idle: 1, lent: 1, creating: 0 })
  })

  test('a new resource that is unusable counts as a failed creation', async () => {
    const { pool, lifecycle, clock } = makePool()
    const outcome = watch(pool.acquire(1_000))
    const resource = lifecycle.pending[0]?.succeed() as FakeResource
    resource.isUsable = false
    await settle()
    expect([outcome.state, resource.destroyed]).toEqual(['pending', ['broken']])
    expect([lifecycle.attempts, clock.nextDelayMs]).toEqual([1, 100])
  })

  test('a lifecycle that throws instead of rejecting fails the creation', async () => {
    const { pool, lifecycle } = makePool()
    const error = new Error('thrown')
    lifecycle.create = () => {
      throw error
    }
    await expect(pool.acquire()).rejects.toBe(error)
    expect(pool.snapshot.size).toBe(0)
  })
})

describe('losses', () => {
  test('an idle resource that broke leaves at once, and minSize is made up', async () => {
    const { pool, lifecycle, lend } = makePool({ minSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    pool.remove(a)
    expect([a.destroyed, lifecycle.attempts]).toEqual([['broken'], 2])
    expect(pool.snapshot).toMatchObject({ idle: 0, creating: 1 })
  })

  test('a lent resource that broke is destroyed when it comes back, once', async () => {
    const { pool, lend } = makePool()
    const [a] = (await lend(1)) as [FakeResource]
    pool.remove(a)
    pool.remove(a)
    expect([a.destroyed, pool.snapshot.lent]).toEqual([[], 1])
    pool.release(a)
    expect([a.destroyed, pool.snapshot.size]).toEqual([['broken'], 0])
  })

  test('a resource that destroys itself into remove is destroyed once', async () => {
    const { pool, lifecycle, lend } = makePool()
    lifecycle.onDestroy = (resource) => pool.remove(resource)
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(a)
    pool.remove(a)
    pool.discard(b)
    pool.remove(b)
    expect([a.destroyed, b.destroyed]).toEqual([['broken'], ['discarded']])
  })
})

describe('figures', () => {
  test('gauges add up, and counters say what happened', async () => {
    const { pool, clock, lend, fail } = makePool({ maxSize: 3, maxWaiting: 2 })
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(a)
    pool.discard(b)
    expect(pool.tryAcquire()).toBe(a)
    const controller = new AbortController()
    for (const signal of [controller.signal, undefined]) watch(pool.acquire(10, signal))
    watch(pool.acquire())
    controller.abort()
    clock.advance(10)
    await fail()
    expect(pool.stats()).toEqual({
      waitTime: expect.objectContaining({ count: 3, sum: 0 }),
      useTime: expect.objectContaining({ count: 2, sum: 0 }),
      createTime: expect.objectContaining({ count: 2, sum: 0 }),
      shed: 0,
      size: 2,
      idle: 0,
      lent: 1,
      creating: 1,
      waiting: 0,
      minSize: 0,
      maxSize: 3,
      acquired: 3,
      released: 2,
      created: 2,
      createFailed: 1,
      timedOut: 1,
      aborted: 1,
      refused: 1,
      destroyed: {
        broken: 0,
        discarded: 1,
        idleTimeout: 0,
        maxLifetime: 0,
        maxUses: 0,
        expired: 0,
        resized: 0,
        closed: 0,
        terminated: 0,
      },
    })
  })

  test('a copy does not change afterwards', async () => {
    const { pool, lend } = makePool()
    const [a] = (await lend(1)) as [FakeResource]
    const before = pool.stats()
    pool.discard(a)
    expect([before.released, before.destroyed.discarded]).toEqual([0, 0])
  })

  test('a closed pool refuses everybody', async () => {
    const { pool } = makePool()
    await pool.close()
    expect(pool.tryAcquire()).toBeUndefined()
    await expect(pool.acquire()).rejects.toBeInstanceOf(PoolClosedError)
    expect(pool.stats().refused).toBe(1)
  })
})
