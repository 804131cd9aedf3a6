import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/base/errors.js'
import type { TraitedCodec } from '../../../src/types/codec-traits.js'
import { arrayCodec } from '../../../src/types/codecs/array.js'
import { halfToNumber, numberToHalf } from '../../../src/types/codecs/half-float.js'
import { EXTENSION_CODECS } from '../../../src/types/extension-codecs.js'
import { hex } from '../../support/bytes.js'
import { decode, encode } from './codec-calls.js'

function extension(name: string): TraitedCodec {
  const codec = EXTENSION_CODECS[name]
  if (!codec) throw new Error(`there is no codec for ${name}`)
  return codec
}

const texts = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ' ', '=>', 'NULL', 'é', '') })
const singles = fc.float({ noNaN: true, noDefaultInfinity: true })
const halves = fc
  .integer({ min: 0, max: 0x7bff })
  .chain((bits) => fc.constantFrom(halfToNumber(bits), halfToNumber(bits | 0x8000)))

const sparse = fc
  .uniqueArray(fc.integer({ min: 0, max: 999 }), { maxLength: 8 })
  .map((indices) => indices.sort((a, b) => a - b))
  .chain((indices) =>
    fc.array(singles, { minLength: indices.length, maxLength: indices.length }).map((values) => ({
      dimensions: 1000,
      indices: Int32Array.from(indices),
      values: Float32Array.from(values),
    })),
  )

const values: readonly (readonly [type: string, values: fc.Arbitrary<unknown>])[] = [
  ['hstore', fc.array(fc.tuple(texts, fc.option(texts))).map((pairs) => new Map(pairs))],
  ['ltree', fc.constantFrom('', 'a.b_c.d')],
  ['lquery', fc.constantFrom('a.*{1,2}.!b')],
  ['ltxtquery', fc.constantFrom('a & b*')],
  ['citext', texts],
  ['vector', fc.array(singles, { minLength: 1 }).map((array) => Float32Array.from(array))],
  ['halfvec', fc.array(halves, { minLength: 1 }).map((array) => Float32Array.from(array))],
  ['sparsevec', sparse],
]

describe.each(values)('%s', (type, arbitrary) => {
  test.each(['text', 'binary'] as const)('comes back from %s as it went', (format) => {
    const codec = extension(type)
    const array = arrayCodec(90000, codec)
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(decode(codec, encode(codec, value, format), format)).toStrictEqual(value)
        const several = [value, null, value]
        expect(decode(array, encode(array, several, format), format)).toStrictEqual(several)
      }),
    )
  })

  test('takes its text, which goes as text where the binary form is another', () => {
    const codec = extension(type)
    expect(encode(codec, 'x', 'text').toString()).toBe('x')
    if (codec.traits) expect(codec.traits.goesAsText?.('x')).toBe(true)
  })

  test('makes a DecodeError of hostile bytes', () => {
    const codec = extension(type)
    const part = fc.constantFrom('00000000', '00000001', '7fffffff', 'ffffffff', '00', '01', '0002')
    const bytes = fc.oneof(
      fc.array(part, { maxLength: 10 }).map((parts) => Buffer.from(parts.join(''), 'hex')),
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
      fc.string({ unit: fc.constantFrom(...'"a\\=>,NUL[]{}:/10.-e ') }).map((s) => Buffer.from(s)),
    )
    fc.assert(
      fc.property(bytes, fc.constantFrom('text' as const, 'binary' as const), (bytes, format) => {
        try {
          decode(codec, bytes, format)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
    )
  })
})

test('hstore reads long text', () => {
  const long = 'a'.repeat(9_000_000)
  const quotes = '"\\'.repeat(4_500_000)
  const codec = extension('hstore')
  const pairs = new Map([[long, quotes]])
  expect(decode(codec, encode(codec, pairs, 'text'), 'text')).toEqual(pairs)
  const open = () => decode(codec, Buffer.from(`"${long}`), 'text')
  expect(open).toThrow(DecodeError)
})

test('hstore takes plain objects', () => {
  const codec = extension('hstore')
  const bytes = encode(codec, { a: '1', b: null }, 'binary')
  expect(decode(codec, bytes, 'binary')).toEqual(
    new Map([
      ['a', '1'],
      ['b', null],
    ]),
  )
})

test('the binary form of a vector is what pgvector sends', () => {
  expect(encode(extension('vector'), [1, -2], 'binary')).toEqual(hex('0002 0000 3f800000 c0000000'))
  expect(encode(extension('halfvec'), [1, -2], 'binary')).toEqual(hex('0002 0000 3c00 c000'))
  const sparsevec = { dimensions: 5, indices: [1, 4], values: [1, 2] }
  expect(encode(extension('sparsevec'), sparsevec, 'binary')).toEqual(
    hex('00000005 00000002 00000000 00000001 00000004 3f800000 40000000'),
  )
  expect(encode(extension('sparsevec'), sparsevec, 'text').toString()).toBe('{2:1,5:2}/5')
})

const refused: readonly (readonly [type: string, value: unknown])[] = [
  ['hstore', 1],
  ['hstore', [['a', 'b']]],
  ['hstore', new Date()],
  ['hstore', { a: 1 }],
  ['hstore', { a: undefined }],
  ['hstore', new Map([[1, 'a']])],
  ['hstore', { 'a\0': 'b' }],
  ['ltree', 1],
  ['vector', 1],
  ['vector', ['1']],
  ['vector', [Number.NaN]],
  ['vector', [1e39]],
  ['halfvec', [65520]],
  ['sparsevec', [1]],
  ['sparsevec', { dimensions: 0, indices: [], values: [] }],
  ['sparsevec', { dimensions: 2, indices: [2], values: [1] }],
  ['sparsevec', { dimensions: 2, indices: [1], values: [] }],
]
test.each(refused)('%s refuses %j', (type, value) => {
  expect(() => encode(extension(type), value, 'binary')).toThrow(EncodeError)
})

test('every half float reads back, and numbers between round to the even of two', () => {
  for (let bits = 0; bits < 0x7c00; bits++) expect(numberToHalf(halfToNumber(bits))).toBe(bits)
  for (let bits = 0; bits < 0x7bff; bits++) {
    const middle = (halfToNumber(bits) + halfToNumber(bits + 1)) / 2
    if (numberToHalf(middle) !== bits + (bits & 1)) expect(bits, 'rounded to odd').toBe(-1)
  }
  expect(numberToHalf(65519.99)).toBe(0x7bff)
  expect(numberToHalf(65520)).toBeUndefined()
  expect(numberToHalf(-(2 ** -26))).toBe(0x8000)
})
