import { types } from 'node:util'
import { DecodeError } from '../../base/errors.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import { STRINGS_GO_AS_TEXT, type TraitedCodec } from '../codec-traits.js'
import { Timestamp } from '../timestamp.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'
import { FIRST_DAY, MAX_DATE_MS, MILLISECONDS_PER_DAY, POSTGRES_EPOCH_MS } from './calendar.js'
import {
  formatTimestamp,
  MICROSECONDS_PER_DAY,
  type Moment,
  parseTimestamp,
} from './datetime-text.js'
import { readInt64, writeSafeInt64 } from './int8.js'
import { momentOfTemporal } from './temporal-values.js'
import { writeText } from './text.js'

const INFINITY = 2n ** 63n - 1n
const MINUS_INFINITY = -(2n ** 63n)

/** 294276-12-31 (IS_VALID_TIMESTAMP in src/include/datatype/timestamp.h). */
const LAST_DAY = 106_751_982

/** How a `timestamp` or `timestamptz` appears in JavaScript. */
export type TimestampMode = 'Date' | 'string'

type TimestampType = 'timestamp' | 'timestamptz'
type Infinite = typeof INFINITY | typeof MINUS_INFINITY

/** A `Date`, or a `Timestamp` where `microseconds` past the millisecond are not 0. */
function makeDate(type: TimestampType, time: number, microseconds: number): Date {
  if (Math.abs(time) <= MAX_DATE_MS) {
    return microseconds === 0 ? new Date(time) : new Timestamp(time, microseconds)
  }
  throw new DecodeError(
    `the ${type} is outside the range of Date; set the option ${type} of types to 'string'`,
    { type },
  )
}

function dateOfMoment(type: TimestampType, { days, microseconds }: Moment): Date {
  const milliseconds = Math.floor(microseconds / 1000)
  const time = days * MILLISECONDS_PER_DAY + milliseconds + POSTGRES_EPOCH_MS
  return makeDate(type, time, microseconds - milliseconds * 1000)
}

/** Takes microseconds since 2000-01-01 apart; they are within ±(2^53 − 1). */
function momentOf(microseconds: number): Moment {
  const days = Math.floor(microseconds / MICROSECONDS_PER_DAY)
  return inDay(days, microseconds - days * MICROSECONDS_PER_DAY)
}

/** The quotient of a great number may have been rounded up to the next day. */
function inDay(days: number, microseconds: number): Moment {
  if (microseconds >= 0) return { days, microseconds }
  return { days: days - 1, microseconds: microseconds + MICROSECONDS_PER_DAY }
}

const BIG_DAY = BigInt(MICROSECONDS_PER_DAY)

/** For values before 1714 and after 2285, which are beyond 2^53 microseconds. */
function momentOfBigint(microseconds: bigint): Moment {
  return inDay(Number(microseconds / BIG_DAY), Number(microseconds % BIG_DAY))
}

function toInfinity(value: bigint): number | undefined {
  if (value === INFINITY) return Number.POSITIVE_INFINITY
  return value === MINUS_INFINITY ? Number.NEGATIVE_INFINITY : undefined
}

/** The moment that a parameter means, or one of the infinities. */
function momentOfValue(type: TimestampType, value: unknown): Moment | Infinite {
  if (value === Number.POSITIVE_INFINITY || value === 'infinity') return INFINITY
  if (value === Number.NEGATIVE_INFINITY || value === '-infinity') return MINUS_INFINITY
  const moment =
    typeof value === 'string'
      ? parseTimestamp(value, type === 'timestamptz')
      : (momentOfDate(value) ?? momentOfTemporal(value, type === 'timestamptz'))
  if (moment && moment.days >= FIRST_DAY && moment.days <= LAST_DAY) return moment
  throw cannotEncode(
    type,
    value,
    'Dates within its range, ISO 8601 text, ±Infinity and objects of Temporal',
  )
}

function momentOfDate(value: unknown): Moment | undefined {
  if (!types.isDate(value) || Number.isNaN(value.getTime())) return undefined
  const time = value.getTime() - POSTGRES_EPOCH_MS
  const days = Math.floor(time / MILLISECONDS_PER_DAY)
  const microseconds = value instanceof Timestamp ? value.microseconds : 0
  return { days, microseconds: (time - days * MILLISECONDS_PER_DAY) * 1000 + microseconds }
}

