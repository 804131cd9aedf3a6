import { describe, expect, test } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/base/errors.js'
import type { Codec } from '../../../src/types/codec.js'
import { OIDS } from '../../../src/types/oid.js'
import { TypeMap } from '../../../src/types/type-map.js'
import type { TypeOptions } from '../../../src/types/type-options.js'
import { hex } from '../../support/bytes.js'
import { decode, encode } from './codec-calls.js'

const { builtin } = TypeMap
const ONE = hex('0000000000000001')
const ARRAY_OF_ONE = hex('00000001 00000000 00000014 00000001 00000001 00000008 0000000000000001')

const upper: Codec<string> = {
  name: 'upper',
  decodeText: (buf, start, end) => buf.toString('latin1', start, end).toUpperCase(),
  encodeText: (value, out) => out.utf8(String(value).toUpperCase()),
}

test('every OID of the table has its codec, by OID and by name', () => {
  for (const [name, oid] of Object.entries(OIDS)) {
    expect(builtin.get(oid).name).toBe(name)
    expect(builtin.find(name)).toBe(builtin.get(oid))
  }
})

test('an unknown type is text in both directions', () => {
  const codec = builtin.get(123_456)
  expect(decode(codec, Buffer.from('(1,2)'), 'text')).toBe('(1,2)')
  expect(encode(codec, 1n, 'text').toString()).toBe('1')
  expect(codec.decodeBinary).toBeUndefined()
  expect(codec.encodeBinary).toBeUndefined()
  expect(() => encode(codec, [1], 'text')).toThrow(EncodeError)
  expect(builtin.find('no_such_type')).toBeUndefined()
})

test('options give another map and leave the first as it was', () => {
  const bigints = builtin.with({ int8: 'bigint' })
  expect(decode(bigints.get(OIDS.int8), ONE, 'binary')).toBe(1n)
  expect(decode(builtin.get(OIDS.int8), ONE, 'binary')).toBe(1)
  expect(bigints.get(OIDS.int4)).toBe(builtin.get(OIDS.int4))
})

test('layers add up, and the upper one wins', () => {
  const both = builtin.with({ int8: 'bigint', date: 'Date' }).with({ int8: 'string' })
  expect(decode(both.get(OIDS.int8), ONE, 'binary')).toBe('1')
  expect(decode(both.get(OIDS.date), hex('00000000'), 'binary')).toBeInstanceOf(Date)
})

test('the same options object gives the same map', () => {
  const options: TypeOptions = { int8: 'bigint' }
  expect(builtin.with(options)).toBe(builtin.with(options))
  expect(builtin.with(undefined)).toBe(builtin)
  expect(builtin.with({})).toBe(builtin)
})

test.each([
  ['a name', { int8: 'bigint' }],
  ['an OID', { 20: 'bigint' }],
] as const)('an option for %s reaches through arrays', (_by, options) => {
  const map = builtin.with(options)
  expect(decode(map.get(OIDS._int8), ARRAY_OF_ONE, 'binary')).toEqual([1n])
  expect(decode(map.get(OIDS._int8), Buffer.from('{1}'), 'text')).toEqual([1n])
})

test('xid8 follows int8 and jsonb follows json, unless they have an option of their own', () => {
  const map = builtin.with({ int8: 'bigint', json: 'string' })
  expect(decode(map.get(OIDS.xid8), ONE, 'binary')).toBe(1n)
  expect(decode(map.get(OIDS.jsonb), hex("01 '[]'"), 'binary')).toBe('[]')
  const own = builtin.with({ int8: 'bigint', xid8: 'string', json: 'string', jsonb: 'parse' })
  expect(decode(own.get(OIDS.xid8), ONE, 'binary')).toBe('1')
  expect(decode(own.get(OIDS.jsonb), hex("01 '[]'"), 'binary')).toEqual([])
})

