import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../../src/base/errors.js'
import { BUILTIN_TYPES } from '../../../src/types/builtin-types.js'
import type { Codec } from '../../../src/types/codec.js'
import { OIDS } from '../../../src/types/oid.js'
import { TypeMap } from '../../../src/types/type-map.js'
import { hex } from '../../support/bytes.js'
import { codecOf, decode, encode } from './codec-calls.js'

const STRING_OPTIONS = {
  int8: 'string',
  numeric: 'number',
  date: 'Date',
  timestamp: 'string',
  timestamptz: 'string',
  json: 'string',
  interval: 'string',
}

const codecs: readonly Codec[] = [TypeMap.builtin, TypeMap.builtin.with(STRING_OPTIONS)].flatMap(
  (map) => Object.values(OIDS).map((oid) => map.get(oid)),
)

/** A value, or a DecodeError that names the type; anything else fails the test. */
function attempt(codec: Codec, bytes: Buffer, format: 'text' | 'binary'): void {
  try {
    decode(codec, bytes, format)
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError)
    expect((error as DecodeError).type).toBeTypeOf('string')
  }
}

/** Bytes that look like what decoders expect, which plain noise seldom does. */
const plausible = fc
  .array(
    fc.oneof(
      fc.constantFrom('00000000', '00000001', '00000002', 'ffffffff', '7fffffff', '80000000'),
      fc.constantFrom('00000017', '00000004', '00000010', '0001', '0000', '4000', 'c000', '270f'),
      fc.constantFrom('00', '01', 'ff'),
    ),
    { maxLength: 16 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'hex'))

const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
const letters = fc
  .string({
    unit: fc.constantFrom(...'0123456789-+:. {}",\\[]=TZPBCNULLeinfyYMDHS'),
    maxLength: 30,
  })
  .map((text) => Buffer.from(text))

test('any bytes are a value or a DecodeError', () => {
  for (const codec of codecs) {
    fc.assert(
      fc.property(fc.oneof(noise, plausible, letters), (bytes) => {
        attempt(codec, bytes, 'text')
        if (codec.decodeBinary) attempt(codec, bytes, 'binary')
      }),
      { numRuns: 100 },
    )
  }
})

test('what follows the window changes nothing', () => {
  const outcome = (codec: Codec, bytes: Buffer, filler: number): unknown => {
    const around = Buffer.alloc(bytes.length + 64, filler)
    bytes.copy(around, 32)
    try {
      return codec.decodeBinary?.(around, 32, 32 + bytes.length)
    } catch (error) {
      return String(error)
    }
  }
  for (const codec of codecs) {
    fc.assert(
      fc.property(fc.oneof(noise, plausible), (bytes) => {
        expect(outcome(codec, bytes, 0xff)).toStrictEqual(outcome(codec, bytes, 0x00))
      }),
      { numRuns: 50 },
    )
  }
})

/** A value of every type whose binary form has but one length. */
const fixed: readonly (readonly [type: string, value: unknown])[] = [
  ['bool', true],
  ['char', 'a'],
  ['int2', 1],
  ['int4', 1],
  ['int8', 1],
  ['oid', 1],
  ['xid', 1],
  ['cid', 1],
  ['xid8', 1],
  ['float4', 1],
  ['float8', 1],
  ['numeric', '12345.678'],
  ['uuid', '00112233-4455-6677-8899-aabbccddeeff'],
  ['date', '2024-01-01'],
  ['time', '12:00:00'],
  ['timetz', '12:00:00+00'],
  ['timestamp', new Date(0)],
  ['timestamptz', new Date(0)],
  ['interval', 'P1D'],
  ['_int4', [1, null]],
  ['_text', [['a', 'b']]],
]

describe.each(fixed)('%s', (type, value) => {
  const codec = codecOf(type)
  const bytes = encode(codec, value, 'binary')

  test('is refused in binary at any other length', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decode(codec, bytes.subarray(0, length), 'binary'), `${length}`).toThrow(
        DecodeError,
      )
    }
    expect(() => decode(codec, Buffer.concat([bytes, Buffer.of(0)]), 'binary')).toThrow(DecodeError)
  })
})

