import { describe, expect, test } from 'vitest'
import { median, medianOfRounds, percentile, summarize } from '../../bench/support/statistics.js'

describe('percentile', () => {
  const cases: [number[], number, number][] = [
    [[7], 0.99, 7],
    [[3, 1, 2], 0.5, 2],
    [[1, 2, 3, 4], 0.5, 2.5],
    [[10, 20, 30, 40, 50], 0, 10],
    [[10, 20, 30, 40, 50], 1, 50],
    [[10, 20, 30, 40, 50], 0.95, 48],
    [[100, 9], 0.5, 54.5],
  ]
  test.each(cases)('of %j at %d is %d', (samples, rank, expected) => {
    expect(percentile(samples, rank)).toBeCloseTo(expected, 10)
  })

  test('leaves the samples in their order', () => {
    const samples = [3, 1, 2]
    median(samples)
    expect(samples).toEqual([3, 1, 2])
  })

  test('refuses no samples', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError)
  })
})

test('summarize gives percentiles and requests per second of wall time', () => {
  const durations = Array.from({ length: 101 }, (_, i) => i)
  expect(summarize(durations, 2_000)).toEqual({ p50: 50, p95: 95, p99: 99, perSecond: 50.5 })
})

test('medianOfRounds takes the median of each figure by itself', () => {
  const rounds = [
    { p50: 1, p95: 9, p99: 10, perSecond: 300 },
    { p50: 2, p95: 8, p99: 90, perSecond: 100 },
    { p50: 50, p95: 7, p99: 11, perSecond: 200 },
  ]
  expect(medianOfRounds(rounds)).toEqual({ p50: 2, p95: 8, p99: 11, perSecond: 200 })
})
