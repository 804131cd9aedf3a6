import { ProtocolError } from '../base/errors.js'

/**
 * Reads the fields of one message body, `buf[start, end)`, and nothing outside it. Every method
 * throws {@link ProtocolError} when the body ends before the field does.
 */
export class MessageReader {
  readonly #buf: Buffer
  readonly #end: number
  readonly #message: string
  #pos: number

  constructor(message: string, buf: Buffer, start: number, end: number) {
    this.#message = message
    this.#buf = buf
    this.#pos = start
    this.#end = end
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#end - this.#pos
  }

  uint8(): number {
    return this.#buf.readUInt8(this.#advance(1))
  }

  int16(): number {
    return this.#buf.readInt16BE(this.#advance(2))
  }

  uint16(): number {
    return this.#buf.readUInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#buf.readInt32BE(this.#advance(4))
  }

  uint32(): number {
    return this.#buf.readUInt32BE(this.#advance(4))
  }

  /** Text up to a NUL, which must lie within the body. */
  cstring(): string {
    const nul = this.#buf.indexOf(0, this.#pos)
    if (nul === -1 || nul >= this.#end) throw this.error('a string is not terminated')
    const text = this.#buf.toString('utf8', this.#pos, nul)
    this.#pos = nul + 1
    return text
  }

  /** A copy of the next `count` bytes. */
  bytes(count: number): Buffer {
    const start = this.#advance(count)
    return Buffer.from(this.#buf.subarray(start, start + count))
  }

  /**
   * A count of items that take at least `itemBytes` each, refused when the body cannot hold them, so
   * that nothing is allocated on the word of a lying server.
   */
  count(itemBytes: number): number {
    const count = this.uint16()
    if (count * itemBytes > this.remaining) throw this.error(`${count} items do not fit`)
    return count
  }

  /** Ends the reading; a body that goes on is an error. */
  finish(): void {
    if (this.#pos !== this.#end) throw this.error(`${this.remaining} bytes too many`)
  }

  error(problem: string): ProtocolError {
    return new ProtocolError(`malformed ${this.#message}: ${problem}`)
  }

  #advance(count: number): number {
    const start = this.#pos
    if (count < 0 || count > this.#end - start) throw this.error('it ends too early')
    this.#pos = start + count
    return start
  }
}
