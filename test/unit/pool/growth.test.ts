import { describe, expect, test } from 'vitest'
import { GrowthPolicy } from '../../../src/pool/growth-policy.js'
import { type FakeResource, makePool, type PoolFixture, settle, watch } from './fake-resources.js'

/** Lets every creation take `connectMs` and every loan `useMs`, until nobody waits. */
async function work(fixture: PoolFixture, connectMs: number, useMs: number, callers: number) {
  const { pool, lifecycle, clock } = fixture
  const due: { atMs: number; run: () => void }[] = []
  let known = 0
  let served = 0
  const order: number[] = []
  for (let caller = 0; caller < callers; caller++) {
    pool.enqueue(
      {
        onResource(resource) {
          served += 1
          order.push(caller)
          due.push({ atMs: clock.now() + useMs, run: () => pool.release(resource) })
        },
        onRefused: () => {},
      },
      Number.POSITIVE_INFINITY,
    )
  }
  while (served < callers || due.length > 0) {
    for (; known < lifecycle.attempts; known++) {
      const creation = lifecycle.pending.at(known - lifecycle.attempts)
      due.push({ atMs: clock.now() + connectMs, run: () => void creation?.succeed() })
    }
    due.sort((a, b) => a.atMs - b.atMs)
    const next = due.shift()
    if (next === undefined) break
    clock.advance(next.atMs - clock.now())
    next.run()
    await settle()
  }
  return order
}

async function warm(minSize: number, maxSize: number, connectMs: number): Promise<PoolFixture> {
  const fixture = makePool({ minSize, maxSize })
  watch(fixture.pool.warmUp())
  while (fixture.pool.snapshot.idle < minSize) {
    fixture.clock.advance(connectMs)
    for (const creation of [...fixture.lifecycle.pending]) creation.succeed()
    await settle()
  }
  return fixture
}

describe('a burst of short work', () => {
  test('of 50 requests of 2 ms, with 150 ms to connect and 5 open, opens next to nothing', async () => {
    const fixture = await warm(5, 50, 150)
    const order = await work(fixture, 150, 2, 50)
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(fixture.pool.snapshot.size).toBeLessThanOrEqual(6)
  })

  test('does so also when it comes again and again', async () => {
    const fixture = await warm(5, 50, 150)
    for (let burst = 0; burst < 5; burst++) await work(fixture, 150, 2, 50)
    expect(fixture.pool.snapshot.size).toBeLessThanOrEqual(10)
  })
})

describe('a burst of long work', () => {
  test('opens one for each waiter at once when loans are known to be long', async () => {
    const fixture = await warm(2, 10, 20)
    await work(fixture, 20, 1_000, 2)
    const { attempts } = fixture.lifecycle
    for (let i = 0; i < 10; i++) watch(fixture.pool.acquire())
    expect(fixture.lifecycle.attempts - attempts).toBe(8)
  })

  test('on a cold pool of which nothing is known fills it within five connects', async () => {
    const fixture = makePool({ maxSize: 10 })
    const startedMs = fixture.clock.now()
    await work(fixture, 20, 1_000, 10)
    expect(fixture.pool.snapshot.size).toBe(10)
    expect(fixture.clock.now() - startedMs).toBeLessThanOrEqual(1_000 + 5 * 20)
  })

  test('counts loans by their age when they last longer than they used to', () => {
    const policy = new GrowthPolicy()
    policy.noteCreated(20)
    policy.noteUsed(1)
    expect(policy.demand(8, 2, 0)).toBe(1)
    expect(policy.demand(8, 2, 400)).toBe(8)
  })
})

test('whoever waits has at least one creation under way, whatever the averages say', async () => {
  const fixture = await warm(1, 5, 150)
  await work(fixture, 150, 1, 10)
  const [a] = await fixture.lend(1)
  const before = fixture.pool.snapshot.creating
  watch(fixture.pool.acquire())
  watch(fixture.pool.acquire())
  expect(before + fixture.pool.snapshot.creating).toBeGreaterThan(0)
  fixture.pool.release(a as FakeResource)
})

test('no more than ten are opened side by side', async () => {
  const fixture = makePool({ minSize: 100, maxSize: 100 })
  watch(fixture.pool.warmUp())
  const sideBySide: number[] = []
  while (fixture.pool.snapshot.idle < 100) {
    sideBySide.push(fixture.lifecycle.pending.length)
    await fixture.succeed(1)
  }
  expect(Math.max(...sideBySide)).toBe(10)
})
