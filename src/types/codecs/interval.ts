import { DecodeError } from '../../base/errors.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import { STRINGS_GO_AS_TEXT, type TraitedCodec } from '../codec-traits.js'
import { Interval } from '../interval.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'
import { readInt64, writeSafeInt64 } from './int8.js'
import { formatInterval, type IntervalFields, isInRange, parseInterval } from './interval-text.js'
import { fieldsOfTemporal } from './temporal-values.js'
import { writeText } from './text.js'

const MAX_INT32 = 0x7fffffff
const MAX_INT64 = 2n ** 63n - 1n

/** How an `interval` appears in JavaScript. */
export type IntervalMode = 'Interval' | 'string'

function toInterval(months: number, days: number, microseconds: number): Interval {
  if (Number.isSafeInteger(microseconds)) return new Interval({ months, days, microseconds })
  throw new DecodeError(
    "the interval has more than 2^53 − 1 microseconds; set the option interval of types to 'string'",
    { type: 'interval' },
  )
}

/**
 * The infinities, since version 17, have all fields at their limit (INTERVAL_IS_NOBEGIN and
 * INTERVAL_IS_NOEND in src/include/datatype/timestamp.h).
 */
function infinityOf(buf: Buffer, start: number): number | undefined {
  const months = buf.readInt32BE(start + 12)
  if (months !== buf.readInt32BE(start + 8)) return undefined
  const microseconds = buf.readBigInt64BE(start)
  if (months === MAX_INT32 && microseconds === MAX_INT64) return Number.POSITIVE_INFINITY
  const isLeast = months === -MAX_INT32 - 1 && microseconds === -MAX_INT64 - 1n
  return isLeast ? Number.NEGATIVE_INFINITY : undefined
}

/** The fields that a parameter means, or ±Infinity. */
function fieldsOf(value: unknown): IntervalFields | Interval | number {
  if (value === Number.POSITIVE_INFINITY || value === 'infinity') return Number.POSITIVE_INFINITY
  if (value === Number.NEGATIVE_INFINITY || value === '-infinity') return Number.NEGATIVE_INFINITY
  if (value instanceof Interval) return value
  const fields = typeof value === 'string' ? parseInterval(value) : fieldsOfTemporal(value)
  if (fields && isInRange(fields)) return fields
  throw cannotEncode(
    'interval',
    value,
    'Interval objects, Temporal.Duration, ISO 8601 or PostgreSQL text, and ±Infinity',
  )
}

function encodeText(value: unknown, out: MessageWriter): void {
  if (typeof value === 'string') writeText('interval', value, out)
  // ISO's form, which an Interval prints, means the same in every IntervalStyle.
  else if (value instanceof Interval) out.utf8(value.toString())
  else {
    const fields = fieldsOf(value)
    if (typeof fields === 'number') out.utf8(fields > 0 ? 'infinity' : '-infinity')
    else out.utf8(formatInterval({ ...fields, microseconds: BigInt(fields.microseconds) }))
  }
}

function encodeBinary(value: unknown, out: MessageWriter): void {
  const fields = fieldsOf(value)
  if (typeof fields === 'number') {
    const limit = fields > 0 ? MAX_INT32 : -MAX_INT32 - 1
    out.int64(fields > 0 ? MAX_INT64 : -MAX_INT64 - 1n)
    out.int32(limit)
    out.int32(limit)
    return
  }
  if (typeof fields.microseconds === 'bigint') out.int64(fields.microseconds)
  else writeSafeInt64(fields.microseconds, out)
  out.int32(fields.days)
  out.int32(fields.months)
}

function decodeText<T>(
  fromFields: (fields: IntervalFields) => T,
  buf: Buffer,
  start: number,
  end: number,
): T | number {
  const text = buf.toString('latin1', start, end)
  if (text === 'infinity') return Number.POSITIVE_INFINITY
  if (text === '-infinity') return Number.NEGATIVE_INFINITY
  const fields = parseInterval(text)
  if (!fields) throw malformed('interval', 'not an interval of IntervalStyle postgres or iso_8601')
  return fromFields(fields)
}

/** Makes the codec of `interval` for what a function makes of its fields. */
export function intervalBy<T>(fromFields: (fields: IntervalFields) => T): TraitedCodec<T | number> {
  return {
    ...shared,
    decodeText: (buf, start, end) => decodeText(fromFields, buf, start, end),
    decodeBinary(buf, start, end) {
      expectLength('interval', start, end, 16)
      return (
        infinityOf(buf, start) ??
        fromFields({
          months: buf.readInt32BE(start + 12),
          days: buf.readInt32BE(start + 8),
          microseconds: buf.readBigInt64BE(start),
        })
      )
    },
  }
}

const shared = { name: 'interval', encodeText, encodeBinary, traits: STRINGS_GO_AS_TEXT }

/**
 * `interval`, by the option `interval`; the infinities are ±Infinity.
 *
 * Binary: int64 microseconds, int32 days, int32 months.
 */
export const interval: Readonly<Record<IntervalMode, TraitedCodec>> = {
  Interval: {
    ...shared,
    decodeText: (buf, start, end) =>
      decodeText(
        ({ months, days, microseconds }) => toInterval(months, days, Number(microseconds)),
        buf,
        start,
        end,
      ),
    decodeBinary(buf, start, end) {
      expectLength('interval', start, end, 16)
      const microseconds = readInt64(buf, start)
      if (!Number.isSafeInteger(microseconds)) {
        const infinity = infinityOf(buf, start)
        if (infinity !== undefined) return infinity
      }
      return toInterval(buf.readInt32BE(start + 12), buf.readInt32BE(start + 8), microseconds)
    },
  },
  string: intervalBy(formatInterval),
}
