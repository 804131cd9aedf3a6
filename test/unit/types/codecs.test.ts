import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../../src/base/errors.js'
import { Interval } from '../../../src/types/interval.js'
import { Timestamp } from '../../../src/types/timestamp.js'
import { hex } from '../../support/bytes.js'
import { codecOf, decode, encode } from './codec-calls.js'

type Options = Readonly<Record<string, unknown>>

/** The bytes and the text are what PostgreSQL's own send and output functions give. */
type Case = readonly [type: string, bytes: string, text: string, value: unknown, options?: Options]

const utc = (iso: string): Date => new Date(iso)
const withMicroseconds = (iso: string, microseconds: number): Timestamp =>
  new Timestamp(Date.parse(iso), microseconds)

const BIGINT = { int8: 'bigint' }
const TEXT = { int8: 'string', date: 'string', timestamp: 'string', timestamptz: 'string' }
const DATE = { date: 'Date' }
const NUMBER = { numeric: 'number' }
const INTERVAL = { interval: 'string' }

const cases: readonly Case[] = [
  ['bool', '01', 't', true],
  ['bool', '00', 'f', false],
  ['int2', '8000', '-32768', -32768],
  ['int2', '7fff', '32767', 32767],
  ['int4', 'ffffffff', '-1', -1],
  ['int4', '80000000', '-2147483648', -2147483648],
  ['int4', '7fffffff', '2147483647', 2147483647],
  ['oid', 'ffffffff', '4294967295', 4294967295],
  ['xid', '80000000', '2147483648', 2147483648],
  ['cid', '00000000', '0', 0],
  ['int8', '0000000000000000', '0', 0],
  ['int8', 'ffffffffffffffff', '-1', -1],
  ['int8', '001fffffffffffff', '9007199254740991', Number.MAX_SAFE_INTEGER],
  ['int8', 'ffe0000000000001', '-9007199254740991', Number.MIN_SAFE_INTEGER],
  ['int8', '7fffffffffffffff', '9223372036854775807', 2n ** 63n - 1n, BIGINT],
  ['int8', '8000000000000000', '-9223372036854775808', '-9223372036854775808', TEXT],
  ['int8', '0000000000000007', '7', 7n, BIGINT],
  ['xid8', '0000000000000007', '7', 7],
  ['xid8', 'ffffffffffffffff', '18446744073709551615', 2n ** 64n - 1n, BIGINT],
  ['xid8', 'ffffffffffffffff', '18446744073709551615', '18446744073709551615', TEXT],
  ['float4', '3dcccccd', '0.1', 0.1],
  ['float4', '80000000', '-0', -0],
  ['float4', '7f7fffff', '3.4028235e+38', 3.4028235e38],
  ['float4', '00000001', '1e-45', 1e-45],
  ['float4', '4b800000', '1.6777216e+07', 16777216],
  // Exactly between two decimals of eight digits, and one at a power of two.
  ['float4', '39800000', '0.00024414062', 0.00024414062],
  ['float4', '0f800000', '1.2621775e-29', 1.2621775e-29],
  ['float4', '7fc00000', 'NaN', Number.NaN],
  ['float4', 'ff800000', '-Infinity', Number.NEGATIVE_INFINITY],
  ['float8', '3fb999999999999a', '0.1', 0.1],
  ['float8', '8000000000000000', '-0', -0],
  ['float8', '7ff0000000000000', 'Infinity', Number.POSITIVE_INFINITY],
  ['float8', '7ff8000000000000', 'NaN', Number.NaN],
  ['float8', '0000000000000001', '5e-324', 5e-324],
  ['numeric', '0000000000000000', '0', '0'],
  ['numeric', '0000000000000002', '0.00', '0.00'],
  ['numeric', '00010000000000000001', '1', '1'],
  ['numeric', '00010000400000000001', '-1', '-1'],
  ['numeric', '00010001000000000001', '10000', '10000'],
  ['numeric', '0002000000000004270f270f', '9999.9999', '9999.9999'],
  ['numeric', '0001ffff000000040001', '0.0001', '0.0001'],
  ['numeric', '0001fffe0000000803e8', '0.00001000', '0.00001000'],
  ['numeric', '00010005000000000001', '100000000000000000000', '100000000000000000000'],
  [
    'numeric',
    '0009000700000003000c0d801ed204d2162e23340d801ed204ce',
    '123456789012345678901234567890.123',
    '123456789012345678901234567890.123',
  ],
  ['numeric', '0001ffff400000011388', '-0.5', '-0.5'],
  ['numeric', '0002000000000001000103e8', '1.1', 1.1, NUMBER],
  ['numeric', '00000000c0000000', 'NaN', 'NaN'],
  ['numeric', '00000000d0000000', 'Infinity', 'Infinity'],
  ['numeric', '00000000f0000000', '-Infinity', '-Infinity'],
  ['numeric', '00000000f0000000', '-Infinity', Number.NEGATIVE_INFINITY, NUMBER],
  ['text', "'héllo 🐘'", 'héllo 🐘', 'héllo 🐘'],
  ['text', '', '', ''],
  ['varchar', "'a b'", 'a b', 'a b'],
  ['bpchar', "'ab   '", 'ab   ', 'ab   '],
  ['name', "'pg_type'", 'pg_type', 'pg_type'],
  ['unknown', "'x1'", 'x1', 'x1'],
  ['char', '61', 'a', 'a'],
  ['char', '00', '', ''],
  ['char', '5c', '\\', '\\'],
  ['char', 'c8', '\\310', '\\310'],
  ['bytea', '00ff5c', '\\x00ff5c', Buffer.from([0, 255, 92])],
  ['bytea', '', '\\x', Buffer.alloc(0)],
  [
    'uuid',
    '00112233445566778899aabbccddeeff',
    '00112233-4455-6677-8899-aabbccddeeff',
    '00112233-4455-6677-8899-aabbccddeeff',
  ],
  ['json', `'{"a":[1,"é"]}'`, '{"a":[1,"é"]}', { a: [1, 'é'] }],
  ['json', `'{"a":1}'`, '{"a":1}', '{"a":1}', { json: 'string' }],
  ['jsonb', "01 '[1]'", '[1]', [1]],
  ['jsonb', `01 '"x1"'`, '"x1"', 'x1'],
  ['jsonb', "01 'null'", 'null', null],
  ['jsonb', "01 '[1]'", '[1]', '[1]', { json: 'string' }],
  ['date', '00000000', '2000-01-01', '2000-01-01'],
  ['date', 'ffffffff', '1999-12-31', '1999-12-31'],
  ['date', '00002279', '2024-02-29', '2024-02-29'],
  ['date', 'fff4da8b', '0001-01-01 BC', '0001-01-01 BC'],
  ['date', 'fff4dbf9', '0001-01-01', '0001-01-01'],
  ['date', '002c95d4', '10000-01-01', '10000-01-01'],
  ['date', '7fda970c', '5874897-12-31', '5874897-12-31'],
  ['date', 'ffda97a7', '4714-11-24 BC', '4714-11-24 BC'],
  ['date', '7fffffff', 'infinity', Number.POSITIVE_INFINITY],
  ['date', '80000000', '-infinity', Number.NEGATIVE_INFINITY, DATE],
  ['date', '00002279', '2024-02-29', utc('2024-02-29T00:00:00Z'), DATE],
  ['date', '05f5b633', '275760-09-13', new Date(8.64e15), DATE],
  ['time', '0000000a8be62608', '12:34:56.789', '12:34:56.789'],
  ['time', '000000141dd76000', '24:00:00', '24:00:00'],
  ['timetz', '0000000a8be62608ffffdcd8', '12:34:56.789+02:30', '12:34:56.789+02:30'],
  ['timetz', '000000141dd760000000e0c4', '24:00:00-15:59', '24:00:00-15:59'],
  ['timetz', '0000000a0eebb00000004d67', '12:00:00-05:30:15', '12:00:00-05:30:15'],
  ['timetz', '000000000000000000000000', '00:00:00+00', '00:00:00+00'],
  ['timestamp', '0000000000000000', '2000-01-01 00:00:00', utc('2000-01-01T00:00:00Z')],
  ['timestamp', '0002b58341728608', '2024-02-29 12:34:56.789', utc('2024-02-29T12:34:56.789Z')],
  [
    'timestamp',
    '0002b58341728614',
    '2024-02-29 12:34:56.789012',
    withMicroseconds('2024-02-29T12:34:56.789Z', 12),
  ],
  [
    'timestamptz',
    'fffca2fec4c81fff',
    '1969-12-31 23:59:59.999999+00',
    withMicroseconds('1969-12-31T23:59:59.999Z', 999),
  ],
  ['timestamptz', '8000000000000000', '-infinity', Number.NEGATIVE_INFINITY],
  ['timestamptz', '7fffffffffffffff', 'infinity', Number.POSITIVE_INFINITY, TEXT],
  [
    'timestamptz',
    'ff1af9e8fb4e7120',
    '0044-03-15 12:00:00.5+00 BC',
    utc('-000043-03-15T12:00:00.500Z'),
  ],
  [
    'timestamptz',
    'ff1af9e8fb4e7120',
    '0044-03-15 12:00:00.5+00 BC',
    '0044-03-15 12:00:00.5+00 BC',
    TEXT,
  ],
  ['timestamptz', '77e41537f0282000', '275760-09-13 00:00:00+00', new Date(8.64e15)],
  // The first moment beyond 2^53 microseconds.
  [
    'timestamptz',
    '002000141dd76001',
    '2285-06-05 23:47:34.740993+00',
    withMicroseconds('2285-06-05T23:47:34.740Z', 993),
  ],
  [
    'timestamp',
    '7fffff5bb3b29fff',
    '294276-12-31 23:59:59.999999',
    '294276-12-31 23:59:59.999999',
    TEXT,
  ],
  ['timestamp', 'fd0f7cc1411fa000', '4714-11-24 00:00:00 BC', '4714-11-24 00:00:00 BC', TEXT],
  ['interval', '00000000000000000000000000000000', '00:00:00', new Interval()],
  ['interval', '00000000000000000000000000000001', '1 mon', new Interval({ months: 1 })],
  ['interval', '0000000000000000ffffffff00000000', '-1 days', new Interval({ days: -1 })],
  [
    'interval',
    '000000036c97ca88fffffffd0000000e',
    '1 year 2 mons -3 days +04:05:06.789',
    new Interval({ months: 14, days: -3, microseconds: 14_706_789_000 }),
  ],
  [
    'interval',
    'ffffffffffffffff0000000000000000',
    '-00:00:00.000001',
    new Interval({ microseconds: -1 }),
  ],
  ['interval', '000000000000000000000001ffffffff', '-1 mons +1 day', '-1 mons +1 day', INTERVAL],
  [
    'interval',
    '7fffffffffffffff0000000000000000',
    '2562047788:00:54.775807',
    '2562047788:00:54.775807',
    INTERVAL,
  ],
  [
    'interval',
    '0000000000000000000000007fffffff',
    '178956970 years 7 mons',
    '178956970 years 7 mons',
    INTERVAL,
  ],
  ['interval', '7fffffffffffffff7fffffff7fffffff', 'infinity', Number.POSITIVE_INFINITY],
  ['interval', '80000000000000008000000080000000', '-infinity', Number.NEGATIVE_INFINITY, INTERVAL],
]

