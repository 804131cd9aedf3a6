import { describe, expect, expectTypeOf, test } from 'vitest'
import { builtinCodec, type Codec, decodeValue, encodeValue, Range } from '../../../src/index.js'
import { MessageWriter } from '../../../src/protocol/message-writer.js'
import { arrayCodec } from '../../../src/types/codecs/array.js'
import { OIDS } from '../../../src/types/oid.js'
import { encodeParameters } from '../../../src/types/parameters.js'
import type { TypeDescription } from '../../../src/types/type-description.js'
import { TypeMap } from '../../../src/types/type-map.js'
import { TypeTable } from '../../../src/types/type-table.js'
import { hex } from '../../support/bytes.js'
import { decode, encode } from './codec-calls.js'

const POINT = 20_001
const point: TypeDescription = {
  oid: POINT,
  schema: 'public',
  name: 'place',
  structure: {
    kind: 'composite',
    // Names like these would change places in an object.
    attributes: [
      { name: '2', typeOid: OIDS.int4 },
      { name: '1', typeOid: OIDS.text },
    ],
  },
}
const SPAN = 20_002
const span: TypeDescription = {
  oid: SPAN,
  schema: 'public',
  name: 'span',
  structure: {
    kind: 'composite',
    attributes: [
      { name: 'first', typeOid: OIDS.date },
      { name: 'last', typeOid: OIDS.date },
    ],
  },
}
const table = TypeTable.forDatabase()
table.add([point, span])
const map = TypeMap.builtin.on(table)

function parametersOf(codec: Codec, ...values: unknown[]): Buffer {
  const out = new MessageWriter()
  encodeParameters([codec], values, out)
  return out.take()
}

