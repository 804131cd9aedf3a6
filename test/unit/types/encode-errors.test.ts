import { describe, expect, test } from 'vitest'
import { EncodeError } from '../../../src/base/errors.js'
import { Interval } from '../../../src/types/interval.js'
import { Timestamp } from '../../../src/types/timestamp.js'
import { codecOf, decode, encode } from './codec-calls.js'

type Case = readonly [type: string, values: readonly (readonly [what: string, value: unknown])[]]

const circular: unknown[] = []
circular.push({ circular })

const nothing = [
  ['undefined', undefined],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
] as const
const objects = [
  ['an object', {}],
  ['an array', []],
  ['null', null],
] as const
const dates = [
  ['an invalid Date', new Date(Number.NaN)],
  ['a number', 0],
  ['NaN', Number.NaN],
  ['a bigint', 1n],
  ['a boolean', true],
] as const
const fractions = [
  ['a fraction', 1.5],
  ['text of a fraction', '1.5'],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['empty text', ''],
  ['text with blanks', ' 1'],
  ['hexadecimal text', '0x10'],
  ['words', 'secret'],
  ['a boolean', true],
  ['a Date', new Date(0)],
] as const

const cases: readonly Case[] = [
  [
    'bool',
    [
      ...nothing,
      ...objects,
      ['a number', 1],
      ['other words', 'secret'],
      ['one letter', 'o'],
      ['', ''],
    ],
  ],
  [
    'int2',
    [
      ...nothing,
      ...objects,
      ...fractions,
      ['too great', 32768],
      ['too small', '-32769'],
      ['wide', 32768n],
    ],
  ],
  [
    'int4',
    [
      ...nothing,
      ...objects,
      ...fractions,
      ['too great', 2 ** 31],
      ['too small', -(2 ** 31) - 1],
      ['wide', -(2n ** 32n)],
    ],
  ],
  ['oid', [...nothing, ...objects, ...fractions, ['negative', -1], ['too great', 2 ** 32]]],
  [
    'int8',
    [
      ...nothing,
      ...objects,
      ...fractions,
      ['an unsafe number', 2 ** 53],
      ['too great', 2n ** 63n],
      ['too small', String(-(2n ** 63n) - 1n)],
    ],
  ],
  ['xid8', [...nothing, ...objects, ...fractions, ['negative', -1], ['too great', 2n ** 64n]]],
  [
    'float4',
    [
      ...nothing,
      ...objects,
      ['overflow', 3.5e38],
      ['text that overflows', '-1e39'],
      ['underflow', 1e-50],
      ['a bigint with too many digits', 2n ** 24n + 1n],
      ['words', 'secret'],
      ['empty text', ''],
      ['a boolean', false],
    ],
  ],
  [
    'float8',
    [
      ...nothing,
      ...objects,
      ['text that overflows', '1e400'],
      ['text that underflows', '1e-400'],
      ['a bigint with too many digits', 2n ** 53n + 1n],
      ['a huge bigint', 10n ** 400n],
      ['words', '1,5'],
      ['hexadecimal text', '0x10'],
      // Which took time by the square of its length once.
      ['a long run of digits', `${'1'.repeat(200_000)}x`],
    ],
  ],
  [
    'numeric',
    [
      ...nothing,
      ...objects,
      ['an unsafe number', 1e21],
      ['words', 'secret'],
      ['two points', '1.2.3'],
      ['a point alone', '.'],
      ['empty text', ''],
      ['a boolean', true],
      ['a Date', new Date(0)],
      ['an array that prints as a number', [1]],
      ['an object that cannot be printed', Object.create(null)],
      ['too many digits', '1e131072'],
      ['too great a scale', '1e-16384'],
      ['an absurd exponent', '1e999999999'],
    ],
  ],
  [
    'text',
    [
      ...nothing,
      ...objects,
      ['a NUL', 'secret\0'],
      ['a lone surrogate', 'secret\ud800'],
      ['a lone low surrogate', '\udc00secret'],
      ['an invalid Date', new Date(Number.NaN)],
      ['bytes', new Uint8Array(2)],
    ],
  ],
  ['xml', [...nothing, ['a NUL', '<secret/>\0']]],
  [
    'char',
    [
      ...nothing,
      ...objects,
      ['two characters', 'ab'],
      ['one beyond ASCII', 'é'],
      ['a NUL', '\0'],
      ['a number', 1],
    ],
  ],
  ['bytea', [...nothing, ...objects, ['a string', 'secret'], ['a number', 1]]],
  [
    'uuid',
    [
      ...nothing,
      ...objects,
      ['words', 'secret'],
      ['a digit too few', '00112233-4455-6677-8899-aabbccddeef'],
      ['one brace', '{00112233-4455-6677-8899-aabbccddeeff'],
      ['bytes', new Uint8Array(16)],
    ],
  ],
  [
    'jsonb',
    [
      ...nothing,
      ['NaN', Number.NaN],
      ['a nested Infinity', { secret: [Number.POSITIVE_INFINITY] }],
      ['an undefined element', [undefined]],
      // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
      ['a hole', [1, , 2]],
      ['a nested function', { secret: () => 1 }],
      ['a nested symbol', [Symbol('s')]],
      ['a Map', new Map([['secret', 1]])],
      ['a Set', new Set([1])],
      ['a promise', Promise.resolve(1)],
      ['bytes', new Uint8Array(2)],
      ['an ArrayBuffer', new ArrayBuffer(2)],
      ['an invalid Date', [new Date(Number.NaN)]],
      ['a cycle', circular],
      ['toJSON that gives undefined', { toJSON: () => undefined }],
    ],
  ],
  [
    'date',
    [
      ...nothing,
      ...objects,
      ...dates,
      ['a Date with a time of day', new Date(1)],
      ['a Timestamp with microseconds', new Timestamp(0, 1)],
      ['a Date before 4713 BC', new Date(-8.64e15)],
    ],
  ],
  ['time', [...nothing, ...objects, ...dates, ['a Date', new Date(0)]]],
  ['timetz', [...nothing, ...objects, ...dates, ['a Date', new Date(0)]]],
  ['timestamp', [...nothing, ...objects, ...dates, ['a Date before 4713 BC', new Date(-8.64e15)]]],
  ['timestamptz', [...nothing, ...objects, ...dates]],
  [
    'interval',
    [...nothing, ...objects, ...dates, ['a look-alike', { months: 1, days: 0, microseconds: 0 }]],
  ],
  ['void', [...nothing, ...objects, ['a number', 1]]],
  [
    '_int4',
    [
      ...nothing,
      ['a number', 1],
      ['an object', {}],
      ['an undefined element', [1, undefined]],
      // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
      ['a hole', [1, , 2]],
      ['an element of another type', [1, 'secret']],
      ['sub-arrays of different lengths', [[1], [2, 3]]],
      ['an array beside elements', [1, [2]]],
      ['an element beside arrays', [[1], 2]],
      ['null beside arrays', [[1], null]],
      ['an array after null', [null, [1]]],
      ['an empty array beside another', [[], [1]]],
      ['another beside an empty array', [[1], []]],
      ['deeper arrays', [[1, [2]]]],
      ['seven dimensions', [[[[[[[1]]]]]]]],
      ['bigints that do not fit', new BigInt64Array([2n ** 40n])],
      ['a DataView', new DataView(new ArrayBuffer(4))],
    ],
  ],
  [
    '_bytea',
    [...nothing, ['bytes, not an array of them', new Uint8Array(2)], ['a string', ['secret']]],
  ],
  ['_jsonb', [...nothing, ['an undefined element', [undefined]], ['an object', {}]]],
]

