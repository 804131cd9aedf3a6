import { types } from 'node:util'
import { DecodeError } from '../../base/errors.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import type { Codec } from '../codec.js'
import type { TraitedCodec } from '../codec-traits.js'
import { cannotEncode, malformed } from '../value-errors.js'
import { type Decimal, isSameDecimal, parseDecimal } from './decimal.js'
import { decodeAscii } from './utf8.js'

const POSITIVE = 0x0000
const NEGATIVE = 0x4000
const NOT_A_NUMBER = 0xc000
const POSITIVE_INFINITY = 0xd000
const NEGATIVE_INFINITY = 0xf000

const HEADER_BYTES = 8
const MAX_SCALE = 0x3fff
/** Digits before the decimal point. */
const MAX_WEIGHT_DIGITS = 131072

const PRINTED = /^(?:-?\d+(?:\.\d+)?|NaN|-?Infinity)$/
const SPECIAL = /^(?:(nan)|([+-])?inf(?:inity)?)$/i

const ZERO = 0x30
const POINT = 0x2e
const MINUS = 0x2d

/** Where the digits of usual numbers are written: a text of pieces would be kept in pieces. */
const scratch = Buffer.allocUnsafeSlow(64)

/** The most characters of the text of a binary `numeric`. */
function room(buf: Buffer, start: number): number {
  const weight = ((byteAt(buf, start + 2) << 24) >> 16) | byteAt(buf, start + 3)
  const scale = (byteAt(buf, start + 6) << 8) | byteAt(buf, start + 7)
  // A sign, a zero, the groups before the point, the point, the groups behind it.
  return 2 + 4 * Math.max(weight + 1, 2) + 1 + scale + 3
}

/**
 * Writes the text that the server prints for a binary `numeric`.
 *
 * Four int16 (number of groups, weight of the first group, sign, digits to show behind the point) and
 * then the groups of four decimal digits. Groups that are not there are zero.
 *
 * @see numeric_send in src/backend/utils/adt/numeric.c
 */
function print(buf: Buffer, start: number, end: number, out: Uint8Array, outAt: number): number {
  if (end - start < HEADER_BYTES) throw malformed('numeric', 'shorter than its header')
  const count = (byteAt(buf, start) << 8) | byteAt(buf, start + 1)
  const weight = ((byteAt(buf, start + 2) << 24) >> 16) | byteAt(buf, start + 3)
  const sign = (byteAt(buf, start + 4) << 8) | byteAt(buf, start + 5)
  const scale = (byteAt(buf, start + 6) << 8) | byteAt(buf, start + 7)
  if (end - start !== HEADER_BYTES + 2 * count) {
    throw malformed('numeric', `${end - start} bytes do not hold ${count} groups of digits`)
  }
  if (sign !== POSITIVE && sign !== NEGATIVE) return printSpecial(sign, out, outAt)
  if (scale > MAX_SCALE) throw malformed('numeric', `a scale of ${scale}`)

  let at = outAt
  if (sign === NEGATIVE) out[at++] = MINUS
  let group = 0
  let next = 0
  while (next <= weight && group === 0) group = groupAt(buf, start, count, next++)
  at = writeDigits(out, at, group)
  while (next <= weight) at = writeGroup(out, at, groupAt(buf, start, count, next++))
  if (scale > 0) {
    out[at++] = POINT
    const from = at
    for (let i = weight + 1; at - from < scale; i++) {
      at = writeGroup(out, at, groupAt(buf, start, count, i))
    }
    at = from + scale
  }
  return at
}

function decodeNumeric(buf: Buffer, start: number, end: number): string {
  const length = room(buf, start)
  const out = length <= scratch.length ? scratch : Buffer.allocUnsafe(length)
  return decodeAscii(out, 0, print(buf, start, end, out, 0))
}

/** Writes a number below 10,000 without zeros before it. */
function writeDigits(out: Uint8Array, start: number, group: number): number {
  if (group >= 1000) return writeGroup(out, start, group)
  let at = start
  if (group >= 100) out[at++] = ZERO + ((group / 100) | 0)
  if (group >= 10) out[at++] = ZERO + (((group / 10) | 0) % 10)
  out[at++] = ZERO + (group % 10)
  return at
}

/** Writes four digits. */
function writeGroup(out: Uint8Array, at: number, group: number): number {
  const hundreds = (group / 100) | 0
  const rest = group - hundreds * 100
  out[at] = ZERO + ((hundreds / 10) | 0)
  out[at + 1] = ZERO + (hundreds % 10)
  out[at + 2] = ZERO + ((rest / 10) | 0)
  out[at + 3] = ZERO + (rest % 10)
  return at + 4
}

function byteAt(buf: Buffer, at: number): number {
  return buf[at] as number
}

function groupAt(buf: Buffer, start: number, count: number, index: number): number {
  if (index < 0 || index >= count) return 0
  const at = start + HEADER_BYTES + 2 * index
  const group = (byteAt(buf, at) << 8) | byteAt(buf, at + 1)
  if (group > 9999) throw malformed('numeric', 'a group of digits above 9999')
  return group
}

function printSpecial(sign: number, out: Uint8Array, at: number): number {
  const text = specialText(sign)
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i)
  return at + text.length
}

function specialText(sign: number): string {
  if (sign === NOT_A_NUMBER) return 'NaN'
  if (sign === POSITIVE_INFINITY) return 'Infinity'
  if (sign === NEGATIVE_INFINITY) return '-Infinity'
  throw malformed('numeric', 'an unknown sign')
}

