import { types } from 'node:util'
import { DecodeError } from '../../base/errors.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import type { Codec } from '../codec.js'
import { cannotEncode, malformed } from '../value-errors.js'
import { type Decimal, isSameDecimal, parseDecimal } from './decimal.js'

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

/** `0000` to `9999`, made at first use: looking a group of digits up is cheaper than printing it. */
let groupTexts: readonly string[] | undefined

function makeGroupTexts(): readonly string[] {
  groupTexts = Array.from({ length: 10_000 }, (_, group) => String(group).padStart(4, '0'))
  return groupTexts
}

/**
 * Reads a binary `numeric` as the text that the server prints for it.
 *
 * Four int16 (number of groups, weight of the first group, sign, digits to show behind the point) and
 * then the groups of four decimal digits. Groups that are not there are zero.
 *
 * @see numeric_send in src/backend/utils/adt/numeric.c
 */
function decodeNumeric(buf: Buffer, start: number, end: number): string {
  if (end - start < HEADER_BYTES) throw malformed('numeric', 'shorter than its header')
  const count = buf.readUInt16BE(start)
  const weight = buf.readInt16BE(start + 2)
  const sign = buf.readUInt16BE(start + 4)
  const scale = buf.readUInt16BE(start + 6)
  if (end - start !== HEADER_BYTES + 2 * count) {
    throw malformed('numeric', `${end - start} bytes do not hold ${count} groups of digits`)
  }
  if (sign !== POSITIVE && sign !== NEGATIVE) return specialText(sign)
  if (scale > MAX_SCALE) throw malformed('numeric', `a scale of ${scale}`)

  const texts = groupTexts ?? makeGroupTexts()
  let text = ''
  for (let i = 0; i <= weight; i++) {
    const group = groupAt(buf, start, count, i)
    if (text !== '') text += texts[group]
    else if (group !== 0) text = String(group)
  }
  if (text === '') text = '0'
  if (scale > 0) text += `.${fractionText(buf, start, count, weight, scale, texts)}`
  return sign === NEGATIVE ? `-${text}` : text
}

function fractionText(
  buf: Buffer,
  start: number,
  count: number,
  weight: number,
  scale: number,
  texts: readonly string[],
): string {
  let fraction = ''
  for (let i = weight + 1; fraction.length < scale; i++) {
    fraction += texts[groupAt(buf, start, count, i)]
  }
  return fraction.length === scale ? fraction : fraction.slice(0, scale)
}

function groupAt(buf: Buffer, start: number, count: number, index: number): number {
  if (index < 0 || index >= count) return 0
  const group = buf.readUInt16BE(start + HEADER_BYTES + 2 * index)
  if (group > 9999) throw malformed('numeric', 'a group of digits above 9999')
  return group
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
export const numericAsString: Codec<string> = {
  ...numericCodec((text) => text),
  decodeText: decodeNumericText,
  decodeBinary: decodeNumeric,
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
