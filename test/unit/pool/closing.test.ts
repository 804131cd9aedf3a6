import { describe, expect, test } from 'vitest'
import { PoolClosedError } from '../../../src/base/pool-errors.js'
import { type FakeResource, makePool, settle, watch } from './fake-resources.js'

describe('close', () => {
  test('of an unused pool resolves', async () => {
    await expect(makePool().pool.close()).resolves.toBeUndefined()
  })

  test('refuses those who wait', async () => {
    const { pool } = makePool()
    const outcomes = [watch(pool.acquire(100)), watch(pool.acquire())]
    watch(pool.close())
    await settle()
    for (const { error } of outcomes) expect(error).toBeInstanceOf(PoolClosedError)
  })

  test('refuses the others when one, on being refused, cancels the next', () => {
    const { pool } = makePool()
    const refused: number[] = []
    const handles = [1, 2, 3].map((id) =>
      pool.enqueue(
        {
          onResource: () => {},
          onRefused: () => {
            refused.push(id)
            if (id === 1) pool.cancel(handles[1] ?? 0)
          },
        },
        Infinity,
      ),
    )
    watch(pool.close())
    expect(refused).toEqual([1, 3])
  })

  test('destroys what is idle at once, and what is lent when it comes back', async () => {
    const { pool, lend } = makePool()
    const [a, b, c] = (await lend(3)) as [FakeResource, FakeResource, FakeResource]
    pool.release(a)
    const closed = watch(pool.close())
    expect([a.destroyed, b.destroyed, c.destroyed]).toEqual([['closed'], [], []])
    pool.release(b)
    pool.discard(c)
    expect([b.destroyed, c.destroyed]).toEqual([['closed'], ['discarded']])
    await settle()
    expect(closed.state).toBe('fulfilled')
  })

  test('waits for all that is lent', async () => {
    const { pool, lend } = makePool()
    const [a] = (await lend(2)) as [FakeResource, FakeResource]
    const closed = watch(pool.close())
    pool.release(a)
    await settle()
    expect([closed.state, pool.snapshot.lent]).toEqual(['pending', 1])
  })

  test('aborts creations and waits for them', async () => {
    const { pool, lifecycle, fail } = makePool()
    watch(pool.acquire())
    const closed = watch(pool.close())
    await settle()
    expect([lifecycle.pending[0]?.signal.aborted, closed.state]).toEqual([true, 'pending'])
    await fail(new Error('aborted'))
    expect([closed.state, pool.stats().createFailed]).toEqual(['fulfilled', 0])
  })

  test('destroys what is made nevertheless', async () => {
    const { pool, succeed } = makePool()
    watch(pool.acquire())
    const closed = watch(pool.close())
    const [late] = await succeed()
    expect([late?.destroyed, closed.state]).toEqual([['closed'], 'fulfilled'])
  })

  test('leaves no timer', async () => {
    const options = { minSize: 1, idleTimeoutMs: 100, maxLifetimeMs: 100 }
    const { pool, clock, lend } = makePool(options)
    const [a] = (await lend(1)) as [FakeResource]
    pool.release(a)
    watch(pool.acquire(50))
    watch(pool.acquire(50))
    watch(pool.close())
    expect(clock.timers).toBe(0)
  })

  test('rejects a warm-up', async () => {
    const { pool } = makePool({ minSize: 2 })
    const warm = watch(pool.warmUp())
    watch(pool.close())
    await settle()
    expect(warm.error).toBeInstanceOf(PoolClosedError)
    await expect(pool.warmUp()).rejects.toBeInstanceOf(PoolClosedError)
  })

  test('asked for twice gives the same promise', () => {
    const { pool } = makePool()
    expect(pool.close()).toBe(pool.close())
  })

  test('stays true to the count when waiters act on their refusal', async () => {
    const { pool, lifecycle, lend } = makePool({ maxSize: 1 })
    const [a] = (await lend(1)) as [FakeResource]
    const onRefused = () => {
      pool.release(a)
      watch(pool.acquire())
      watch(pool.close())
    }
    pool.enqueue({ onResource: () => {}, onRefused }, Infinity)
    await pool.close()
    expect([a.destroyed, lifecycle.attempts]).toEqual([['closed'], 1])
  })
})

describe('terminate', () => {
  test('destroys everything at once', async () => {
    const { pool, lend } = makePool()
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    pool.release(a)
    pool.terminate()
    expect([a.destroyed, b.destroyed]).toEqual([['terminated'], ['terminated']])
  })

  test('refuses those who wait, and aborts creations', async () => {
    const { pool, lifecycle, clock } = makePool()
    const outcome = watch(pool.acquire(100))
    pool.terminate()
    await settle()
    expect(outcome.error).toBeInstanceOf(PoolClosedError)
    expect([lifecycle.pending[0]?.signal.aborted, clock.timers]).toEqual([true, 0])
  })

  test('settles a close that waits', async () => {
    const { pool, lend } = makePool()
    await lend(1)
    const closed = watch(pool.close())
    pool.terminate()
    await settle()
    expect(closed.state).toBe('fulfilled')
  })

  test('makes a later close resolve, also with a creation under way', async () => {
    const { pool } = makePool()
    watch(pool.acquire())
    pool.terminate()
    await expect(pool.close()).resolves.toBeUndefined()
  })

  for (const method of ['release', 'discard', 'remove'] as const) {
    test(`makes ${method} harmless`, async () => {
      const { pool, lend } = makePool()
      const [a] = (await lend(1)) as [FakeResource]
      pool.terminate()
      pool[method](a)
      expect(a.destroyed).toEqual(['terminated'])
    })
  }

  test('destroys what is made afterwards', async () => {
    const { pool, succeed } = makePool()
    watch(pool.acquire())
    pool.terminate()
    const [late] = await succeed()
    expect([late?.destroyed, pool.snapshot.size]).toEqual([['terminated'], 0])
  })

  test('destroys once what is given back while it destroys', async () => {
    const { pool, lifecycle, lend } = makePool()
    const [a, b] = (await lend(2)) as [FakeResource, FakeResource]
    lifecycle.onDestroy = (resource) => {
      if (resource === a) pool.release(b)
    }
    pool.terminate()
    expect([a.destroyed, b.destroyed]).toEqual([['terminated'], ['terminated']])
  })
})
