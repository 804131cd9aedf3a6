import { describe, expect, test } from 'vitest'
import { ConnectionClosedError } from '../../../src/base/errors.js'
import type { CallOutcome } from '../../reliability/sweep/call-log.js'
import { sluice } from '../../reliability/sweep/every-feature.js'
import { positionsOf, spread } from '../../reliability/sweep/positions.js'
import { judgeCalls, type ProblemKind } from '../../reliability/sweep/verdict.js'
import { isExplained, judgeGrowth } from '../../soak/load/load-log.js'

// Who judges must be able to find something wrong.

const lost = (safeToRetry: boolean) => new ConnectionClosedError('lost', { safeToRetry })

const VERDICTS: readonly (readonly [
  string,
  Pick<CallOutcome, 'state' | 'value' | 'error'>,
  rows: number,
  ProblemKind[],
])[] = [
  ['the value it should give', { state: 'fulfilled', value: 'right' }, 2, []],
  ['another value', { state: 'fulfilled', value: 'left' }, 2, ['wrong']],
  ['a success without its rows', { state: 'fulfilled', value: 'right' }, 0, ['wrong']],
  ['half of its rows', { state: 'rejected', error: lost(false) }, 1, ['torn']],
  ['twice its rows', { state: 'fulfilled', value: 'right' }, 4, ['torn']],
  ['an error, and nothing done', { state: 'rejected', error: lost(true) }, 0, []],
  ['an error in doubt, and all done', { state: 'rejected', error: lost(false) }, 2, []],
  ['safe to retry, and all done', { state: 'rejected', error: lost(true) }, 2, ['unsafe']],
  ['an error of no class', { state: 'rejected', error: new Error('?') }, 0, ['untyped']],
  ['no answer', { state: 'hung' }, 0, ['hung']],
]

describe('a call of two rows that comes to', () => {
  test.each(VERDICTS)('%s', (_name, outcome, rows, kinds) => {
    const call: CallOutcome = { name: 'call', effects: 2, ...outcome }
    const expected = new Map([['call', 'right']])
    const problems = judgeCalls(sluice, [call], new Map([['call', rows]]), expected)
    expect(problems.map(({ kind }) => kind)).toEqual(kinds)
  })
})

describe('the places of cuts', () => {
  const all = positionsOf([{ toServer: 10, toClient: 4 }], 1)

  test('are all that there are, the ends included', () => {
    expect(all).toHaveLength(11 + 5)
    expect(all.at(-1)).toEqual({ connection: 0, way: 'toClient', at: 4 })
  })

  test('are spread: each once, and the first few far from each other', () => {
    const order = spread(all)
    expect(new Set(order)).toEqual(new Set(all))
    expect(order).toHaveLength(all.length)
    expect(order.slice(0, 4).map((position) => all.indexOf(position))).toEqual([0, 8, 4, 12])
  })
})

describe('a soak', () => {
  const sample = {
    atMs: 0,
    rss: 100 * 2 ** 20,
    heapUsed: 2 ** 24,
    sockets: 20,
    timers: 200,
    calls: 0,
  }
  const grown = (key: 'rss' | 'sockets', by: number) =>
    Array.from({ length: 40 }, (_, i) => ({ ...sample, [key]: sample[key] + i * by }))

  test('finds what grows, and nothing where all is flat', () => {
    expect(judgeGrowth(grown('rss', 0))).toEqual([])
    expect(judgeGrowth(grown('rss', 2 ** 21))).toEqual(['rss grew from 130.0 MiB to 170.0 MiB'])
    expect(judgeGrowth(grown('sockets', 1))).toEqual(['sockets grew from 35 to 55'])
  })

  test('takes a failure for explained during a fault and shortly behind it, and else not', () => {
    const fault = { name: 'kill', beganMs: 1_000, endedMs: 2_000 } as const
    const at = (atMs: number) => isExplained({ atMs, call: 'fetch', what: 'lost' }, [fault])
    expect([at(999), at(1_500), at(6_000), at(60_000)]).toEqual([false, true, true, false])
  })
})
