import { ProtocolError } from '../base/errors.js'
import { Backend, backendMessageName } from './messages.js'

/** Takes the messages that a {@link MessageFramer} finds. */
export interface MessageSink {
  /** The body is `buf[start, end)`, valid only during the call. */
  onMessage(code: number, buf: Buffer, start: number, end: number): void
  /**
   * Before a DataRow that begins at `start` and has arrived whole: takes it, and what follows it before
   * `end` as long as that is DataRows no longer than `maxBodyBytes`, as far as it likes. Gives where what
   * it has not taken begins, which comes by {@link onMessage}. Absent: all do.
   */
  onRows?(buf: Buffer, start: number, end: number, maxBodyBytes: number): number
}

/** Type byte and length. */
const HEADER_BYTES = 5

/**
 * Cuts the byte stream of a server into messages, whatever chunks it arrives in.
 *
 * A message that lies in one chunk is handed on where it lies. Only one that is split is copied, into
 * a buffer that grows with what has arrived and never on the word of a length field.
 */
export class MessageFramer {
  readonly #sink: MessageSink
  #maxBodyBytes: number
  /** The beginning of a message whose end has not arrived. */
  #partial: Buffer = Buffer.alloc(0)
  #partialLength = 0
  #stopped = false

  constructor(sink: MessageSink, maxBodyBytes: number) {
    this.#sink = sink
    this.#maxBodyBytes = maxBodyBytes
  }

  /** Sets the longest body accepted from now on, in bytes. */
  set maxBodyBytes(bytes: number) {
    this.#maxBodyBytes = bytes
  }

  /** Hands on no more messages, not even those that the current chunk still holds. */
  stop(): void {
    this.#stopped = true
    this.#partial = Buffer.alloc(0)
    this.#partialLength = 0
  }

  /**
   * Takes the next bytes, `chunk[0, length)`, and hands on every message that is complete with them.
   * @throws {ProtocolError} if a length is impossible or a body longer than the cap. What the sink
   * throws passes through. After either the stream is of no use.
   */
  push(chunk: Buffer, length: number = chunk.length): void {
    let pos = this.#partialLength > 0 ? this.#completePartial(chunk, length) : 0
    while (!this.#stopped) {
      const left = length - pos
      if (left < HEADER_BYTES) break
      const size = this.#messageSize(chunk, pos)
      if (left < size) break
      const code = chunk[pos] as number
      if (code === Backend.DataRow && this.#sink.onRows !== undefined) {
        const taken = this.#sink.onRows(chunk, pos, length, this.#maxBodyBytes)
        if (taken > pos) {
          pos = taken
          continue
        }
      }
      this.#sink.onMessage(code, chunk, pos + HEADER_BYTES, pos + size)
      pos += size
    }
    if (!this.#stopped && pos < length) this.#keep(chunk, pos, length)
  }

  /** Gives the position in `chunk` behind the message that was waiting for its end. */
  #completePartial(chunk: Buffer, length: number): number {
    let pos = 0
    if (this.#partialLength < HEADER_BYTES) {
      pos = Math.min(HEADER_BYTES - this.#partialLength, length)
      this.#keep(chunk, 0, pos)
      if (this.#partialLength < HEADER_BYTES) return pos
    }
    const size = this.#messageSize(this.#partial, 0)
    const missing = size - this.#partialLength
    const taken = Math.min(missing, length - pos)
    this.#keep(chunk, pos, pos + taken)
    pos += taken
    if (taken === missing) {
      const message = this.#partial
      this.#partialLength = 0
      this.#partial = Buffer.alloc(0)
      this.#sink.onMessage(message[0] as number, message, HEADER_BYTES, size)
    }
    return pos
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const length = this.#partialLength + end - start
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, this.#partial.length * 2))
      this.#partial.copy(grown, 0, 0, this.#partialLength)
      this.#partial = grown
    }
    chunk.copy(this.#partial, this.#partialLength, start, end)
    this.#partialLength = length
  }

  /** Bytes of the message whose header is at `pos`, the header included. */
  #messageSize(buf: Buffer, pos: number): number {
    // The length counts itself but not the type byte.
    const length = buf.readInt32BE(pos + 1)
    if (length < 4) throw this.#badLength(buf[pos] as number, length, 'is below 4')
    if (length - 4 > this.#maxBodyBytes) {
      throw this.#badLength(
        buf[pos] as number,
        length,
        `exceeds the limit of ${this.#maxBodyBytes}`,
      )
    }
    return length + 1
  }

  #badLength(code: number, length: number, problem: string): ProtocolError {
    return new ProtocolError(`the length ${length} of ${backendMessageName(code)} ${problem}`)
  }
}
