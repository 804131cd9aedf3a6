import { expect, test } from 'vitest'
import { Interval } from '../../../src/types/interval.js'

const HOUR = 3_600_000_000

// As the server prints them with IntervalStyle = iso_8601.
const cases: readonly (readonly [
  parts: { months?: number; days?: number; microseconds?: number },
  text: string,
])[] = [
  [{}, 'PT0S'],
  [{ months: 14 }, 'P1Y2M'],
  [{ months: -14, days: 3 }, 'P-1Y-2M3D'],
  [{ days: -1 }, 'P-1D'],
  [{ microseconds: HOUR }, 'PT1H'],
  [{ microseconds: 90_000_000 }, 'PT1M30S'],
  [{ microseconds: 1_500_000 }, 'PT1.5S'],
  [{ microseconds: -1 }, 'PT-0.000001S'],
  [{ microseconds: -(HOUR + 61_000_010) }, 'PT-1H-1M-1.00001S'],
  [{ months: 1, days: 2, microseconds: -3 * HOUR }, 'P1M2DT-3H'],
]

test.each(cases)('%j prints as %s', (parts, text) => {
  expect(new Interval(parts).toString()).toBe(text)
  expect(JSON.stringify([new Interval(parts)])).toBe(`["${text}"]`)
})

test('what is left out is 0, and −0 is 0', () => {
  expect({ ...new Interval({ months: -0 }) }).toStrictEqual({ months: 0, days: 0, microseconds: 0 })
})

test.each([
  { months: 2 ** 31 },
  { days: -(2 ** 31) - 1 },
  { microseconds: 2 ** 53 },
  { months: 0.5 },
  { days: Number.NaN },
])('%j is refused', (parts) => {
  expect(() => new Interval(parts)).toThrow(RangeError)
})
