import { POSTGRES_EPOCH_MS } from './calendar.js'
import type { ClockTime, Moment } from './datetime-text.js'
import { MICROSECONDS_PER_DAY, parseDate, parseTime, parseTimestamp } from './datetime-text.js'
import type { IntervalFields } from './interval-text.js'

type Kind = 'Duration' | 'Instant' | 'PlainDate' | 'PlainDateTime' | 'PlainTime' | 'ZonedDateTime'

/** Whether a value is an object of `Temporal`, the runtime's or a polyfill's: the tag tells for all. */
function isTemporal(value: unknown, kind: Kind): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.prototype.toString.call(value) === `[object Temporal.${kind}]`
  )
}

/** Four digits, or a sign and six. */
const ISO_YEAR = /^(?:\d{4}|[+-]\d{6})(?=-)/

/** The ISO text of a date or date-time as PostgreSQL writes it: the year 0 is 1 BC. */
function textOf(value: object): string {
  const date = value as { toString(options: { calendarName: 'never' }): string }
  const iso = date.toString({ calendarName: 'never' })
  const year = Number(ISO_YEAR.exec(iso)?.[0])
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return `${shown}${iso.replace(ISO_YEAR, '')}${year > 0 ? '' : ' BC'}`
}

/** Days since 2000-01-01 of a `Temporal.PlainDate`; undefined for all else. */
export function daysOfTemporal(value: unknown): number | undefined {
  return isTemporal(value, 'PlainDate') ? parseDate(textOf(value)) : undefined
}

/** The time of a `Temporal.PlainTime`; undefined for all else, and where it has nanoseconds. */
export function clockOfTemporal(value: unknown): ClockTime | undefined {
  return isTemporal(value, 'PlainTime') ? parseTime(String(value)) : undefined
}

/**
 * The moment of a `Temporal.PlainDateTime`, or, in UTC, of an `Instant` or `ZonedDateTime` if `zoned`;
 * undefined for all else, and where it has nanoseconds.
 */
export function momentOfTemporal(value: unknown, zoned: boolean): Moment | undefined {
  if (!zoned) {
    return isTemporal(value, 'PlainDateTime') ? parseTimestamp(textOf(value), false) : undefined
  }
  if (!isTemporal(value, 'Instant') && !isTemporal(value, 'ZonedDateTime')) return undefined
  const { epochNanoseconds } = value as { epochNanoseconds: bigint }
  const microseconds = epochNanoseconds / 1000n - BigInt(POSTGRES_EPOCH_MS) * 1000n
  if (epochNanoseconds % 1000n !== 0n) return undefined
  const day = BigInt(MICROSECONDS_PER_DAY)
  const inDay = ((microseconds % day) + day) % day
  return { days: Number((microseconds - inDay) / day), microseconds: Number(inDay) }
}

const UNITS = [
  ['hours', 3_600_000_000n],
  ['minutes', 60_000_000n],
  ['seconds', 1_000_000n],
  ['milliseconds', 1000n],
  ['microseconds', 1n],
] as const

type DurationField =
  | (typeof UNITS)[number][0]
  | 'years'
  | 'months'
  | 'weeks'
  | 'days'
  | 'nanoseconds'

/** The fields of a `Temporal.Duration`; undefined for all else, and where it has nanoseconds. */
export function fieldsOfTemporal(value: unknown): IntervalFields | undefined {
  if (!isTemporal(value, 'Duration')) return undefined
  const duration = value as Readonly<Record<DurationField, number>>
  if (duration.nanoseconds % 1000 !== 0) return undefined
  let microseconds = BigInt(duration.nanoseconds / 1000)
  for (const [field, size] of UNITS) microseconds += BigInt(duration[field]) * size
  return {
    months: duration.years * 12 + duration.months,
    days: duration.weeks * 7 + duration.days,
    microseconds,
  }
}
