import type { MessageWriter } from '../../protocol/message-writer.js'
import type { Codec } from '../codec.js'
import { cannotEncode, malformed } from '../value-errors.js'

/** The four bytes `\ooo` that stand for one byte (charin and charout in src/backend/utils/adt/char.c). */
const OCTAL = /^\\([0-3][0-7]{2})$/

function textOfByte(byte: number): string {
  if (byte === 0) return ''
  return byte < 0x80 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`
}

function byteOf(value: unknown): number {
  if (typeof value === 'string') {
    if (value === '') return 0
    const code = value.charCodeAt(0)
    if (value.length === 1 && code > 0 && code < 0x80) return code
    const octal = OCTAL.exec(value)?.[1]
    if (octal !== undefined) return Number.parseInt(octal, 8)
  }
  throw cannotEncode(
    'char',
    value,
    'one ASCII character, the empty string, or \\ and three octal digits',
  )
}

/** The internal type `"char"`: one byte, the byte 0 being `''` and bytes from 128 on `\ooo`. */
export const char: Codec<string> = {
  name: 'char',
  decodeText(buf, start, end) {
    if (end === start) return ''
    // Before version 16 the server sends bytes from 128 on as they are.
    if (end - start === 1) return textOfByte(buf.readUInt8(start))
    const octal = OCTAL.exec(buf.toString('latin1', start, end))?.[1]
    if (octal === undefined) throw malformed('char', 'more than one byte')
    return textOfByte(Number.parseInt(octal, 8))
  },
  decodeBinary(buf, start, end) {
    if (end - start !== 1) throw malformed('char', `${end - start} bytes instead of 1`)
    return textOfByte(buf.readUInt8(start))
  },
  encodeText(value, out) {
    out.utf8(textOfByte(byteOf(value)))
  },
  encodeBinary(value: unknown, out: MessageWriter) {
    out.int8(byteOf(value))
  },
}