describe('a codec by values', () => {
  test('by text makes both directions go as text, also in arrays', () => {
    const urls = map.with({
      text: { encode: (value: URL) => value.href, decode: (text: string) => new URL(text) },
    })
    const codec = urls.get(OIDS._text)
    expect(codec.decodeBinary).toBeUndefined()
    expect(codec.encodeBinary).toBeUndefined()
    const bytes = encode(codec, [new URL('https://example.org/a')], 'text')
    expect(decode(codec, bytes, 'text')).toEqual([new URL('https://example.org/a')])
  })

  test('by bytes gets bytes of its own', () => {
    const codec = map
      .with({
        bytea: { format: 'binary', encode: (v: Uint8Array) => v, decode: (v: Uint8Array) => v },
      })
      .get(OIDS.bytea)
    const bytes = Buffer.from('abc')
    const value = decodeValue(codec, bytes, 1) as Uint8Array
    bytes.fill(0)
    expect(Buffer.from(value).toString()).toBe('abc')
    expect(encode(codec, value, 'binary').toString()).toBe('abc')
  })

  test('by tuple gets and gives the attributes of a composite in their order', () => {
    const codec = map
      .with({
        place: {
          format: 'tuple',
          encode: (value: string) => value.split('/').map((part, i) => (i === 0 ? +part : part)),
          decode: (attributes: unknown[]) => attributes.join('/'),
        },
      })
      .get(POINT)
    for (const format of ['binary', 'text'] as const) {
      expect(decode(codec, encode(codec, '7/x', format), format)).toBe('7/x')
    }
  })

  test('by bytes gets strings that the server would read otherwise', () => {
    const dates = map.with({
      date: { format: 'binary', encode: (value: string) => Buffer.from(value) },
    })
    expect(parametersOf(dates.get(OIDS.date), 'x')).toEqual(hex('0001 0001 0001 00000001 78'))
    expect(encode(dates.get(OIDS._date), ['x'], 'binary')).toEqual(
      hex('00000001 00000000 0000043a 00000001 00000001 00000001 78'),
    )
    expect(dates.get(OIDS._date).traits?.goesAsText?.(['x'])).toBe(false)
  })

  test('by tuple tells values from the dimensions of an array', () => {
    const objects = map.with({
      place: {
        format: 'tuple',
        encode: (value: { n: number; s: string }) => [value.n, value.s],
        decode: ([n, s]: unknown[]) => ({ n, s }),
      },
    })
    const arrays = map.with({
      place: {
        format: 'tuple',
        encode: (value: unknown[]) => value,
        decode: (value: unknown[]) => value,
      },
    })
    const cases: readonly (readonly [TypeMap, unknown[]])[] = [
      [objects, [{ n: 1, s: 'x' }, null]],
      [objects, [[{ n: 1, s: 'x' }], [{ n: 2, s: 'y' }]]],
      [arrays, [[1, 'x'], null, [2, 'y']]],
    ]
    for (const [types, values] of cases) {
      const codec = arrayCodec(POINT, types.get(POINT))
      for (const format of ['binary', 'text'] as const) {
        expect(decode(codec, encode(codec, values, format), format)).toEqual(values)
      }
    }
  })

  test('by tuple gives strings that only the server reads', () => {
    const encoded: unknown[] = []
    const codec = map
      .with({
        span: {
          format: 'tuple',
          encode: (value: { readonly days: string }) => {
            encoded.push(value)
            return [value.days, null]
          },
        },
      })
      .get(SPAN)
    const text = Buffer.from('("tomorrow",)')
    expect(encode(codec, { days: 'tomorrow' }, 'text')).toEqual(text)
    expect(codec.traits?.goesAsText?.({ days: 'tomorrow' })).toBe(true)
    expect(codec.traits?.goesAsText?.({ days: new Date(0) })).toBe(false)
    encoded.length = 0
    expect(codec.traits?.goesAsText?.(null)).toBe(false)
    expect(encoded).toEqual([])
  })

  test('of one direction leaves the other as it was', () => {
    const codec = map.with({ int4: { decode: (text: string) => `#${text}` } }).get(OIDS.int4)
    expect(decode(codec, Buffer.from('5'), 'text')).toBe('#5')
    expect(codec.decodeBinary).toBeUndefined()
    expect(encode(codec, 5, 'binary')).toEqual(Buffer.from([0, 0, 0, 5]))
  })

  test.each([
    ['text', { encode: (): unknown => 5 }, 'text', 'an integer instead of a string'],
    [
      'bytes',
      { format: 'binary', encode: (): unknown => 'x' },
      'binary',
      'a string instead of a Uint8Array',
    ],
  ] as const)('that gives no %s is an EncodeError', (_what, given, format, message) => {
    const codec = map.with({ uuid: given as never }).get(OIDS.uuid)
    expect(() => encode(codec, 'x', format)).toThrow(message)
  })

  test('that gives no tuple is an EncodeError', () => {
    const codec = map
      .with({ place: { format: 'tuple', encode: (): never[] => 'x' as never } })
      .get(POINT)
    expect(() => encode(codec, 'x', 'binary')).toThrow('a string instead of an array')
  })

  test.each([
    ['a format that is none', { format: 'json', encode: String }],
    ['no function', { format: 'text' }],
    ['a function that is none', { encode: 1 }],
  ])('with %s is a TypeError', (_what, given) => {
    expect(() => map.with({ uuid: given as never })).toThrow('uuid must be a codec')
  })
})

describe('a codec alone', () => {
  test('decodes and encodes a value in both formats', () => {
    const codec = builtinCodec('int8range', { int8: 'bigint' })
    if (codec === undefined) throw new Error('there is no codec')
    for (const format of [0, 1] as const) {
      const bytes = encodeValue(codec, { lower: 1n, upper: null }, format)
      expect(decodeValue(codec, bytes, format)).toEqual(new Range(1n, null))
    }
  })

  test('says when it does not read or write a format', () => {
    const money = map.with({ uuid: { encode: String, decode: String } }).get(OIDS.uuid)
    expect(() => decodeValue(money, Buffer.alloc(0), 1)).toThrow('no binary form that can be read')
    expect(() => encodeValue(money, 'x', 1)).toThrow('no binary form')
  })

  test('is not there for a type that is not built in', () => {
    expect(builtinCodec('mood')).toBeUndefined()
  })

  test('knows the type of its values', () => {
    const codec: Codec<string> = {
      name: 'x',
      decodeText: (buf, start, end) => buf.toString('utf8', start, end),
      encodeText: (value, out) => out.utf8(String(value)),
    }
    expectTypeOf(decodeValue(codec, Buffer.from('x'), 0)).toEqualTypeOf<string>()
    expect(decodeValue(codec, Buffer.from('x'), 0)).toBe('x')
  })
})
