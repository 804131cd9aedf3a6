import { types } from 'node:util'
import { DecodeError } from '../../base/errors.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import { STRINGS_GO_AS_TEXT, type TraitedCodec } from '../codec-traits.js'
import { Timestamp } from '../timestamp.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'
import { FIRST_DAY, MAX_DATE_MS, MILLISECONDS_PER_DAY, POSTGRES_EPOCH_MS } from './calendar.js'
import { formatDate, parseDate } from './datetime-text.js'
import { daysOfTemporal } from './temporal-values.js'
import { writeText } from './text.js'

const INFINITY = 0x7fffffff
const MINUS_INFINITY = -0x80000000

/** 5874897-12-31 (IS_VALID_DATE in src/include/datatype/timestamp.h). */
const LAST_DAY = 2_145_031_948

/** How a `date` appears in JavaScript. */
export type DateMode = 'string' | 'Date'

function daysOf(value: unknown): number {
  if (value === Number.POSITIVE_INFINITY) return INFINITY
  if (value === Number.NEGATIVE_INFINITY) return MINUS_INFINITY
  const days = typeof value === 'string' ? daysOfText(value) : daysOfDate(value)
  if (days !== undefined && days >= FIRST_DAY && (days <= LAST_DAY || days === INFINITY))
    return days
  if (days === MINUS_INFINITY) return days
  throw cannotEncode(
    'date',
    value,
    'YYYY-MM-DD, Dates at midnight UTC within its range, Temporal.PlainDate and ±Infinity',
  )
}

function daysOfText(text: string): number | undefined {
  if (text === 'infinity') return INFINITY
  return text === '-infinity' ? MINUS_INFINITY : parseDate(text)
}

function daysOfDate(value: unknown): number | undefined {
  if (!types.isDate(value)) return daysOfTemporal(value)
  const days = (value.getTime() - POSTGRES_EPOCH_MS) / MILLISECONDS_PER_DAY
  if (value instanceof Timestamp && value.microseconds !== 0) return undefined
  return Number.isInteger(days) ? days : undefined
}

function printDays(days: number): string {
  if (days === INFINITY) return 'infinity'
  return days === MINUS_INFINITY ? '-infinity' : formatDate(days)
}

function toDate(days: number): Date {
  const time = days * MILLISECONDS_PER_DAY + POSTGRES_EPOCH_MS
  if (Math.abs(time) <= MAX_DATE_MS) return new Date(time)
  throw new DecodeError(
    "the date is outside the range of Date; set the option date of types to 'string'",
    { type: 'date' },
  )
}

/** Makes the codec of `date` for what a function makes of the days since 2000-01-01. */
export function dateBy<T>(fromDays: (days: number) => T): TraitedCodec<T | number> {
  const fromWire = (days: number): T | number => {
    if (days === INFINITY) return Number.POSITIVE_INFINITY
    return days === MINUS_INFINITY ? Number.NEGATIVE_INFINITY : fromDays(days)
  }
  return {
    name: 'date',
    decodeText(buf, start, end) {
      const days = daysOfText(buf.toString('latin1', start, end))
      if (days === undefined) throw malformed('date', 'not a date of DateStyle ISO')
      return fromWire(days)
    },
    decodeBinary(buf, start, end) {
      expectLength('date', start, end, 4)
      return fromWire(buf.readInt32BE(start))
    },
    encodeText(value, out: MessageWriter) {
      if (typeof value === 'string') writeText('date', value, out)
      else out.utf8(printDays(daysOf(value)))
    },
    encodeBinary(value, out: MessageWriter) {
      out.int32(daysOf(value))
    },
    traits: STRINGS_GO_AS_TEXT,
  }
}

/**
 * `date`, by the option `date`; the infinities are ±Infinity. A `Date` is midnight in UTC.
 *
 * Binary: int32, days since 2000-01-01.
 */
export const date: Readonly<Record<DateMode, TraitedCodec>> = {
  string: dateBy(formatDate),
  Date: dateBy(toDate),
}
