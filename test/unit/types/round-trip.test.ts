import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringValues, typeValues } from './arbitraries.js'
import { codecOf, decode, encode } from './codec-calls.js'
import { stringTypeValues } from './string-arbitraries.js'
import { structuredTypeValues } from './structured-arbitraries.js'

for (const [type, values, options] of [
  ...typeValues,
  ...stringTypeValues,
  ...structuredTypeValues,
]) {
  describe(`${type}`, () => {
    const codec = codecOf(type, options)
    const array = codecOf(`_${type}`, options)
    // xml is never sent in binary.
    const formats = codec.encodeBinary ? (['binary', 'text'] as const) : (['text'] as const)
    const rows = fc.array(fc.oneof(values, fc.constant(null)), { minLength: 1, maxLength: 4 })
    const nested = rows.map((row) => [row, [...row].reverse()])

    test.each(formats)('decodes from %s what it encoded', (format) => {
      fc.assert(
        fc.property(values, (value) => {
          expect(decode(codec, encode(codec, value, format), format)).toStrictEqual(value)
        }),
      )
    })

    // A JSON array in an array of json is an element, so there nothing is nested.
    const arrays = type.startsWith('json')
      ? fc.oneof(rows, fc.constant([]))
      : fc.oneof(rows, nested, fc.constant([]))

    test.each(formats)('decodes arrays from %s as it encoded them', (format) => {
      fc.assert(
        fc.property(arrays, (value) => {
          expect(decode(array, encode(array, value, format), format)).toStrictEqual(value)
        }),
      )
    })
  })
}

for (const [type, values] of stringValues) {
  test(`${type} as a string is the same from both formats and is taken back`, () => {
    const asString = codecOf(type, {
      timestamp: 'string',
      timestamptz: 'string',
      interval: 'string',
    })
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(asString, value, 'binary')
        const text = decode(asString, bytes, 'binary')
        expect(decode(asString, Buffer.from(String(text)), 'text')).toBe(text)
        expect(encode(asString, text, 'binary')).toEqual(bytes)
      }),
    )
  })

  test('numbers keep their value on the way through numeric', () => {
    const codec = codecOf('numeric')
    fc.assert(
      fc.property(fc.double(), (number) => {
        fc.pre(!Number.isInteger(number) || Number.isSafeInteger(number))
        expect(Number(decode(codec, encode(codec, number, 'binary'), 'binary'))).toBe(number + 0)
      }),
    )
  })
}

test('exponents and signs of decimal text only move the point', () => {
  const codec = codecOf('numeric')
  const moved = [
    ['1e3', '1000'],
    ['+12.5E-3', '0.0125'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['-0', '0'],
    ['0e-3', '0.000'],
    ['1.50e1', '15.0'],
    ['00012', '12'],
    ['1e-16383', `0.${'0'.repeat(16382)}1`],
    ['1e131071', `1${'0'.repeat(131071)}`],
  ] as const
  for (const [given, plain] of moved) {
    expect(decode(codec, encode(codec, given, 'binary'), 'binary')).toBe(plain)
  }
})
