import { DecodeError } from '../../base/errors.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import type { TraitedCodec } from '../codec-traits.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'
import { INTEGER_TEXT, readIntegerText } from './integer.js'

const TWO_TO_32 = 0x1_0000_0000

/** Appends an integer within ±(2^53 − 1) as 64 bits, without making a bigint. */
export function writeSafeInt64(value: number, out: MessageWriter): void {
  const high = Math.floor(value / TWO_TO_32)
  out.int32(high)
  out.int32(value - high * TWO_TO_32)
}

/**
 * Reads an int64, exact within ±(2^53 − 1). A greater one gives some number outside, never one inside.
 */
export function readInt64(buf: Buffer, start: number): number {
  return buf.readInt32BE(start) * TWO_TO_32 + buf.readUInt32BE(start + 4)
}

/** How `int8` and `xid8` appear in JavaScript. */
export type Int8Mode = 'number' | 'bigint' | 'string'

interface WideInteger {
  readonly name: 'int8' | 'xid8'
  readonly min: bigint
  readonly max: bigint
}

function toWideInteger(type: WideInteger, value: unknown): number | bigint {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value >= type.min) return value + 0 // −0 becomes 0
  } else if (typeof value === 'bigint') {
    if (value >= type.min && value <= type.max) return value
  } else if (typeof value === 'string' && INTEGER_TEXT.test(value)) {
    // BigInt() knows no plus sign; a long row of zeros is no reason to refuse.
    const integer = BigInt(value.startsWith('+') ? value.slice(1) : value)
    if (integer >= type.min && integer <= type.max) return integer
  }
  throw cannotEncode(
    type.name,
    value,
    `integers from ${type.min} to ${type.max}, as number within ±(2^53 − 1), bigint or string`,
  )
}

function tooWide(type: WideInteger): DecodeError {
  return new DecodeError(
    `the ${type.name} does not fit a number, which is exact within ±(2^53 − 1); set the option ` +
      `int8: 'bigint' (or 'string') of types`,
    { type: type.name },
  )
}

function readBigInteger(type: WideInteger, buf: Buffer, start: number, end: number): bigint {
  expectLength(type.name, start, end, 8)
  return type.min === 0n ? buf.readBigUInt64BE(start) : buf.readBigInt64BE(start)
}

function parseBigInteger(type: WideInteger, buf: Buffer, start: number, end: number): bigint {
  readIntegerText(type.name, buf, start, end) // checks the form
  const value = BigInt(buf.toString('latin1', start, end))
  if (value < type.min || value > type.max) throw malformed(type.name, 'out of range')
  return value
}

function wideCodecs(type: WideInteger): Readonly<Record<Int8Mode, TraitedCodec>> {
  // An xid8 takes no negative numbers.
  const layout = type.min === 0n ? {} : ({ layout: 'int8' } as const)
  const encoders = {
    ...layout,
    encodeText(value: unknown, out: MessageWriter): void {
      out.utf8(String(toWideInteger(type, value)))
    },
    encodeBinary(value: unknown, out: MessageWriter): void {
      const integer = toWideInteger(type, value)
      if (typeof integer === 'number') writeSafeInt64(integer, out)
      else out.int64(integer)
    },
  }
  return {
    number: {
      name: type.name,
      decodeText(buf, start, end) {
        const value = readIntegerText(type.name, buf, start, end)
        if (Number.isSafeInteger(value) && value >= type.min) return value
        parseBigInteger(type, buf, start, end) // malformed beats too wide
        throw tooWide(type)
      },
      decodeBinary(buf, start, end) {
        expectLength(type.name, start, end, 8)
        const value = readInt64(buf, start)
        // An xid8 of 2^63 or more looks negative here.
        if (Number.isSafeInteger(value) && (value >= 0 || type.min !== 0n)) return value
        throw tooWide(type)
      },
      ...encoders,
    },
    bigint: {
      name: type.name,
      decodeText: (buf, start, end) => parseBigInteger(type, buf, start, end),
      decodeBinary: (buf, start, end) => readBigInteger(type, buf, start, end),
      ...encoders,
    },
    string: {
      name: type.name,
      decodeText: (buf, start, end) => parseBigInteger(type, buf, start, end).toString(),
      decodeBinary: (buf, start, end) => readBigInteger(type, buf, start, end).toString(),
      ...encoders,
    },
  }
}

/** `int8`, by the option `int8`. */
export const int8: Readonly<Record<Int8Mode, TraitedCodec>> = wideCodecs({
  name: 'int8',
  min: -(2n ** 63n),
  max: 2n ** 63n - 1n,
})

/** `xid8`, unsigned, by the option `int8`. */
export const xid8: Readonly<Record<Int8Mode, TraitedCodec>> = wideCodecs({
  name: 'xid8',
  min: 0n,
  max: 2n ** 64n - 1n,
})