for (const [type, notation, text, value, options] of cases) {
  describe(`${type} ${notation} is ${text}`, () => {
    const codec = codecOf(type, options)
    const bytes = hex(notation)

    test('is decoded from binary', () =>
      expect(decode(codec, bytes, 'binary')).toStrictEqual(value))

    test('is decoded from text', () =>
      expect(decode(codec, Buffer.from(text), 'text')).toStrictEqual(value))

    test('is encoded in binary', () =>
      expect(encode(codec, value, 'binary').toString('hex')).toBe(bytes.toString('hex')))

    test('is encoded as text that decodes to it', () =>
      expect(decode(codec, encode(codec, value, 'text'), 'text')).toStrictEqual(value))
  })
}

test('void is null, whatever it says', () => {
  const codec = codecOf('void')
  expect(decode(codec, Buffer.alloc(0), 'text')).toBeNull()
  expect(decode(codec, Buffer.alloc(0), 'binary')).toBeNull()
})

test('xml is decoded in both formats and sent as text alone', () => {
  const codec = codecOf('xml')
  expect(decode(codec, Buffer.from('<é/>'), 'binary')).toBe('<é/>')
  expect(encode(codec, '<é/>', 'text')).toEqual(Buffer.from('<é/>'))
  expect(codec.encodeBinary).toBeUndefined()
})