describe('a codec given for a type', () => {
  test('leaves the type its name', () => {
    const map = builtin.with({ uuid: upper, 16500: upper })
    expect(map.get(OIDS.uuid).name).toBe('uuid')
    expect(map.get(OIDS._uuid).name).toBe('_uuid')
    expect(map.get(16500).name).toBe('upper')
  })

  test('takes the place of it and reaches through arrays', () => {
    const map = builtin.with({ uuid: upper })
    expect(decode(map.get(OIDS.uuid), Buffer.from('ab'), 'text')).toBe('AB')
    expect(decode(map.get(OIDS._uuid), Buffer.from('{ab,NULL}'), 'text')).toEqual(['AB', null])
    expect(encode(map.get(OIDS._uuid), ['ab'], 'text').toString()).toBe('{"AB"}')
    expect(map.get(OIDS._uuid).decodeBinary).toBeUndefined()
    expect(map.get(OIDS._uuid).encodeBinary).toBeUndefined()
  })

  test('does not reach types that follow this one', () => {
    const map = builtin.with({ int8: upper })
    expect(decode(map.get(OIDS.xid8), ONE, 'binary')).toBe(1)
  })

  test('may have one direction, and the other stays', () => {
    const map = builtin.with({ int4: { decodeText: upper.decodeText } })
    expect(map.get(OIDS.int4).decodeBinary).toBeUndefined()
    expect(map.get(OIDS.int4).name).toBe('int4')
    expect(encode(map.get(OIDS.int4), 1, 'binary')).toEqual(hex('00000001'))
  })

  test('with binary functions alone refuses text instead of giving other values', () => {
    const map = builtin.with({ int4: { decodeBinary: () => 'x', encodeBinary: () => {} } })
    expect(decode(map.get(OIDS.int4), hex('00000001'), 'binary')).toBe('x')
    expect(() => decode(map.get(OIDS.int4), Buffer.from('1'), 'text')).toThrow(DecodeError)
    expect(() => encode(map.get(OIDS.int4), 1, 'text')).toThrow(EncodeError)
  })

  test('may be for an OID that is not known', () => {
    const map = builtin.with({ 16500: upper })
    expect(decode(map.get(16_500), Buffer.from('x'), 'text')).toBe('X')
  })

  test('may be for an array type, and then elements do not matter', () => {
    const map = builtin.with({ _int8: upper, int8: 'bigint' })
    expect(decode(map.get(OIDS._int8), Buffer.from('{x}'), 'text')).toBe('{X}')
  })
})

const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
  ['a mistyped name', { in8: 'bigint' }, 'there is no type "in8"; did you mean "int8"?'],
  ['a name in capitals', { JSONB: 'parse' }, 'there is no type "JSONB"; did you mean "jsonb"?'],
  [
    'a name like none, without a codec',
    { geographical: 'x' },
    '"geographical" is no built-in type',
  ],
  [
    'a mistyped name with a codec',
    { uuidd: upper },
    'there is no type "uuidd"; did you mean "uuid"?',
  ],
  ['a wrong word for lower bounds', { arrayLowerBounds: 'x' }, "must be 'drop' or 'keep'"],
  ['an OID that is none', { 4294967296: upper }, 'there is no type "4294967296"'],
  [
    'an unknown word',
    { int8: 'number2' },
    "int8 must be 'number' or 'bigint' or 'string' or a codec",
  ],
  ['a word of Object.prototype', { int8: 'toString' }, 'int8 must be'],
  ['a word where there is none', { int4: 'bigint' }, 'int4 must be a codec'],
  ['a function where none is taken', { int8: Number }, 'int8 must be'],
  ['a number', { numeric: 1 }, "numeric must be 'string' or 'number' or a function of the text"],
  ['an object without functions', { json: { parse: 1 } }, 'parse and stringify'],
  ['a codec with a wrong function', { int4: { decodeText: 1 } }, 'int4 must be a codec'],
  ['null', { int4: null }, 'int4 must be a codec'],
]

test.each(wrong)('%s is a TypeError that names it', (_what, options, message) => {
  expect(() => builtin.with(options)).toThrow(TypeError)
  expect(() => builtin.with(options)).toThrow(message)
})

test('a type of the user may have any name that is not nearly a built-in one', () => {
  for (const name of ['mood', 'geographical', 'public.int5', 'a.b']) {
    expect(() => builtin.with({ [name]: upper })).not.toThrow()
  }
})

test('an option for a built-in type may name its schema', () => {
  const map = builtin.with({ 'pg_catalog.int8': 'bigint' })
  expect(decode(map.get(OIDS.int8), ONE, 'binary')).toBe(1n)
})

test('an option reaches through ranges and multiranges', () => {
  const map = builtin.with({ int8: 'bigint' })
  expect(decode(map.get(OIDS.int8range), Buffer.from('[1,2)'), 'text')).toMatchObject({
    lower: 1n,
    upper: 2n,
  })
  expect(decode(map.get(OIDS._int8multirange), Buffer.from('{"{[1,2)}"}'), 'text')).toMatchObject([
    [{ lower: 1n, upper: 2n }],
  ])
})

test('arrays keep their lower bounds when a layer says so', () => {
  const map = builtin.with({ arrayLowerBounds: 'keep' }).with({ int8: 'bigint' })
  expect(decode(map.get(OIDS._int4), Buffer.from('[5:5]={1}'), 'text')).toHaveProperty(
    'lowerBounds',
    [5],
  )
})

test('an option that is undefined is none', () => {
  expect(builtin.with({ int8: undefined, nonsense: undefined })).toBe(builtin)
})
