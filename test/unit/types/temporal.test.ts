import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/base/errors.js'
import type { TemporalNamespace } from '../../../src/types/codecs/temporal.js'
import { TypeMap } from '../../../src/types/type-map.js'
import type { TypeOptions } from '../../../src/types/type-options.js'
import { codecOf, decode, encode } from './codec-calls.js'

const types = ['date', 'time', 'timestamp', 'timestamptz', 'interval'] as const
type Type = (typeof types)[number]

const STRINGS: TypeOptions = { timestamp: 'string', timestamptz: 'string', interval: 'string' }

function temporalOf(type: Type): ReturnType<typeof codecOf> {
  return codecOf(type, { [type]: { Temporal } })
}

/** What the server would send for a text, as a Temporal object. */
function fromText(type: Type, text: string, format: 'text' | 'binary'): unknown {
  return decode(temporalOf(type), encode(codecOf(type, STRINGS), text, format), format)
}

const values: readonly (readonly [type: Type, text: string, iso: string])[] = [
  ['date', '2024-02-29', '2024-02-29'],
  ['date', '0044-03-15 BC', '-000043-03-15'],
  ['date', '0001-12-31 BC', '0000-12-31'],
  ['date', '275760-09-13', '+275760-09-13'],
  ['time', '00:00:00', '00:00:00'],
  ['time', '23:59:59.999999', '23:59:59.999999'],
  ['timestamp', '2024-02-29 12:30:00.000001', '2024-02-29T12:30:00.000001'],
  ['timestamp', '0001-12-31 23:59:59.5 BC', '0000-12-31T23:59:59.5'],
  ['timestamp', '12024-01-01 00:00:00', '+012024-01-01T00:00:00'],
  ['timestamptz', '1969-12-31 23:59:59.999999+00', '1969-12-31T23:59:59.999999Z'],
  ['timestamptz', '0044-03-15 00:00:00+00 BC', '-000043-03-15T00:00:00Z'],
  ['timestamptz', '275760-09-13 00:00:00+00', '+275760-09-13T00:00:00Z'],
  ['interval', '00:00:00', 'PT0S'],
  ['interval', '1 year 2 mons 3 days 04:05:06.000007', 'P1Y2M3DT4H5M6.000007S'],
  ['interval', '-1 years -2 mons -3 days -04:05:06.7', '-P1Y2M3DT4H5M6.7S'],
]

describe.each(['text', 'binary'] as const)('%s', (format) => {
  test.each(values)('%s %s is %s in both directions', (type, text, iso) => {
    const value = fromText(type, text, format)
    expect(String(value)).toBe(iso)
    const bytes = encode(codecOf(type, STRINGS), text, 'binary')
    // Taken with and without the option.
    for (const codec of [temporalOf(type), codecOf(type)]) {
      expect(encode(codec, value, 'binary')).toEqual(bytes)
      const reread = decode(codecOf(type, STRINGS), encode(codec, value, 'text'), 'text')
      expect(encode(codecOf(type, STRINGS), reread, 'binary')).toEqual(bytes)
    }
  })

  const unfit: readonly (readonly [type: Type, text: string])[] = [
    ['date', '5874897-12-31'],
    ['time', '24:00:00'],
    ['timestamp', '294276-12-31 23:59:59.999999'],
    ['timestamptz', '275760-09-13 00:00:00.000001+00'],
    ['interval', '1 mon -1 days'],
  ]
  test.each(unfit)('%s %s is a DecodeError that names the option', (type, text) => {
    expect(() => fromText(type, text, format)).toThrow(DecodeError)
    expect(() => fromText(type, text, format)).toThrow(`set the option ${type} of types`)
  })

  test('infinities stay numbers', () => {
    for (const type of ['date', 'timestamp', 'timestamptz', 'interval'] as const) {
      expect(fromText(type, '-infinity', format)).toBe(Number.NEGATIVE_INFINITY)
    }
  })
})

test('every moment keeps its microseconds', () => {
  const first = Date.UTC(-4712, 0) * 1000
  const moments = fc.bigInt({ min: BigInt(first), max: 8_640_000_000_000_000_000n })
  fc.assert(
    fc.property(moments, (microseconds) => {
      const instant = new Temporal.Instant(microseconds * 1000n)
      const codec = temporalOf('timestamptz')
      const bytes = encode(codec, instant, 'binary')
      expect((decode(codec, bytes, 'binary') as Temporal.Instant).equals(instant)).toBe(true)
      const text = encode(codec, instant, 'text')
      expect((decode(codec, text, 'text') as Temporal.Instant).equals(instant)).toBe(true)
    }),
  )
})

test('a ZonedDateTime is its instant', () => {
  const zoned = Temporal.ZonedDateTime.from('2024-07-01T14:00[Europe/Amsterdam]')
  expect(encode(codecOf('timestamptz'), zoned, 'text').toString()).toBe('2024-07-01 12:00:00+00')
})

test('weeks are seven days, and each smaller unit counts', () => {
  const duration = Temporal.Duration.from('P2W1DT1.0005S')
  expect(encode(codecOf('interval'), duration, 'text').toString()).toBe('15 days 00:00:01.0005')
})

const refused: readonly (readonly [type: Type, value: unknown])[] = [
  ['time', Temporal.PlainTime.from('00:00:00.000000001')],
  ['timestamp', Temporal.PlainDateTime.from('2024-01-01T00:00:00.000000001')],
  ['timestamptz', new Temporal.Instant(1n)],
  ['interval', Temporal.Duration.from({ nanoseconds: 1 })],
  ['interval', Temporal.Duration.from({ days: 2 ** 31 })],
  ['interval', Temporal.Duration.from({ years: -(2 ** 28) })],
  ['interval', Temporal.Duration.from({ hours: 2_562_047_789 })],
  ['date', Temporal.PlainDateTime.from('2024-01-01')],
  ['timestamp', new Temporal.Instant(0n)],
  ['timestamptz', Temporal.PlainDateTime.from('2024-01-01')],
  ['time', Temporal.PlainDate.from('2024-01-01')],
]
test.each(refused)('%s refuses %s', (type, value) => {
  for (const format of ['text', 'binary'] as const) {
    expect(() => encode(codecOf(type), value, format)).toThrow(EncodeError)
  }
})

test("the word 'Temporal' takes that of the runtime, and says so where there is none", () => {
  const runtime = globalThis as { Temporal?: TemporalNamespace }
  const own = runtime.Temporal
  try {
    delete runtime.Temporal
    expect(() => TypeMap.builtin.with({ date: 'Temporal' })).toThrow(/no Temporal; give a polyfill/)
    runtime.Temporal = Temporal
    const codec = codecOf('date', { date: 'Temporal' })
    expect(decode(codec, Buffer.from('2024-01-01'), 'text')).toBeInstanceOf(Temporal.PlainDate)
  } finally {
    if (own) runtime.Temporal = own
    else delete runtime.Temporal
  }
})

test('what is no Temporal is refused as an option', () => {
  const options = { date: { Temporal: {} } } as unknown as TypeOptions
  expect(() => TypeMap.builtin.with(options)).toThrow(TypeError)
})
