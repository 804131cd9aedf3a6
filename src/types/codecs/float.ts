import type { MessageWriter } from '../../protocol/message-writer.js'
import type { TraitedCodec } from '../codec-traits.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'

const PRINTED = /^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/
const ACCEPTED = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i
const NOT_A_NUMBER = /^nan$/i
const INFINITE = /^([+-])?inf(?:inity)?$/i
/** At least one digit of the mantissa is not zero. */
const NOT_ZERO = /^[^e]*[1-9]/i

const SMALLEST_NORMAL_FLOAT4 = 2 ** -126
/** Integers up to here have all their digits in a float4, and so does their shortest text. */
const LARGEST_EXACT_FLOAT4 = 2 ** 24

const FLOAT4_BITS = new DataView(new ArrayBuffer(4))

const TAKES = 'numbers within its range and their decimal text'

function decodeFloatText(type: string, buf: Buffer, start: number, end: number): number {
  const text = buf.toString('latin1', start, end)
  if (PRINTED.test(text)) return Number(text)
  if (text === 'NaN') return Number.NaN
  if (text === 'Infinity') return Number.POSITIVE_INFINITY
  if (text === '-Infinity') return Number.NEGATIVE_INFINITY
  throw malformed(type, 'not a number')
}

function toDouble(type: string, value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') {
    const number = Number(value)
    if (Number.isFinite(number) && BigInt(number) === value) return number
  } else if (typeof value === 'string') {
    if (NOT_A_NUMBER.test(value)) return Number.NaN
    const infinite = INFINITE.exec(value)
    if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    if (ACCEPTED.test(value)) {
      const number = Number(value)
      const underflows = number === 0 && NOT_ZERO.test(value)
      if (Number.isFinite(number) && !underflows) return number
    }
  }
  throw cannotEncode(type, value, TAKES)
}

/** As the server does, refuses what would become infinite or zero only by rounding to 32 bits. */
function toSingle(value: unknown): number {
  const double = toDouble('float4', value)
  const single = Math.fround(double)
  const overflows = Number.isFinite(double) && !Number.isFinite(single)
  const underflows = single === 0 && double !== 0
  const roundsBigint = typeof value === 'bigint' && single !== double
  if (overflows || underflows || roundsBigint) throw cannotEncode('float4', value, TAKES)
  return single
}

/** Prints a number; `String()` drops the sign of −0. */
export function printFloat(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** `float8`. Its text is the shortest that reads back to the same number, in PostgreSQL as in JavaScript. */
export const float8: TraitedCodec<number> = {
  name: 'float8',
  decodeText: (buf, start, end) => decodeFloatText('float8', buf, start, end),
  decodeBinary(buf, start, end) {
    expectLength('float8', start, end, 8)
    return buf.readDoubleBE(start)
  },
  encodeText(value, out: MessageWriter) {
    out.utf8(printFloat(toDouble('float8', value)))
  },
  encodeBinary(value, out: MessageWriter) {
    out.float64(toDouble('float8', value))
  },
  layout: 'float8',
}

/**
 * The number whose text is the shortest that reads back to the same float4, as the server prints it:
 * 0.1, not 0.10000000149011612.
 *
 * A decimal reads back to `single` when it lies between the midpoints to its two neighbours. Like the
 * server this does not count on how a reader rounds the midpoints themselves (f2s.c,
 * `STRICTLY_SHORTEST`). Midpoints of float4 are exact in a double.
 */
export function shortestFloat4(single: number): number {
  const size = Math.abs(single)
  if (size <= LARGEST_EXACT_FLOAT4 && Number.isInteger(single)) return single
  if (!Number.isFinite(single)) return single
  FLOAT4_BITS.setFloat32(0, size)
  const bits = FLOAT4_BITS.getUint32(0)
  const halfStep = 2 ** (Math.max(bits >>> 23, 1) - 127 - 24)
  // Below a power of two the steps are half as wide.
  const isPowerOfTwo = (bits & 0x7fffff) === 0 && size > SMALLEST_NORMAL_FLOAT4
  const below = size - (isPowerOfTwo ? halfStep / 2 : halfStep)
  const above = size + halfStep
  // Six digits survive the way into a normal float4 and back, so fewer need not be tried.
  for (let digits = size < SMALLEST_NORMAL_FLOAT4 ? 1 : 6; digits <= 9; digits++) {
    let nearest = Number(size.toPrecision(digits))
    if (isTie(size, digits)) nearest = evenNeighbour(size, digits)
    // The interval reaches farther up from a power of two than down.
    else if (isPowerOfTwo && nearest <= below) nearest = stepped(size, digits, 1)
    if (nearest > below && nearest < above) return single < 0 ? -nearest : nearest
  }
  return single
}

/** Whether `size` is exactly between two decimals of that many digits. */
function isTie(size: number, digits: number): boolean {
  // An exact decimal of at most ten digits has at most 14 binary places: 5^15 has eleven digits.
  if (!Number.isInteger(size * 2 ** 14)) return false
  const longer = size.toExponential(digits)
  return longer.charAt(digits + 1) === '5' && Number(longer) === size
}

/** The one of the two nearest decimals whose last digit is even; `toExponential` rounds up. */
function evenNeighbour(size: number, digits: number): number {
  const upper = size.toExponential(digits - 1)
  const lastDigit = Number(upper.charAt(digits === 1 ? 0 : digits))
  return stepped(size, digits, lastDigit % 2 === 0 ? 0 : -1)
}

/** The decimal of that many digits nearest to `size`, its last digit changed by `step`. */
function stepped(size: number, digits: number, step: number): number {
  const [mantissa = '', exponent] = size.toExponential(digits - 1).split('e')
  return Number(`${Number(mantissa.replace('.', '')) + step}e${Number(exponent) - digits + 1}`)
}

/** `float4`. */
export const float4: TraitedCodec<number> = {
  name: 'float4',
  decodeText: (buf, start, end) => decodeFloatText('float4', buf, start, end),
  decodeBinary(buf, start, end) {
    expectLength('float4', start, end, 4)
    return shortestFloat4(buf.readFloatBE(start))
  },
  encodeText(value, out: MessageWriter) {
    out.utf8(printFloat(shortestFloat4(toSingle(value))))
  },
  encodeBinary(value, out: MessageWriter) {
    out.float32(toSingle(value))
  },
  layout: 'float4',
}
