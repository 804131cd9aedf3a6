import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Load, runLoad, Stopwatches } from '../../bench/support/load.js'

function load(changes: Partial<Load>): Load {
  return {
    concurrency: 1,
    requests: 10,
    limitMs: 60_000,
    signal: new AbortController().signal,
    ...changes,
  }
}

describe('runLoad', () => {
  const shapes: [number, number][] = [
    [1, 10],
    [4, 10],
    [10, 10],
  ]
  test.each(shapes)(
    'keeps %d requests under way until %d have run',
    async (concurrency, requests) => {
      let running = 0
      let most = 0
      let count = 0
      await runLoad(load({ concurrency, requests }), async () => {
        count++
        most = Math.max(most, ++running)
        await turn()
        running--
      })
      expect({ count, most }).toEqual({ count: requests, most: concurrency })
    },
  )

  test('stops early when the time is up, but not before each loop has run once', async () => {
    let count = 0
    await runLoad(load({ concurrency: 3, requests: 1_000, limitMs: -1 }), async () => {
      count++
      await turn()
    })
    expect(count).toBe(3)
  })

  test('rejects with the error of a request after the others have ended', async () => {
    let running = 0
    let count = 0
    const failing = runLoad(load({ concurrency: 4, requests: 100 }), async () => {
      running++
      const isSecond = ++count === 2
      await turn()
      running--
      if (isSecond) throw new Error('refused')
    })
    await expect(failing).rejects.toThrow('refused')
    expect(running).toBe(0)
    expect(count).toBeLessThan(10)
  })

  test('rejects with the reason of the signal', async () => {
    const controller = new AbortController()
    let count = 0
    const aborted = runLoad(load({ signal: controller.signal }), async () => {
      if (++count === 3) controller.abort(new Error('interrupted'))
    })
    await expect(aborted).rejects.toThrow('interrupted')
    expect(count).toBe(3)
  })
})

test('Stopwatches take the medians of others, one of each name', () => {
  const all = new Stopwatches<'a' | 'b'>()
  for (const samples of [[9, 1, 2], [4], [30, 40, 50]]) {
    const round = new Stopwatches<'a' | 'b'>()
    for (const sample of samples) round.add('a', sample)
    all.addMedians(round)
  }
  expect([all.median('a'), all.median('b')]).toEqual([4, 0])
})

test('Stopwatches give the median by name, and 0 for a name without samples', () => {
  const watches = new Stopwatches<'a' | 'b'>()
  for (const sample of [5, 1, 3]) watches.add('a', sample)
  expect([watches.median('a'), watches.median('b')]).toEqual([3, 0])
})
