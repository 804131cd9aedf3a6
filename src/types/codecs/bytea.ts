import { types } from 'node:util'
import type { TraitedCodec } from '../codec-traits.js'
import { cannotEncode, malformed } from '../value-errors.js'

const BACKSLASH = 0x5c
const LETTER_X = 0x78
const ZERO = 0x30

/**
 * The bytes behind a view or buffer, not copied.
 * @throws {EncodeError} for all else, of the given type.
 */
export function bytesOf(type: string, value: unknown): Uint8Array {
  if (ArrayBuffer.isView(value)) {
    return value instanceof Uint8Array
      ? value
      : new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value)
  throw cannotEncode(
    type,
    value,
    'Buffers, typed arrays, DataViews and ArrayBuffers (for text: Buffer.from(text))',
  )
}

function decodeHex(buf: Buffer, start: number, end: number): Buffer {
  const bytes = Buffer.from(buf.toString('latin1', start, end), 'hex')
  // Buffer.from stops at what is no pair of hex digits.
  if (bytes.length * 2 !== end - start) throw malformed('bytea', 'not hexadecimal digits')
  return bytes
}

/** The form of `bytea_output = escape`: `\\` is a backslash, `\ooo` a byte, all else itself. */
function decodeEscape(buf: Buffer, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start)
  let length = 0
  for (let at = start; at < end; at++) {
    let byte = buf.readUInt8(at)
    if (byte === BACKSLASH && at + 1 < end && buf[at + 1] === BACKSLASH) {
      at++
    } else if (byte === BACKSLASH) {
      if (end - at < 4) throw malformed('bytea', 'a broken escape')
      byte =
        octalDigit(buf, at + 1, 3) * 64 +
        octalDigit(buf, at + 2, 7) * 8 +
        octalDigit(buf, at + 3, 7)
      at += 3
    }
    bytes[length++] = byte
  }
  return bytes.subarray(0, length)
}

function octalDigit(buf: Buffer, at: number, max: number): number {
  const digit = buf.readUInt8(at) - ZERO
  if (digit < 0 || digit > max) throw malformed('bytea', 'a broken escape')
  return digit
}

/** `bytea`, as a copy of the bytes that belongs to the caller. */
export const bytea: TraitedCodec<Buffer> = {
  name: 'bytea',
  decodeText(buf, start, end) {
    const isHex = end - start >= 2 && buf[start] === BACKSLASH && buf[start + 1] === LETTER_X
    return isHex ? decodeHex(buf, start + 2, end) : decodeEscape(buf, start, end)
  },
  decodeBinary(buf, start, end) {
    const bytes = Buffer.allocUnsafe(end - start)
    buf.copy(bytes, 0, start, end)
    return bytes
  },
  encodeText(value, out) {
    const bytes = bytesOf('bytea', value)
    out.utf8(`\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`)
  },
  encodeBinary(value, out) {
    out.bytes(bytesOf('bytea', value))
  },
  traits: { isElement: ArrayBuffer.isView },
}