describe.each(cases)('%s refuses', (type, values) => {
  const codec = codecOf(type)
  const formats = codec.encodeBinary ? (['text', 'binary'] as const) : (['text'] as const)
  const given = values.map(([what, value]) => ({ what, value }))

  test.each(given)('$what', ({ value }) => {
    for (const format of formats) {
      try {
        encode(codec, value, format)
        expect.unreachable(`encoded as ${format}`)
      } catch (error) {
        expect(error).toBeInstanceOf(EncodeError)
        // Of an array it may be one of its elements that is refused.
        expect([type, type.replace('_', '')]).toContain((error as EncodeError).type)
        expect((error as EncodeError).message).not.toContain('secret')
      }
    }
  })
})

test('an error says the type, the kind of the value and what is taken', () => {
  expect(() => encode(codecOf('int4'), 1.5, 'binary')).toThrow(
    'a number with a fraction cannot be sent as int4, which takes integers from -2147483648 to 2147483647',
  )
  expect(() => encode(codecOf('jsonb'), new Map(), 'text')).toThrow(
    /^a Map cannot be sent as jsonb/,
  )
  expect(() => encode(codecOf('bytea'), 'x', 'binary')).toThrow(/Buffer\.from\(text\)/)
})

test.each([
  ['date', '0000-01-01'],
  ['timestamp', '0000-01-01 00:00:00'],
  ['interval', '00:60:00'],
  ['inet', '1.2.3.4::'],
  ['inet', '1.2.3.4::1'],
])('%s refuses %s in binary, as the server does in text', (type, value) => {
  expect(() => encode(codecOf(type), value, 'binary')).toThrow(EncodeError)
})

type Accepted = readonly [type: string, value: unknown, stored: unknown]

class Decimal {
  toString(): string {
    return '12.50'
  }
}