test('bytea is a copy of the window', () => {
  const bytes = Buffer.from([1, 2, 3])
  const value = codecOf('bytea').decodeBinary?.(bytes, 0, 3)
  bytes.fill(0)
  expect(value).toEqual(Buffer.from([1, 2, 3]))
})

/** Text that the server prints only under other settings, or for other time zones. */
type OtherText = readonly [type: string, text: string, value: unknown, options?: Options]

const otherTexts: readonly OtherText[] = [
  ['bytea', 'a\\000\\\\\\377', Buffer.from([97, 0, 92, 255])],
  ['char', '\\101', 'A'],
  ['timestamptz', '2024-01-01 05:30:00+05:30', utc('2024-01-01T00:00:00Z')],
  ['timestamptz', '2023-12-31 19:00:00-05', '2024-01-01 00:00:00+00', TEXT],
  ['timestamptz', '0001-12-31 23:00:00-01 BC', '0001-01-01 00:00:00+00', TEXT],
  ['timestamptz', '1892-01-01 00:00:00+00:53:28', utc('1891-12-31T23:06:32Z')],
  [
    'interval',
    'P1Y2M-3DT4H5M6.789S',
    new Interval({ months: 14, days: -3, microseconds: 14_706_789_000 }),
  ],
  ['interval', 'P2W', new Interval({ days: 14 })],
  ['interval', 'PT-0.5S', new Interval({ microseconds: -500_000 })],
  ['interval', '-1 days +02:00:00', new Interval({ days: -1, microseconds: 7_200_000_000 })],
]

