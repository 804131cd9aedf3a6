import { types } from 'node:util'
import { defaults } from './defaults.js'

/** A parameter as it goes to the server: bytes in binary, all else as untyped text. */
export type PreparedValue = string | Buffer | null

/** An object that says itself how it is sent; what `toPostgres` gives is prepared in turn. */
interface SelfPreparing {
  toPostgres(prepareValue: (value: unknown) => PreparedValue): unknown
}

/**
 * Makes of a JavaScript value what pg sends for it: `null` and `undefined` are NULL, Dates their local
 * time with its offset, Buffers and typed arrays bytes, arrays an array literal, other objects JSON,
 * and everything else its text.
 *
 * Takes one argument only, so that it may be handed to `map`.
 */
export function prepareValue(value: unknown): PreparedValue {
  return prepare(value, [])
}

function prepare(value: unknown, seen: readonly unknown[]): PreparedValue {
  if (value === null || value === undefined) return null
  if (typeof value !== 'object') return (value as { toString(): string }).toString()
  if (ArrayBuffer.isView(value)) return bytesOf(value)
  if (types.isDate(value)) return dateText(value)
  if (Array.isArray(value)) return arrayLiteral(value)
  if (!isSelfPreparing(value)) return JSON.stringify(value) ?? null
  if (seen.includes(value)) {
    throw new Error(`circular reference detected while preparing "${value}" for query`)
  }
  return prepare(value.toPostgres(prepareValue), [...seen, value])
}

function isSelfPreparing(value: object): value is SelfPreparing {
  return typeof (value as Partial<SelfPreparing>).toPostgres === 'function'
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.isBuffer(view) ? view : Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}

function arrayLiteral(array: readonly unknown[]): string {
  const parts: string[] = []
  // A loop by index: holes count, and are NULL.
  for (let i = 0; i < array.length; i++) parts.push(elementText(array[i]))
  return `{${parts.join(',')}}`
}

function elementText(element: unknown): string {
  if (element === null || element === undefined) return 'NULL'
  if (Array.isArray(element)) return arrayLiteral(element)
  if (ArrayBuffer.isView(element)) return `\\\\x${bytesOf(element).toString('hex')}`
  if (typeof element === 'number') return `"${element}"`
  const prepared = prepareValue(element)
  if (prepared === null) return 'NULL'
  const text = String(prepared)
  const isPlain = !text.includes('"') && !text.includes('\\')
  return isPlain ? `"${text}"` : `"${text.replace(/[\\"]/g, '\\$&')}"`
}

/** The parts of a time as some clock shows them. */
interface ClockTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
  readonly milliseconds: number
  /** Minutes east of Greenwich. */
  readonly offset: number
}

function dateText(date: Date): string {
  const { year, month, day, hours, minutes, seconds, milliseconds, offset } =
    defaults.parseInputDatesAsUTC ? utcTime(date) : localTime(date)
  const isBeforeChrist = year < 1
  const days = `${pad(isBeforeChrist ? 1 - year : year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
  const time = `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(milliseconds, 3)}`
  const east = Math.abs(offset)
  const zone = `${offset < 0 ? '-' : '+'}${pad(Math.floor(east / 60), 2)}:${pad(east % 60, 2)}`
  return `${days}T${time}${zone}${isBeforeChrist ? ' BC' : ''}`
}

function localTime(date: Date): ClockTime {
  return {
    year: date.getFullYear(),
    month: date.getMonth() + 1,
    day: date.getDate(),
    hours: date.getHours(),
    minutes: date.getMinutes(),
    seconds: date.getSeconds(),
    milliseconds: date.getMilliseconds(),
    offset: -date.getTimezoneOffset(),
  }
}

function utcTime(date: Date): ClockTime {
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hours: date.getUTCHours(),
    minutes: date.getUTCMinutes(),
    seconds: date.getUTCSeconds(),
    milliseconds: date.getUTCMilliseconds(),
    offset: 0,
  }
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