const accepted: readonly Accepted[] = [
  ['bool', 'yes', true],
  ['bool', 'OF', false],
  ['int4', '+7', 7],
  ['int4', -0, 0],
  ['int4', 7n, 7],
  ['int8', '-0000000000000000000000001', -1],
  ['int8', new Number(1).valueOf(), 1],
  ['float8', '1e3', 1000],
  ['float8', '-inf', Number.NEGATIVE_INFINITY],
  ['float8', 2n ** 60n, 2 ** 60],
  ['float4', '0.1', 0.1],
  ['float4', Number.NaN, Number.NaN],
  ['numeric', 0.1, '0.1'],
  ['numeric', 1e-7, '0.0000001'],
  ['numeric', 10n ** 30n, '1000000000000000000000000000000'],
  ['numeric', Number.NEGATIVE_INFINITY, '-Infinity'],
  ['numeric', 'nan', 'NaN'],
  ['numeric', new Decimal(), '12.50'],
  ['text', 1.5, '1.5'],
  ['text', 5n, '5'],
  ['text', true, 'true'],
  ['text', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['text', new Timestamp(0, 7), '1970-01-01T00:00:00.000007Z'],
  ['char', '\\101', 'A'],
  ['bytea', new Uint8Array([1, 2]).subarray(1), Buffer.from([2])],
  ['bytea', new Uint8Array([1, 2]).buffer, Buffer.from([1, 2])],
  ['bytea', new Uint16Array([0x0201]), Buffer.from(new Uint16Array([0x0201]).buffer)],
  ['bytea', new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1), Buffer.from([2])],
  ['uuid', '{00112233-4455-6677-8899-AABBCCDDEEFF}', '00112233-4455-6677-8899-aabbccddeeff'],
  ['uuid', '00112233445566778899aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
  ['json', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['json', [new Interval({ days: 1 })], ['P1D']],
  ['json', { toJSON: () => ({ a: 1 }) }, { a: 1 }],
  ['json', new Boolean(false), false],
  ['date', 'infinity', Number.POSITIVE_INFINITY],
  ['date', new Date(86_400_000), '1970-01-02'],
  ['timestamptz', '2024-01-01T00:00:00.000Z', new Date('2024-01-01T00:00:00Z')],
  ['timestamp', '2024-01-01 00:00', new Date('2024-01-01T00:00:00Z')],
  ['timestamp', Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ['interval', 'P1Y', new Interval({ months: 12 })],
  ['_int4', new Int32Array([1, 2]), [1, 2]],
  ['_int8', new BigInt64Array([1n]), [1]],
  ['_float8', [new Float64Array([1.5]), new Float64Array([2])], [[1.5], [2]]],
  ['_int4', [], []],
  ['_int4', [[], []], []],
  ['_text', ['NULL', null, '', 'a"b\\c', '{}', ' '], ['NULL', null, '', 'a"b\\c', '{}', ' ']],
  ['_bytea', [[new Uint8Array([1])], [null]], [[Buffer.from([1])], [null]]],
  ['_jsonb', [[1, 2], { a: [] }, null], [[1, 2], { a: [] }, null]],
]

test.each(accepted)('%s takes %s in both formats', (type, value, stored) => {
  const codec = codecOf(type)
  expect(decode(codec, encode(codec, value, 'binary'), 'binary')).toStrictEqual(stored)
  // Dates and times given as text are the server's to read.
  if (typeof value === 'string' && /^(date|time|interval)/.test(type)) {
    expect(encode(codec, value, 'text').toString()).toBe(value)
  } else if (type !== 'float8' && !String(encode(codec, value, 'text')).includes('e-')) {
    expect(decode(codec, plain(encode(codec, value, 'text')), 'text')).toStrictEqual(stored)
  }
})

/** The server prints NaN and true numbers in one way only. */
function plain(bytes: Buffer): Buffer {
  return bytes.toString() === 'nan' ? Buffer.from('NaN') : bytes
}

test('bigints are written exactly in JSON', () => {
  const value = { a: [12345678901234567890n], b: -1n }
  expect(encode(codecOf('json'), value, 'text').toString()).toBe(
    '{"a":[12345678901234567890],"b":-1}',
  )
})

test('the option json: string takes and gives JSON text', () => {
  const codec = codecOf('jsonb', { json: 'string' })
  expect(encode(codec, '{"a": 1}', 'text').toString()).toBe('{"a": 1}')
  expect(encode(codec, { a: 1 }, 'text').toString()).toBe('{"a":1}')
})

test('stringify of the option json must give a string', () => {
  const cause = new Error('no')
  const options = { json: { parse: JSON.parse, stringify: () => undefined } }
  expect(() => encode(codecOf('json', options), 1, 'text')).toThrow(EncodeError)
  const failing = {
    json: {
      parse: JSON.parse,
      stringify: () => {
        throw cause
      },
    },
  }
  expect(() => encode(codecOf('json', failing), 1, 'text')).toThrow(
    expect.objectContaining({ name: 'EncodeError', cause }),
  )
})