function decodeNumericText(buf: Buffer, start: number, end: number): string {
  const text = buf.toString('latin1', start, end)
  if (!PRINTED.test(text)) throw malformed('numeric', 'not a number')
  return text
}

/** The decimal text of a parameter, known to be one. */
function textOf(value: unknown): string {
  const text = exactText(value)
  if (text !== undefined && (SPECIAL.test(text) || isWithinLimits(parseDecimal(text)))) return text
  throw cannotEncode(
    'numeric',
    value,
    'bigints, numbers (integers within ±(2^53 − 1)), decimal strings and objects that print as one',
  )
}

function exactText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value
    case 'bigint':
      return String(value)
    case 'number':
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value)
    case 'object':
      // Decimal classes. [1] and dates print too, but are no numbers.
      if (value === null || Array.isArray(value) || types.isDate(value)) return undefined
      return printed(value)
    default:
      return undefined
  }
}

function printed(value: object): string | undefined {
  try {
    return String(value)
  } catch {
    return undefined // an object that cannot be printed is refused as any other
  }
}

function isWithinLimits(decimal: Decimal | undefined): boolean {
  if (decimal === undefined || decimal.scale > MAX_SCALE) return false
  return decimal.digits === '' || decimal.digits.length - decimal.scale <= MAX_WEIGHT_DIGITS
}

function encodeBinary(value: unknown, out: MessageWriter): void {
  const text = exactText(value)
  const decimal = text === undefined ? undefined : parseDecimal(text)
  if (decimal && isWithinLimits(decimal)) writeDecimal(decimal, out)
  // What is left is NaN, an infinity or refused.
  else writeHeader(out, 0, 0, specialSign(textOf(value)), 0)
}

function specialSign(text: string): number {
  const match = SPECIAL.exec(text)
  if (match?.[1] !== undefined) return NOT_A_NUMBER
  return match?.[2] === '-' ? NEGATIVE_INFINITY : POSITIVE_INFINITY
}

function writeDecimal({ negative, digits, scale }: Decimal, out: MessageWriter): void {
  const shownScale = Math.max(scale, 0)
  if (digits === '') {
    writeHeader(out, 0, 0, POSITIVE, shownScale)
    return
  }
  // Groups of four are counted from the decimal point, so both sides are filled up with zeros.
  const trailing = scale < 0 ? -scale : (4 - (scale % 4)) % 4
  const wholeDigits = digits.length - scale
  const leading = (4 - (wholeDigits % 4)) % 4
  const padded = '0'.repeat(leading) + digits + '0'.repeat(trailing)
  let last = padded.length
  while (padded.startsWith('0000', last - 4)) last -= 4
  writeHeader(
    out,
    last / 4,
    (wholeDigits + leading) / 4 - 1,
    negative ? NEGATIVE : POSITIVE,
    shownScale,
  )
  for (let at = 0; at < last; at += 4) out.int16(Number(padded.slice(at, at + 4)))
}

function writeHeader(
  out: MessageWriter,
  count: number,
  weight: number,
  sign: number,
  scale: number,
): void {
  out.int16(count)
  out.int16(weight)
  out.int16(sign)
  out.int16(scale)
}

function numericCodec<T>(convert: (text: string) => T): Codec<T> {
  return {
    name: 'numeric',
    decodeText: (buf, start, end) => convert(decodeNumericText(buf, start, end)),
    decodeBinary: (buf, start, end) => convert(decodeNumeric(buf, start, end)),
    encodeText(value, out) {
      out.utf8(textOf(value))
    },
    encodeBinary,
  }
}

/** A number has at least this many significant digits right. */
const SAFE_DIGITS = 15

function toExactNumber(text: string): number {
  const number = Number(text)
  if (text.length <= SAFE_DIGITS || !Number.isFinite(number)) return specialOrFit(text, number)
  const before = parseDecimal(text)
  const after = parseDecimal(String(number))
  if (before && after && isSameDecimal(before, after)) return number
  throw unfit()
}

/** `Number()` also gives an infinity for digits beyond its range. */
function specialOrFit(text: string, number: number): number {
  if (Number.isFinite(number) || text === 'NaN' || text.endsWith('Infinity')) return number
  throw unfit()
}

function unfit(): DecodeError {
  return new DecodeError(
    `the numeric has more digits than a number keeps; set the option numeric of types to 'string', ` +
      'or to Number to have it rounded',
    { type: 'numeric' },
  )
}

/** `numeric` as exact text, the default. */
export const numericAsString: TraitedCodec<string> = {
  ...numericCodec((text) => text),
  decodeText: decodeNumericText,
  decodeBinary: decodeNumeric,
  traits: { printer: { room, print } },
}

/** `numeric` as a number that prints the same digits, trailing zeros aside; a DecodeError for others. */
export const numericAsNumber: Codec<number> = numericCodec(toExactNumber)

/** `numeric` as what a function makes of its exact text. What the function throws becomes the `cause` of a DecodeError. */
export function numericBy<T>(convert: (text: string) => T): Codec<T> {
  return numericCodec((text) => {
    try {
      return convert(text)
    } catch (cause) {
      throw new DecodeError('the function of the option numeric threw an error', {
        type: 'numeric',
        cause,
      })
    }
  })
}