function writeMoment({ days, microseconds }: Moment, out: MessageWriter): void {
  const total = days * MICROSECONDS_PER_DAY + microseconds
  if (Number.isSafeInteger(total)) writeSafeInt64(total, out)
  else out.int64(BigInt(days) * BIG_DAY + BigInt(microseconds))
}

function encodeText(type: TimestampType, value: unknown, out: MessageWriter): void {
  if (typeof value === 'string') {
    writeText(type, value, out)
    return
  }
  const moment = momentOfValue(type, value)
  if (typeof moment === 'bigint') out.utf8(moment === INFINITY ? 'infinity' : '-infinity')
  else out.utf8(formatTimestamp(moment.days, moment.microseconds, type === 'timestamptz'))
}

function encodeBinary(type: TimestampType, value: unknown, out: MessageWriter): void {
  const moment = momentOfValue(type, value)
  if (typeof moment === 'bigint') out.int64(moment)
  else writeMoment(moment, out)
}

function decodeText<T>(
  type: TimestampType,
  fromMoment: (moment: Moment) => T,
  buf: Buffer,
  start: number,
  end: number,
): T | number {
  const text = buf.toString('latin1', start, end)
  if (text === 'infinity') return Number.POSITIVE_INFINITY
  if (text === '-infinity') return Number.NEGATIVE_INFINITY
  const moment = parseTimestamp(text, type === 'timestamptz')
  if (!moment) throw malformed(type, 'not a timestamp of DateStyle ISO')
  return fromMoment(moment)
}

function decodeBig<T>(fromMoment: (moment: Moment) => T, buf: Buffer, start: number): T | number {
  const value = buf.readBigInt64BE(start)
  return toInfinity(value) ?? fromMoment(momentOfBigint(value))
}

/** Makes the codec of a type for what a function makes of each moment. */
export function timestampBy<T>(
  type: TimestampType,
  fromMoment: (moment: Moment) => T,
): TraitedCodec<T | number> {
  return {
    name: type,
    decodeText: (buf, start, end) => decodeText(type, fromMoment, buf, start, end),
    decodeBinary(buf, start, end) {
      expectLength(type, start, end, 8)
      const value = readInt64(buf, start)
      if (!Number.isSafeInteger(value)) return decodeBig(fromMoment, buf, start)
      return fromMoment(momentOf(value))
    },
    encodeText: (value, out) => encodeText(type, value, out),
    encodeBinary: (value, out) => encodeBinary(type, value, out),
    traits: STRINGS_GO_AS_TEXT,
  }
}

function timestampCodecs(type: TimestampType): Readonly<Record<TimestampMode, TraitedCodec>> {
  const asDate = (moment: Moment): Date => dateOfMoment(type, moment)
  return {
    Date: {
      ...timestampBy(type, asDate),
      // Without a moment in between.
      decodeBinary(buf, start, end) {
        expectLength(type, start, end, 8)
        const value = readInt64(buf, start)
        if (!Number.isSafeInteger(value)) return decodeBig(asDate, buf, start)
        let milliseconds = Math.floor(value / 1000)
        let microseconds = value - milliseconds * 1000
        if (microseconds < 0) {
          // The quotient of a great number may have been rounded up to the next integer.
          milliseconds--
          microseconds += 1000
        }
        return makeDate(type, milliseconds + POSTGRES_EPOCH_MS, microseconds)
      },
      layout: 'timestamp',
    },
    string: timestampBy(type, ({ days, microseconds }) =>
      formatTimestamp(days, microseconds, type === 'timestamptz'),
    ),
  }
}

/**
 * `timestamp`, by the option `timestamp`: read as UTC, whatever the zone of host and session.
 *
 * Binary: int64, microseconds since 2000-01-01; the infinities are the greatest and the least int64.
 */
export const timestamp: Readonly<Record<TimestampMode, TraitedCodec>> = timestampCodecs('timestamp')

/** `timestamptz`, by the option `timestamptz`; as text it is in UTC. Binary as {@link timestamp}. */
export const timestamptz: Readonly<Record<TimestampMode, TraitedCodec>> =
  timestampCodecs('timestamptz')
