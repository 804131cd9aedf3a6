import type { MessageWriter } from '../../protocol/message-writer.js'
import type { BinaryLayout } from '../binary-layout.js'
import type { TraitedCodec } from '../codec-traits.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'

const ZERO = 0x30
const MINUS = 0x2d

/** A decimal integer, as integer parameters may be given. */
export const INTEGER_TEXT: RegExp = /^[+-]?\d+$/

/**
 * Reads a decimal integer, exact within ±(2^53 − 1). A greater one gives some number outside, never
 * one inside.
 * @throws {DecodeError} if the window holds anything else.
 */
export function readIntegerText(type: string, buf: Buffer, start: number, end: number): number {
  let at = start
  const negative = at < end && buf[at] === MINUS
  if (negative) at++
  // No integer type prints more than 20 digits.
  if (at === end || end - at > 20) throw malformed(type, 'not an integer')
  let value = 0
  for (; at < end; at++) {
    const digit = buf.readUInt8(at) - ZERO
    if (digit < 0 || digit > 9) throw malformed(type, 'not an integer')
    value = value * 10 + digit
  }
  return negative ? 0 - value : value
}

function toInteger(type: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= min && value <= max) return value
  } else if (typeof value === 'bigint') {
    if (value >= min && value <= max) return Number(value)
  } else if (typeof value === 'string' && INTEGER_TEXT.test(value)) {
    const number = Number(value)
    if (number >= min && number <= max) return number
  }
  throw cannotEncode(type, value, `integers from ${min} to ${max}`)
}

function integerCodec(
  name: string,
  layout: BinaryLayout & ('int2' | 'int4' | 'uint4'),
  min: number,
  max: number,
  decodeBinary: (buf: Buffer, start: number, end: number) => number,
): TraitedCodec<number> {
  return {
    name,
    decodeText(buf, start, end) {
      const value = readIntegerText(name, buf, start, end)
      if (value < min || value > max) throw malformed(name, 'out of range')
      return value
    },
    decodeBinary,
    encodeText(value, out: MessageWriter) {
      // Adding 0 turns −0 into 0.
      out.utf8(String(toInteger(name, value, min, max) + 0))
    },
    encodeBinary(value, out: MessageWriter) {
      const integer = toInteger(name, value, min, max)
      if (layout === 'int2') out.int16(integer)
      else out.int32(integer)
    },
    layout,
  }
}

/** `int2`. */
export const int2: TraitedCodec<number> = integerCodec(
  'int2',
  'int2',
  -0x8000,
  0x7fff,
  (buf, start, end) => {
    expectLength('int2', start, end, 2)
    return buf.readInt16BE(start)
  },
)

/** `int4`. */
export const int4: TraitedCodec<number> = integerCodec(
  'int4',
  'int4',
  -0x80000000,
  0x7fffffff,
  (buf, start, end) => {
    expectLength('int4', start, end, 4)
    return buf.readInt32BE(start)
  },
)

function unsignedCodec(name: string): TraitedCodec<number> {
  return integerCodec(name, 'uint4', 0, 0xffffffff, (buf, start, end) => {
    expectLength(name, start, end, 4)
    return buf.readUInt32BE(start)
  })
}

/** `oid`, `xid` and `cid`: unsigned integers of 32 bits. */
export const oid: TraitedCodec<number> = unsignedCodec('oid')
export const xid: TraitedCodec<number> = unsignedCodec('xid')
export const cid: TraitedCodec<number> = unsignedCodec('cid')
