import type { EncodeError } from '../../base/errors.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import { STRINGS_GO_AS_TEXT, type TraitedCodec } from '../codec-traits.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'
import {
  type ClockTime,
  formatTime,
  formatTimeWithZone,
  MAX_ZONE_SECONDS,
  MICROSECONDS_PER_DAY,
  parseTime,
} from './datetime-text.js'
import { readInt64, writeSafeInt64 } from './int8.js'
import { clockOfTemporal } from './temporal-values.js'
import { writeText } from './text.js'

type TimeType = 'time' | 'timetz'

function readMicroseconds(type: TimeType, buf: Buffer, start: number): number {
  const microseconds = readInt64(buf, start)
  if (microseconds >= 0 && microseconds <= MICROSECONDS_PER_DAY) return microseconds
  throw malformed(type, 'beyond 24 hours')
}

function parseText(type: TimeType, buf: Buffer, start: number, end: number): ClockTime {
  const clock = parseClock(type, buf.toString('latin1', start, end))
  if (clock) return clock
  throw malformed(type, 'not a time of day')
}

/** Reads a time that has a zone exactly when the type does. */
function parseClock(type: TimeType, text: string): ClockTime | undefined {
  const clock = parseTime(text)
  return clock && (clock.zone !== undefined) === (type === 'timetz') ? clock : undefined
}

function clockOf(type: TimeType, value: unknown): ClockTime {
  const clock = typeof value === 'string' ? parseClock(type, value) : clockOfValue(type, value)
  if (clock) return clock
  throw refusal(type, value)
}

function clockOfValue(type: TimeType, value: unknown): ClockTime | undefined {
  return type === 'time' ? clockOfTemporal(value) : undefined
}

function encodeText(type: TimeType, value: unknown, out: MessageWriter): void {
  const text = typeof value === 'string' ? value : formatTime(clockOf(type, value).microseconds)
  writeText(type, text, out)
}

function refusal(type: TimeType, value: unknown): EncodeError {
  const takes = type === 'time' ? '12:30:00.5 and Temporal.PlainTime' : '12:30:00.5+02'
  return cannotEncode(type, value, `strings such as ${takes}`)
}

/** Makes the codec of `time` for what a function makes of the microseconds since midnight. */
export function timeBy<T>(fromMicroseconds: (microseconds: number) => T): TraitedCodec<T> {
  return {
    name: 'time',
    decodeText: (buf, start, end) =>
      fromMicroseconds(parseText('time', buf, start, end).microseconds),
    decodeBinary(buf, start, end) {
      expectLength('time', start, end, 8)
      return fromMicroseconds(readMicroseconds('time', buf, start))
    },
    encodeText: (value, out) => encodeText('time', value, out),
    encodeBinary(value, out) {
      writeSafeInt64(clockOf('time', value).microseconds, out)
    },
    traits: STRINGS_GO_AS_TEXT,
  }
}

/** `time`, as text. Binary: int64, microseconds since midnight. */
export const time: TraitedCodec<string> = timeBy(formatTime)

/** `timetz`, as text. Binary: int64, microseconds since midnight, and int32, seconds **west** of UTC. */
export const timetz: TraitedCodec<string> = {
  name: 'timetz',
  decodeText(buf, start, end) {
    const { microseconds, zone } = parseText('timetz', buf, start, end)
    return formatTimeWithZone(microseconds, zone ?? 0)
  },
  decodeBinary(buf, start, end) {
    expectLength('timetz', start, end, 12)
    const zone = 0 - buf.readInt32BE(start + 8)
    if (Math.abs(zone) >= MAX_ZONE_SECONDS) throw malformed('timetz', 'a zone beyond 16 hours')
    return formatTimeWithZone(readMicroseconds('timetz', buf, start), zone)
  },
  encodeText: (value, out) => encodeText('timetz', value, out),
  encodeBinary(value, out) {
    const { microseconds, zone } = clockOf('timetz', value)
    writeSafeInt64(microseconds, out)
    out.int32(0 - (zone ?? 0))
  },
  traits: STRINGS_GO_AS_TEXT,
}
