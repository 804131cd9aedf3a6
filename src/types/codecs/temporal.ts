import { DecodeError } from '../../base/errors.js'
import type { TraitedCodec } from '../codec-traits.js'
import { civilFromDays, POSTGRES_EPOCH_MS } from './calendar.js'
import { dateBy } from './date.js'
import { MICROSECONDS_PER_DAY, type Moment } from './datetime-text.js'
import { intervalBy } from './interval.js'
import type { IntervalFields } from './interval-text.js'
import { timeBy } from './time.js'
import { timestampBy } from './timestamp.js'

/** What is used of `Temporal`, as the runtime or a polyfill has it. */
export interface TemporalNamespace {
  readonly PlainDate: new (year: number, month: number, day: number) => unknown
  readonly PlainTime: new (...fields: number[]) => unknown
  readonly PlainDateTime: new (
    year: number,
    month: number,
    day: number,
    hour: number,
    minute: number,
    second: number,
    millisecond: number,
    microsecond: number,
  ) => unknown
  readonly Instant: new (epochNanoseconds: bigint) => unknown
  readonly Duration: new (...fields: number[]) => unknown
}

/** How to have `Temporal` objects: the runtime's, or those of a polyfill. */
export type TemporalMode = 'Temporal' | { readonly Temporal: TemporalNamespace }

/** The types that can appear as `Temporal` objects. */
export type TemporalType = 'date' | 'time' | 'timestamp' | 'timestamptz' | 'interval'

const CLASSES = ['PlainDate', 'PlainTime', 'PlainDateTime', 'Instant', 'Duration'] as const

/**
 * The codec of a type for a {@link TemporalMode}; undefined if the option is something else.
 * @throws {TypeError} for `'Temporal'` in a runtime without it.
 */
export function temporalCodec(type: TemporalType, option: unknown): TraitedCodec | undefined {
  if (option === 'Temporal') {
    const { Temporal } = globalThis as { Temporal?: unknown }
    if (isNamespace(Temporal)) return CODECS[type](Temporal)
    throw new TypeError(
      `option types.${type}: this runtime has no Temporal; give a polyfill, as { Temporal }`,
    )
  }
  if (typeof option !== 'object' || option === null) return undefined
  const { Temporal } = option as { Temporal?: unknown }
  return isNamespace(Temporal) ? CODECS[type](Temporal) : undefined
}

function isNamespace(value: unknown): value is TemporalNamespace {
  if (typeof value !== 'object' || value === null) return false
  return CLASSES.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}

/** Makes an object whose class may have a smaller range than the type. */
function within<T>(type: TemporalType, className: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    throw new DecodeError(
      `the ${type} is outside the range of ${className}; set the option ${type} of types to 'string'`,
      { type, cause },
    )
  }
}

/** Hours, minutes, seconds, milliseconds and microseconds, as the constructors take them. */
function clockFields(microseconds: number): [number, number, number, number, number] {
  return [
    Math.trunc(microseconds / 3_600_000_000),
    Math.trunc(microseconds / 60_000_000) % 60,
    Math.trunc(microseconds / 1_000_000) % 60,
    Math.trunc(microseconds / 1000) % 1000,
    microseconds % 1000,
  ]
}

function civilFields(days: number): [year: number, month: number, day: number] {
  const civil = civilFromDays(days)
  const year = Math.floor(civil / 512)
  const monthAndDay = civil - year * 512
  return [year, monthAndDay >> 5, monthAndDay & 31]
}

function nanosecondsOf({ days, microseconds }: Moment): bigint {
  const ofDays = BigInt(days) * BigInt(MICROSECONDS_PER_DAY)
  return (ofDays + BigInt(microseconds)) * 1000n + BigInt(POSTGRES_EPOCH_MS) * 1_000_000n
}

/** Years to microseconds, as the constructor of `Temporal.Duration` takes them. */
function durationFields({ months, days, microseconds }: IntervalFields): number[] {
  const seconds = microseconds / 1_000_000n
  return [
    Math.trunc(months / 12),
    months % 12,
    0,
    days,
    Number(seconds / 3600n),
    Number((seconds / 60n) % 60n),
    Number(seconds % 60n),
    Number((microseconds / 1000n) % 1000n),
    Number(microseconds % 1000n),
  ].map((field) => field + 0) // −0 becomes 0
}

/**
 * `date` as PlainDate, `time` as PlainTime, `timestamp` as PlainDateTime, `timestamptz` as Instant,
 * `interval` as Duration; infinities are ±Infinity. What these cannot be (24:00:00, an interval of
 * mixed signs) is a DecodeError.
 */
const CODECS: Readonly<Record<TemporalType, (temporal: TemporalNamespace) => TraitedCodec>> = {
  date: ({ PlainDate }) =>
    dateBy((days) => within('date', 'PlainDate', () => new PlainDate(...civilFields(days)))),
  time: ({ PlainTime }) =>
    timeBy((microseconds) =>
      within('time', 'PlainTime', () => new PlainTime(...clockFields(microseconds))),
    ),
  timestamp: ({ PlainDateTime }) =>
    timestampBy('timestamp', ({ days, microseconds }) =>
      within(
        'timestamp',
        'PlainDateTime',
        () => new PlainDateTime(...civilFields(days), ...clockFields(microseconds)),
      ),
    ),
  timestamptz: ({ Instant }) =>
    timestampBy('timestamptz', (moment) =>
      within('timestamptz', 'Instant', () => new Instant(nanosecondsOf(moment))),
    ),
  interval: ({ Duration }) =>
    intervalBy((fields) =>
      within('interval', 'Duration', () => new Duration(...durationFields(fields))),
    ),
}