for (const [type, text, value, options] of otherTexts) {
  test(`${type} is also read from ${text}`, () => {
    expect(decode(codecOf(type, options), Buffer.from(text), 'text')).toStrictEqual(value)
  })
}

/** Values that do not fit without an option, which the message names. */
type Refused = readonly [
  type: string,
  bytes: string,
  text: string,
  message: RegExp,
  options?: Options,
]

const refused: readonly Refused[] = [
  ['int8', '0020000000000000', '9007199254740992', /int8: 'bigint'/],
  ['int8', '8000000000000000', '-9223372036854775808', /int8: 'bigint'/],
  ['xid8', 'ffffffffffffffff', '18446744073709551615', /int8: 'bigint'/],
  ['date', '05f5b634', '275760-09-14', /date of types to 'string'/, DATE],
  ['timestamp', '77e41537f02823e8', '275760-09-13 00:00:00.001', /timestamp of types to 'string'/],
  [
    'interval',
    '00200000000000000000000000000000',
    '2501999792:59:00.740992',
    /interval of types to 'string'/,
  ],
  [
    'numeric',
    '0004000300000000232f07c8156203e1',
    '9007199254740993',
    /numeric of types to 'string', or to Number/,
    NUMBER,
  ],
]

for (const [type, notation, text, message, options] of refused) {
  describe(`${type} ${notation} is refused`, () => {
    const codec = codecOf(type, options)
    test.each(['binary', 'text'] as const)('in %s, with the option to set', (format) => {
      const act = (): unknown =>
        decode(codec, format === 'text' ? Buffer.from(text) : hex(notation), format)
      expect(act).toThrow(DecodeError)
      expect(act).toThrow(message)
    })
  })
}

test('the function of the option numeric gets the exact text and its errors are kept as cause', () => {
  const codec = codecOf('numeric', { numeric: (text: string) => `<${text}>` })
  expect(decode(codec, Buffer.from('1.10'), 'text')).toBe('<1.10>')
  expect(decode(codec, hex('0002000000000002000103e8'), 'binary')).toBe('<1.10>')
  const cause = new Error('no')
  const failing = codecOf('numeric', {
    numeric: () => {
      throw cause
    },
  })
  expect(() => decode(failing, Buffer.from('1'), 'text')).toThrow(
    expect.objectContaining({ name: 'DecodeError', cause }),
  )
})

test('a property that is undefined counts as absent from JSON', () => {
  for (const value of [
    { a: 1, b: undefined },
    { b: undefined, a: 1 },
  ]) {
    expect(encode(codecOf('json'), value, 'text').toString()).toBe('{"a":1}')
  }
})

test('the functions of the option json take the place of JSON.parse and JSON.stringify', () => {
  const codec = codecOf('jsonb', {
    json: { parse: (text: string) => `<${text}>`, stringify: () => '7' },
  })
  expect(decode(codec, hex("01 '[1]'"), 'binary')).toBe('<[1]>')
  expect(encode(codec, {}, 'binary')).toEqual(hex('01 37'))
})

test('an error about malformed JSON does not quote the document', () => {
  try {
    decode(codecOf('json'), Buffer.from('{"secret'), 'text')
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError)
    expect(String((error as Error).stack)).not.toContain('secret')
    expect((error as Error).cause).toBeUndefined()
  }
})
