import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/base/errors.js'
import type { TraitedCodec } from '../../../src/types/codec-traits.js'
import { arrayCodec } from '../../../src/types/codecs/array.js'
import { compositeCodec } from '../../../src/types/codecs/composite.js'
import { date } from '../../../src/types/codecs/date.js'
import { domainCodec } from '../../../src/types/codecs/domain.js'
import { enumCodec } from '../../../src/types/codecs/enum.js'
import { int4 } from '../../../src/types/codecs/integer.js'
import { recordCodec } from '../../../src/types/codecs/record.js'
import { text, xml } from '../../../src/types/codecs/text.js'
import { OIDS } from '../../../src/types/oid.js'
import { hex } from '../../support/bytes.js'
import { decode, encode } from './codec-calls.js'

const item = compositeCodec('item', [
  { name: 'id', typeOid: OIDS.int4, codec: int4 },
  { name: 'label', typeOid: OIDS.text, codec: text },
])
const order = compositeCodec('order', [
  { name: 'items', typeOid: 90001, codec: arrayCodec(90000, item) },
  { name: 'on', typeOid: OIDS.date, codec: date.string },
])

const labels = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ' ', ')', '(', 'é', '') })
const items = fc.record(
  { id: fc.option(fc.integer()), label: fc.option(labels) },
  { noNullPrototype: true },
)
const orders = fc.record(
  {
    items: fc.option(fc.array(fc.option(items), { maxLength: 3 })),
    on: fc.constantFrom('2024-02-29', null),
  },
  { noNullPrototype: true },
)

describe.each(['text', 'binary'] as const)('%s', (format) => {
  const stored = (codec: TraitedCodec, value: unknown): unknown =>
    decode(codec, encode(codec, value, format), format)

  test('composites come back as they went', () => {
    fc.assert(
      fc.property(orders, (value) => {
        expect(stored(order, value)).toStrictEqual(value)
      }),
    )
  })

  test('an array has the attributes in their order', () => {
    expect(stored(item, [1, 'a'])).toStrictEqual({ id: 1, label: 'a' })
    expect(stored(order, [[[1, 'a'], { id: 2, label: 'b' }], null])).toStrictEqual({
      items: [
        { id: 1, label: 'a' },
        { id: 2, label: 'b' },
      ],
      on: null,
    })
  })

  test('arrays of composites have dimensions where objects are in them', () => {
    const a = { id: 1, label: 'a' }
    const codec = arrayCodec(90000, item)
    expect(
      stored(codec, [
        [a, null],
        [null, a],
      ]),
    ).toStrictEqual([
      [a, null],
      [null, a],
    ])
    expect(stored(codec, [[1, 'a']])).toStrictEqual([a])
  })

  test('an attribute may be called __proto__', () => {
    const codec = compositeCodec('odd', [{ name: '__proto__', typeOid: OIDS.int4, codec: int4 }])
    const row = stored(codec, [7])
    expect(Object.entries(row as object)).toEqual([['__proto__', 7]])
  })

  const refused: readonly (readonly [value: unknown, message: RegExp])[] = [
    [1, /objects by attribute name/],
    [{ id: 1 }, /"label" is missing/],
    [{ id: 1, label: undefined }, /"label" is undefined/],
    [{ id: 1, label: '', more: 1 }, /no attribute "more"; there are id, label/],
    [[1], /an array of 1 instead of 2/],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    [[1, ,], /"label" is undefined/],
    [{ id: 1.5, label: '' }, /fraction/],
  ]
  test.each(refused)('%j is refused', (value, message) => {
    expect(() => encode(item, value, format)).toThrow(EncodeError)
    expect(() => encode(item, value, format)).toThrow(message)
  })
})

test('a composite with text that only the server reads goes as text', () => {
  const goesAsText = order.traits?.goesAsText
  expect(goesAsText?.('(,)')).toBe(true)
  expect(goesAsText?.({ items: null, on: 'today' })).toBe(true)
  expect(goesAsText?.([null, 'today'])).toBe(true)
  expect(goesAsText?.({ items: [], on: new Date(0) })).toBe(false)
})

test('a composite is binary as far as all of its attributes are', () => {
  const codec = compositeCodec('page', [{ name: 'body', typeOid: OIDS.xml, codec: xml }])
  expect(codec.decodeBinary).toBeDefined()
  expect(codec.encodeBinary).toBeUndefined()
})

test('a composite without attributes is an object without properties', () => {
  const codec = compositeCodec('nothing', [])
  for (const format of ['text', 'binary'] as const) {
    expect(decode(codec, encode(codec, {}, format), format)).toStrictEqual({})
  }
})

test.each([
  ['', 'no header'],
  ['00000001 00000017 00000004 00000001', 'one attribute'],
  ['00000002 00000017 00000004 00000001', 'the second is not there'],
  ['00000002 00000019 ffffffff 00000019 ffffffff', 'another type'],
  ['00000002 00000017 7fffffff 00000019 ffffffff', 'an attribute beyond its bytes'],
  ['00000002 00000017 ffffffff 00000019 ffffffff 00', 'bytes behind'],
])('the bytes %j are no composite: %s', (bytes) => {
  expect(() => decode(item, hex(bytes), 'binary')).toThrow(DecodeError)
})

test.each(['', '(', '(1', '(1)', '(1,a', '(1,a,b)', '(1,a)x', '1,a', '(1,"a)', '(1,\\'])(
  'the text %j is no composite',
  (value) => {
    expect(() => decode(item, Buffer.from(value), 'text')).toThrow(DecodeError)
  },
)

describe('record', () => {
  const types = new Map<number, TraitedCodec>([
    [OIDS.int4, int4],
    [OIDS.text, text],
  ])
  const { decodeBinary: _, ...textOnly } = text
  const codec = recordCodec((oid) => types.get(oid) ?? textOnly)

  test('is an array of what the codecs of its columns give', () => {
    const bytes = hex("00000003 00000017 00000004 00000007 00000019 00000001 'a' 00000019 ffffffff")
    expect(decode(codec, bytes, 'binary')).toStrictEqual([7, 'a', null])
  })

  test('is an array of strings in text', () => {
    expect(decode(codec, Buffer.from('(7,"a ""b""",,"")'), 'text')).toStrictEqual([
      '7',
      'a "b"',
      null,
      '',
    ])
    expect(decode(codec, Buffer.from('()'), 'text')).toStrictEqual([])
    expect(decode(codec, Buffer.from('(,)'), 'text')).toStrictEqual([null, null])
  })

  test.each(['', 'ffffffff', '7fffffff', '00000001 00000017 00000005 00', '00000000 00'])(
    'is not the bytes %j',
    (bytes) => {
      expect(() => decode(codec, hex(bytes), 'binary')).toThrow(DecodeError)
    },
  )

  test('says of which type a column is that cannot be read', () => {
    const bytes = hex('00000001 000003e7 00000001 00')
    expect(() => decode(codec, bytes, 'binary')).toThrow(/OID 999/)
  })

  test('is not taken as a parameter', () => {
    expect(() => encode(codec, [1], 'text')).toThrow(EncodeError)
  })
})

test('an enum takes strings only, and leaves the labels to the server', () => {
  const codec = enumCodec('mood')
  expect(decode(codec, encode(codec, 'happy', 'binary'), 'binary')).toBe('happy')
  expect(() => encode(codec, 1, 'text')).toThrow(EncodeError)
})

test('a domain is its base type under another name', () => {
  const codec = domainCodec('positive', int4)
  expect(codec.name).toBe('positive')
  expect(decode(codec, encode(codec, 7, 'binary'), 'binary')).toBe(7)
})
