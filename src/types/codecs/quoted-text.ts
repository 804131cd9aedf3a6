import type { MessageWriter } from '../../protocol/message-writer.js'
import { malformed } from '../value-errors.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c

type DecodeText = (buf: Buffer, start: number, end: number) => unknown

/**
 * Appends the text of a value in quotes, its quotes and backslashes behind a backslash, as the text of
 * arrays, composites and ranges may have around every part. A part without them could be read as
 * NULL, or lose its blanks.
 */
export function writeQuoted(bytes: Buffer, out: MessageWriter): void {
  out.int8(QUOTE)
  let written = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte !== QUOTE && byte !== BACKSLASH) continue
    out.bytes(bytes.subarray(written, at))
    out.int8(BACKSLASH)
    written = at
  }
  out.bytes(bytes.subarray(written))
  out.int8(QUOTE)
}

/**
 * Walks over the text of a composite or a range, whose fields share their rules of quoting: quotes
 * around any part of a field, in them `""` for a quote, and a backslash before any character.
 *
 * @see record_in in src/backend/utils/adt/rowtypes.c, range_parse_bound in rangetypes.c
 */
export class FieldReader {
  readonly #type: string
  readonly #buf: Buffer
  readonly #end: number
  #at: number

  constructor(type: string, buf: Buffer, start: number, end: number) {
    this.#type = type
    this.#buf = buf
    this.#at = start
    this.#end = end
  }

  get position(): number {
    return this.#at
  }

  /** The next byte. @throws {DecodeError} at the end. */
  peek(): number {
    if (this.#at >= this.#end) throw malformed(this.#type, 'it ends too early')
    return this.#buf.readUInt8(this.#at)
  }

  /** The next byte, which is passed over. @throws {DecodeError} at the end. */
  next(): number {
    const byte = this.peek()
    this.#at++
    return byte
  }

  /** @throws {DecodeError} unless everything was read. */
  expectEnd(): void {
    if (this.#at !== this.#end) throw malformed(this.#type, 'something behind the end')
  }

  /**
   * Reads a field up to one of the bytes that can follow it, which is not passed over. A field without
   * anything, not even quotes, gives null.
   */
  readField(decode: DecodeText, isStop: (byte: number) => boolean): unknown {
    const start = this.#at
    let isPlain = true
    let inQuotes = false
    for (let byte = this.peek(); inQuotes || !isStop(byte); byte = this.peek()) {
      if (byte === QUOTE) inQuotes = !inQuotes
      if (byte === QUOTE || byte === BACKSLASH) isPlain = false
      this.#at += byte === BACKSLASH ? 2 : 1
    }
    if (this.#at === start) return null
    return isPlain ? decode(this.#buf, start, this.#at) : this.#decodeQuoted(decode, start)
  }

  #decodeQuoted(decode: DecodeText, start: number): unknown {
    const buf = this.#buf
    const plain = Buffer.allocUnsafe(this.#at - start)
    let length = 0
    let inQuotes = false
    for (let at = start; at < this.#at; at++) {
      let byte = buf.readUInt8(at)
      if (byte === QUOTE) {
        const isQuote = inQuotes && at + 1 < this.#at && buf[at + 1] === QUOTE
        if (!isQuote) {
          inQuotes = !inQuotes
          continue
        }
        at++
      } else if (byte === BACKSLASH) {
        at++
        byte = buf.readUInt8(at)
      }
      plain[length++] = byte
    }
    return decode(plain, 0, length)
  }
}
