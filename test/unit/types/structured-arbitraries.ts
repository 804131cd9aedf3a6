import fc from 'fast-check'
import { Range } from '../../../src/types/range.js'
import { Timestamp } from '../../../src/types/timestamp.js'
import type { TypeValues } from './arbitraries.js'

const doubles = fc.double({ noNaN: true })
const points = fc.record({ x: fc.double(), y: fc.double() }, { noNullPrototype: true })
const polygons = fc.array(points, { minLength: 1, maxLength: 5 })

/** The server sorts the corners. */
const boxes = fc.tuple(doubles, doubles, doubles, doubles).map(([a, b, c, d]) => ({
  high: { x: Math.max(a, b), y: Math.max(c, d) },
  low: { x: Math.min(a, b), y: Math.min(c, d) },
}))

/** A line through at least one place: the server takes less than 1e-6 for 0. */
const lines = fc.record(
  {
    a: fc.double({ noNaN: true, min: 1, max: 1e300 }),
    b: doubles,
    c: doubles,
  },
  { noNullPrototype: true },
)

const int2s = fc.integer({ min: -0x8000, max: 0x7fff })
const oids = fc.integer({ min: 0, max: 0xffffffff })

export const structuredTypeValues: readonly TypeValues[] = [
  ['point', points],
  ['line', lines],
  ['lseg', fc.tuple(points, points)],
  ['box', boxes],
  ['path', fc.record({ closed: fc.boolean(), points: polygons }, { noNullPrototype: true })],
  ['polygon', polygons],
  [
    'circle',
    fc.record(
      { center: points, radius: fc.double({ noNaN: true, min: 0 }) },
      { noNullPrototype: true },
    ),
  ],
  ['int2vector', fc.array(int2s, { minLength: 1, maxLength: 8 })],
  ['oidvector', fc.array(oids, { minLength: 1, maxLength: 8 })],
]

/** Ranges of a discrete type as the server prints them: `[)`, or empty. */
function discrete<T>(
  bounds: fc.Arbitrary<T>,
  isLess: (a: T, b: T) => boolean,
): fc.Arbitrary<Range> {
  return fc.oneof(
    fc
      .tuple(fc.option(bounds), fc.option(bounds))
      .map(([a, b]) =>
        a !== null && b !== null && !isLess(a, b)
          ? isLess(b, a)
            ? new Range(b, a)
            : Range.empty
          : new Range(a, b),
      ),
    fc.constant(Range.empty),
  )
}

/** Ranges of a continuous type, whose bounds are what they were. */
function continuous<T>(
  bounds: fc.Arbitrary<T>,
  isLess: (a: T, b: T) => boolean,
): fc.Arbitrary<Range> {
  return fc
    .tuple(discrete(bounds, isLess), fc.constantFrom('[]', '[)', '(]', '()'))
    .map(([range, kind]) => (range.empty ? range : new Range(range.lower, range.upper, kind)))
}

const less = <T>(a: T, b: T): boolean => a < b
const isBefore = (a: Date, b: Date): boolean => {
  const microseconds = (date: Date): number => (date instanceof Timestamp ? date.microseconds : 0)
  if (a.getTime() !== b.getTime()) return a.getTime() < b.getTime()
  return microseconds(a) < microseconds(b)
}

const ints = fc.integer({ max: 0x7ffffffe })
const safe = fc.maxSafeInteger()
const numerics = fc
  .tuple(fc.integer(), fc.integer({ min: 0, max: 99 }))
  .map(([whole, cents]) => `${whole}.${String(cents).padStart(2, '0')}`)
const isSmaller = (a: string, b: string): boolean => Number(a) < Number(b)
const dates = fc
  .integer({ min: -1000, max: 40_000 })
  .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10))
const moments = fc
  .tuple(
    fc.integer({ min: Date.UTC(-4712, 0), max: Date.UTC(200_000, 0) }),
    fc.integer({ min: 0, max: 999 }),
  )
  .map(([time, us]) => (us === 0 ? new Date(time) : new Timestamp(time, us)))

/** Ranges of every built-in range type. */
export const rangeTypeValues: readonly TypeValues[] = [
  ['int4range', discrete(ints, less)],
  ['int8range', discrete(safe, less)],
  [
    'int8range',
    discrete(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 2n }), less),
    { int8: 'bigint' },
  ],
  ['numrange', continuous(numerics, isSmaller)],
  ['daterange', discrete(dates, less)],
  ['tsrange', continuous(moments, isBefore)],
  ['tstzrange', continuous(moments, isBefore)],
]

/** Up to three ranges that do not touch, in their order. */
function apart<T>(
  bounds: fc.Arbitrary<number>,
  convert: (bound: number) => T,
): fc.Arbitrary<readonly Range[]> {
  return fc.uniqueArray(bounds, { maxLength: 6 }).map((array) => {
    const sorted = array.sort((a, b) => a - b).map(convert)
    const ranges: Range[] = []
    for (let i = 0; i + 1 < sorted.length; i += 2) {
      ranges.push(new Range(sorted[i] ?? null, sorted[i + 1] ?? null))
    }
    return ranges
  })
}

const toDay = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10)

/** Multiranges of every built-in multirange type. */
export const multirangeTypeValues: readonly TypeValues[] = [
  ['int4multirange', apart(ints, (n) => n)],
  ['int8multirange', apart(safe, (n) => n)],
  ['nummultirange', apart(fc.integer(), (n) => `${n}.5`)],
  ['datemultirange', apart(fc.integer({ min: -1000, max: 40_000 }), toDay)],
  ['tsmultirange', apart(fc.integer({ min: 0 }), (n) => new Timestamp(n * 1000, 1))],
  ['tstzmultirange', apart(fc.integer({ min: 0 }), (n) => new Date(n * 1000))],
]
