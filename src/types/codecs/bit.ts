import type { MessageWriter } from '../../protocol/message-writer.js'
import type { TraitedCodec } from '../codec-traits.js'
import { expectLength, malformed } from '../value-errors.js'
import { stringCodec } from './server-text.js'

const COUNT_BYTES = 4
const ZERO = 0x30

/** Binary: int32 number of bits, then the bits from the left, filled up with zeros (varbit_send in varbit.c). */
function decodeBits(type: string, buf: Buffer, start: number, end: number): string {
  if (end - start < COUNT_BYTES) throw malformed(type, 'shorter than its header')
  const count = buf.readInt32BE(start)
  if (count < 0) throw malformed(type, `${count} bits`)
  expectLength(type, start, end, COUNT_BYTES + Math.ceil(count / 8))
  const digits = Buffer.allocUnsafe(count)
  for (let i = 0; i < count; i++) {
    const byte = buf.readUInt8(start + COUNT_BYTES + (i >> 3))
    digits[i] = ZERO + ((byte >> (7 - (i & 7))) & 1)
  }
  return digits.toString('latin1')
}

function writeBits(text: string, out: MessageWriter): boolean {
  if (!/^[01]*$/.test(text)) return false
  out.int32(text.length)
  for (let at = 0; at < text.length; at += 8) {
    out.int8(Number.parseInt(text.slice(at, at + 8).padEnd(8, '0'), 2))
  }
  return true
}

function bitCodec(name: 'bit' | 'varbit'): TraitedCodec<string> {
  return stringCodec(name, {
    decode: (buf, start, end) => decodeBits(name, buf, start, end),
    encode: writeBits,
  })
}

/** `bit(n)`, a string of 0 and 1. */
export const bit: TraitedCodec<string> = bitCodec('bit')
/** `bit varying(n)`, a string of 0 and 1. */
export const varbit: TraitedCodec<string> = bitCodec('varbit')