const malformed: readonly (readonly [type: string, notation: string, why: string])[] = [
  ['numeric', '0001 0000 0000 0000 2710', 'a group of 10000'],
  ['numeric', 'ffff 0000 0000 0000', 'more groups than bytes'],
  ['numeric', '0000 0000 1234 0000', 'an unknown sign'],
  ['numeric', '0000 0000 0000 4000', 'a scale above 16383'],
  ['jsonb', '', 'no version'],
  ['jsonb', "02 '[1]'", 'an unknown version'],
  ['time', '000000141dd76001', 'beyond 24 hours'],
  ['time', 'ffffffffffffffff', 'negative'],
  ['timetz', '0000000000000000 0000e100', 'a zone of 16 hours'],
  ['_int4', '00000007 00000000 00000017', 'seven dimensions'],
  ['_int4', 'ffffffff 00000000 00000017', 'fewer than no dimensions'],
  ['_int4', '00000000 00000000 00000019', 'elements of another type'],
  ['_int4', '00000001 00000000 00000017 7fffffff 00000001', 'more elements than bytes'],
  ['_int4', '00000001 00000000 00000017 ffffffff 00000001', 'a negative length'],
  ['_int4', '00000002 00000000 00000017 7fffffff 00000001 00000000 00000001', 'huge times none'],
  ['_int4', '00000001 00000000 00000017 00000001 00000001 fffffffe', 'an element of −2 bytes'],
  ['_int4', '00000001 00000000 00000017 00000001 00000001 00000005 00000001', 'an element beyond'],
  ['_int4', '00000001 00000000 00000017 00000000 00000001 00000000', 'bytes behind'],
]

test.each(malformed)('binary %s %s is refused: %s', (type, notation) => {
  expect(() => decode(codecOf(type), hex(notation), 'binary')).toThrow(DecodeError)
})

const malformedTexts: readonly (readonly [type: string, ...texts: string[]])[] = [
  ['bool', '', 'true', 'x'],
  ['int4', '', '-', '1.0', ' 1', '2147483648', '0x1', '1e3'],
  ['int8', '9223372036854775808', '', '1n', '123456789012345678901'],
  ['float8', '', '0x10', ' 1', '1,5', 'nan', 'infinity'],
  ['numeric', '', '1e5', '1.', 'nan', '.5'],
  ['uuid', '00112233-4455-6677-8899-aabbccddeef', '00112233-4455-6677-8899-aabbccddeefg'],
  ['bytea', '\\x0', '\\x0g', '\\x00  ', 'a\\01', 'a\\4', '\\900'],
  ['json', '', '{', 'undefined'],
  [
    'date',
    '',
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '01/02/2024',
    '2024-1-1',
    '0000-00-00',
    '0000-01-01',
  ],
  ['time', '', '24:00:01', '12:60:00', '12:00:00+01', '1:00:00'],
  ['timetz', '12:00:00', '12:00:00+16', '12:00:00+01:60'],
  ['timestamp', '2024-01-01', '2024-01-01 25:00:00', '2024-01-01 00:00:00+00', 'now'],
  ['timestamptz', '2024-01-01 00:00:00', 'Mon Jan 01 00:00:00 2024 UTC'],
  [
    'interval',
    '',
    'P',
    'PT',
    '1 fortnight',
    '@ 1 day',
    '1-2',
    '2147483648 days',
    '00:60:00',
    '-00:00:60',
  ],
  ['char', 'ab', '\\999'],
  [
    '_int4',
    '',
    '{',
    '}',
    '{1',
    '{1,}',
    '{,1}',
    '{1}}',
    '{{1},{2,3}}',
    '{{1},2}',
    '{1,{2}}',
    '{{}}',
    '{{1},{}}',
    '[0:1]{1,2}',
    '[a:b]={1}',
    '{{{{{{{1}}}}}}}',
    '{1 2}',
    '{"1"2}',
    '{"1',
    '{"1\\',
    '{1\\',
  ],
]

describe.each(malformedTexts)('text of %s', (type, ...texts) => {
  test.each(texts)('is refused: %j', (text) => {
    expect(() => decode(codecOf(type), Buffer.from(text), 'text')).toThrow(DecodeError)
  })
})

test('every built-in type with an array is in the table of OIDs', () => {
  for (const { oid, arrayOid } of BUILTIN_TYPES) {
    expect(Object.values(OIDS)).toContain(oid)
    if (arrayOid !== undefined) expect(Object.values(OIDS)).toContain(arrayOid)
  }
})
