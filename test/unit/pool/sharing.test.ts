import { describe, expect, test } from 'vitest'
import { SharedUse } from '../../../src/pool/shared-use.js'
import type { Request } from '../../../src/wire/request.js'
import { type FakeResource, makePool } from './fake-resources.js'

/** As much of a request as is looked at. */
class Query {
  isSettled = false
}

function makeUse(nowMs: number, count: number): { use: SharedUse; queries: Query[] } {
  const queries = Array.from({ length: count }, () => new Query())
  const [first, ...others] = queries as unknown as Request[]
  if (first === undefined) throw new Error('there must be one')
  const use = new SharedUse(first, nowMs)
  for (const other of others) use.add(other)
  return { use, queries }
}

function answer(query: Query | undefined): void {
  if (query !== undefined) query.isSettled = true
}

describe('queries that share a connection', () => {
  test('count until they are answered, in order', () => {
    const { use, queries } = makeUse(0, 3)
    expect(use.length).toBe(3)
    answer(queries[0])
    expect(use.length).toBe(2)
  })

  test('let others join while the one at the head is young', () => {
    const { use } = makeUse(100, 1)
    expect([use.isQuick(100), use.isQuick(105), use.isQuick(106)]).toEqual([true, true, false])
  })

  test('are quick again when the long one is over', () => {
    const { use, queries } = makeUse(0, 2)
    expect(use.isQuick(20)).toBe(false)
    answer(queries[0])
    // The next may have begun when one looked last, 2 ms ago.
    expect([use.isQuick(22), use.isQuick(25), use.isQuick(26)]).toEqual([true, true, false])
  })

  test('one that came to the head unseen counts as begun when one looked last', () => {
    const { use, queries } = makeUse(0, 2)
    answer(queries[0])
    expect(use.isQuick(10)).toBe(false)
  })

  test('let nobody join once all are answered, nor for ever', () => {
    const { use, queries } = makeUse(0, 1)
    answer(queries[0])
    expect(use.isQuick(1)).toBe(false)
    const long = makeUse(0, 100)
    for (let nowMs = 0; nowMs <= 50; nowMs++) {
      expect(long.use.isQuick(nowMs)).toBe(true)
      answer(long.queries[nowMs])
    }
    expect(long.use.isQuick(51)).toBe(false)
  })
})

describe('a waiter that is served by what is lent already', () => {
  test('leaves the queue as one that was served, if it is the oldest and will do', async () => {
    const { pool, lend } = makePool({ maxSize: 1 })
    await lend(1)
    const served: string[] = []
    const waiter = (name: string) => ({
      name,
      onResource: (_: FakeResource) => served.push(name),
      onRefused: () => {},
    })
    const [first, second] = [waiter('first'), waiter('second')]
    pool.enqueue(first, Number.POSITIVE_INFINITY)
    pool.enqueue(second, 100)
    expect(pool.shiftWaiter((it) => it === second)).toBeUndefined()
    expect(pool.isFreeToAll).toBe(false)
    expect(pool.shiftWaiter((it) => it === first)).toBe(first)
    expect(pool.shiftWaiter(() => true)).toBe(second)
    expect([pool.snapshot.waiting, pool.isFreeToAll, served]).toEqual([0, true, []])
    expect(pool.stats()).toMatchObject({ acquired: 1, aborted: 0, timedOut: 0 })
    expect(pool.stats().waitTime.count).toBe(3)
  })

  test('nothing is free to all while the pool is paused or closed', async () => {
    const { pool } = makePool()
    void pool.pause()
    expect(pool.isFreeToAll).toBe(false)
    pool.resume()
    expect(pool.isFreeToAll).toBe(true)
    void pool.close()
    expect(pool.isFreeToAll).toBe(false)
  })
})
