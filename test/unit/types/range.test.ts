import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/base/errors.js'
import { arrayCodec } from '../../../src/types/codecs/array.js'
import { date } from '../../../src/types/codecs/date.js'
import { int4 } from '../../../src/types/codecs/integer.js'
import { multirangeCodec } from '../../../src/types/codecs/multirange.js'
import { rangeCodec } from '../../../src/types/codecs/range.js'
import { text } from '../../../src/types/codecs/text.js'
import { OIDS } from '../../../src/types/oid.js'
import { Range, type RangeBounds } from '../../../src/types/range.js'
import { hex } from '../../support/bytes.js'
import { decode, encode } from './codec-calls.js'

const int4range = rangeCodec('int4range', int4)
const daterange = rangeCodec('daterange', date.string)
const textrange = rangeCodec('textrange', text)
const int4multirange = multirangeCodec('int4multirange', int4range)
const textmultirange = multirangeCodec('textmultirange', textrange)

const texts = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ' ', ')', '[', '{', 'é', '') })

function rangesOf<T>(bound: fc.Arbitrary<T>): fc.Arbitrary<Range<T>> {
  const side = fc.option(bound)
  const bounds = fc.constantFrom<RangeBounds>('[]', '[)', '(]', '()')
  return fc.oneof(
    fc.tuple(side, side, bounds).map(([lower, upper, kind]) => new Range(lower, upper, kind)),
    fc.constant(Range.empty as Range<T>),
  )
}

test('a side without end does not belong to a Range', () => {
  expect(new Range(null, 5, '[]')).toMatchObject({ bounds: '(]', empty: false })
  expect(new Range(null, null)).toMatchObject({ lower: null, upper: null, bounds: '()' })
  expect(Range.empty).toMatchObject({ lower: null, upper: null, bounds: '()', empty: true })
})

test('a Range has one of four bounds and no undefined side', () => {
  expect(() => new Range(1, 2, '<>' as RangeBounds)).toThrow(TypeError)
  expect(() => new Range(undefined, 2)).toThrow(TypeError)
})

describe.each(['text', 'binary'] as const)('%s', (format) => {
  test('ranges and multiranges come back as they went', () => {
    const textRanges = rangesOf(texts)
    fc.assert(
      fc.property(rangesOf(fc.integer()), textRanges, (numbers, strings) => {
        expect(decode(int4range, encode(int4range, numbers, format), format)).toEqual(numbers)
        expect(decode(textrange, encode(textrange, strings, format), format)).toEqual(strings)
      }),
    )
    const several = fc.array(
      textRanges.filter((range) => !range.empty),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(several, (ranges) => {
        const bytes = encode(textmultirange, ranges, format)
        expect(decode(textmultirange, bytes, format)).toEqual(ranges)
      }),
    )
  })

  test('objects that look like a range are taken', () => {
    const stored = (value: unknown): unknown =>
      decode(int4range, encode(int4range, value, format), format)
    expect(stored({ lower: 1, upper: 3 })).toEqual(new Range(1, 3))
    expect(stored({ lower: null, upper: 3, bounds: '[]' })).toEqual(new Range(null, 3, '(]'))
    expect(stored({ empty: true })).toEqual(Range.empty)
  })

  const refused: readonly unknown[] = [
    1,
    [1, 2],
    {},
    { lower: 1 },
    { lower: 1, upper: undefined },
    { lower: 1, upper: 2, bounds: '..' },
    { lower: 1, upper: 2, empty: 'no' },
    { lower: 1.5, upper: 2 },
  ]
  test.each(refused)('%j is refused as a range', (value) => {
    expect(() => encode(int4range, value, format)).toThrow(EncodeError)
    expect(() => encode(int4multirange, [value], format)).toThrow(EncodeError)
  })
})

test('text with a bound that only the server reads goes as text', () => {
  const goesAsText = daterange.traits?.goesAsText
  expect(goesAsText?.('[today,)')).toBe(true)
  expect(goesAsText?.(new Range('today', null))).toBe(true)
  expect(goesAsText?.(new Range(new Date(), null))).toBe(false)
  expect(int4range.traits?.goesAsText?.(new Range('1', null))).toBe(false)
  expect(encode(daterange, new Range('today', null), 'text').toString()).toBe('["today",)')
})

test('an array of multiranges has one dimension', () => {
  const codec = arrayCodec(OIDS.int4, int4multirange)
  const value = [[], [new Range(1, 2)], null]
  for (const format of ['text', 'binary'] as const) {
    expect(decode(codec, encode(codec, value, format), format)).toEqual(value)
  }
})

const malformedText = [
  '',
  '[',
  '[1',
  '[1,',
  '[1,2',
  '[1;2)',
  '1,2)',
  '[1,2,3)',
  '[1,2)x',
  '(1)',
  'empt',
  'emptyy',
  '["1,2)',
]
test.each(malformedText)('the text %j is no range', (value) => {
  expect(() => decode(int4range, Buffer.from(value), 'text')).toThrow(DecodeError)
})

test.each(['', '{', '[1,2)', '{[1,2)', '{[1,2),}', '{[1,2) [3,4)}', '{}x', '{empty}'])(
  'the text %j is no multirange',
  (value) => {
    expect(() => decode(int4multirange, Buffer.from(value), 'text')).toThrow(DecodeError)
  },
)

test.each([
  ['', 'no flags'],
  ['20', 'an unknown flag'],
  ['01 00000000', 'bytes behind an empty range'],
  ['02 00000004', 'a bound that is cut off'],
  ['02 ffffffff', 'a bound that is NULL'],
  ['02 00000004 00000001', 'only one of two bounds'],
  ['02 7fffffff 00000001', 'a bound beyond its bytes'],
])('the bytes %j are no range: %s', (bytes) => {
  expect(() => decode(int4range, hex(bytes), 'binary')).toThrow(DecodeError)
})

test.each(['', 'ffffffff', '7fffffff', '00000001', '00000001 00000002 01', '00000000 00'])(
  'the bytes %j are no multirange',
  (bytes) => {
    expect(() => decode(int4multirange, hex(bytes), 'binary')).toThrow(DecodeError)
  },
)
