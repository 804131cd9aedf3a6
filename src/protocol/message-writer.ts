import { EncodeError, InterfaceError } from '../base/errors.js'
import { MAX_SHORT_TEXT, writeShortText } from './short-text.js'

/**
 * The greatest length that PostgreSQL accepts in a message, in bytes, itself included: 1 GiB − 2.
 *
 * @see PQ_LARGE_MESSAGE_LIMIT (`MaxAllocSize - 1`) in src/include/libpq/libpq.h
 */
export const MAX_MESSAGE_BYTES = 0x3ffffffe

const CHUNK_BYTES = 16 * 1024

/** A chunk that one long batch made larger than this is not kept for the batches after it. */
const MAX_KEPT_BYTES = 256 * 1024

const NO_BYTES = Buffer.alloc(0)

/**
 * Collects frontend messages in one growing buffer.
 *
 * ```
 * chunk  | taken earlier, perhaps still on its way to the kernel | this batch | free |
 *                                                                ^start       ^end
 * ```
 * What {@link take} gave out is not written again before {@link restart}: the next batch goes behind it,
 * or into a new chunk. A socket may therefore keep the bytes for as long as it likes.
 *
 * Positions that methods give or take count from the start of the batch, so they survive growth.
 */
export class MessageWriter {
  #buf: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  #view: DataView = viewOf(this.#buf)
  #start = 0
  #end = 0
  #messageStart = 0

  /** Bytes written and not yet taken. */
  get length(): number {
    return this.#end - this.#start
  }

  /** Starts a message; `code` is its type byte, 0 for the messages that have none. */
  begin(code: number): void {
    this.#reserve(5)
    if (code !== 0) this.#buf[this.#end++] = code
    this.#messageStart = this.length
    this.#end += 4
  }

  /**
   * Ends the message by writing its length, which counts itself but not the type byte.
   * @throws {EncodeError} if it is longer than {@link MAX_MESSAGE_BYTES}.
   */
  finish(): void {
    this.endMessage(this.#messageStart, this.length)
  }

  /** As {@link finish}, for a message whose length is at `start`, and which was written in other ways up to `end`. */
  endMessage(start: number, end: number): void {
    const length = end - start
    if (length > MAX_MESSAGE_BYTES) throw tooLong()
    this.setInt32(start, length)
  }

  /** A mark to {@link rewind} to. */
  mark(): number {
    return this.length
  }

  /** Forgets all that was written since `mark`. */
  rewind(mark: number): void {
    this.#end = this.#start + mark
  }

  /** Gives the batch, whose bytes stay as they are, and starts the next. */
  take(): Buffer {
    const batch = this.#buf.subarray(this.#start, this.#end)
    this.#start = this.#end
    if (this.#buf.length > MAX_KEPT_BYTES) {
      this.#buf = NO_BYTES
      this.#view = viewOf(NO_BYTES)
      this.#start = 0
      this.#end = 0
    }
    return batch
  }

  /** The next batch may take the place of those before, which nobody reads any more. Does nothing within a batch. */
  restart(): void {
    if (this.#end !== this.#start) return
    this.#start = 0
    this.#end = 0
  }

  /** Appends the batch to that of `target` and starts the next in its own place. */
  moveTo(target: MessageWriter): void {
    target.bytes(this.#buf.subarray(this.#start, this.#end))
    this.#end = this.#start
  }

  int8(value: number): void {
    this.#reserve(1)
    this.#buf[this.#end++] = value
  }

  /** A count or format code: 0 to 65,535. */
  uint16(value: number): void {
    if (value > 0xffff || value < 0) throw new EncodeError(`${value} does not fit 16 bits`)
    this.#reserve(2)
    this.#buf[this.#end++] = value >>> 8
    this.#buf[this.#end++] = value
  }

  /** The low 16 bits of `value`. */
  int16(value: number): void {
    this.#reserve(2)
    this.#buf[this.#end++] = value >> 8
    this.#buf[this.#end++] = value
  }

  /** The low 32 bits of `value`. */
  int32(value: number): void {
    this.#reserve(4)
    const buf = this.#buf
    buf[this.#end++] = value >> 24
    buf[this.#end++] = value >> 16
    buf[this.#end++] = value >> 8
    buf[this.#end++] = value
  }

  int64(value: bigint): void {
    this.#reserve(8)
    this.#end = this.#buf.writeBigInt64BE(BigInt.asIntN(64, value), this.#end)
  }

  float32(value: number): void {
    this.#reserve(4)
    this.#end = this.#buf.writeFloatBE(value, this.#end)
  }

  float64(value: number): void {
    this.#reserve(8)
    this.#end = this.#buf.writeDoubleBE(value, this.#end)
  }

  /** Overwrites the int32 at `position`, for lengths and counts that are known only afterwards. */
  setInt32(position: number, value: number): void {
    this.#buf.writeInt32BE(value, this.#start + position)
  }

  bytes(source: Uint8Array): void {
    const { byteLength } = source
    this.#reserve(byteLength)
    if (byteLength > MAX_SHORT_TEXT) {
      this.#buf.set(source, this.#end)
    } else {
      for (let i = 0; i < byteLength; i++) this.#buf[this.#end + i] = source[i] as number
    }
    this.#end += byteLength
  }

  /** Text as UTF-8, without a terminator. A lone surrogate becomes U+FFFD: whoever must refuse it looks first. */
  utf8(text: string): void {
    // UTF-8 needs at most three bytes for each UTF-16 code unit.
    this.#reserve(text.length <= 1024 ? text.length * 3 : Buffer.byteLength(text))
    this.#end += this.#buf.write(text, this.#end)
  }

  /** Text that is short and of ASCII without NUL. Gives false, with nothing written, for any other. */
  shortText(text: string): boolean {
    if (text.length > MAX_SHORT_TEXT) return false
    this.#reserve(MAX_SHORT_TEXT)
    const end = writeShortText(text, this.#buf, this.#end)
    if (end < 0) return false
    this.#end = end
    return true
  }

  /**
   * Text and its terminating NUL.
   * @throws {InterfaceError} if the text contains a NUL, which would end it early and turn what
   * follows into fields of its own.
   */
  cstring(text: string): void {
    if (!this.shortText(text)) {
      if (text.includes('\0'))
        throw new InterfaceError('a string sent to the server contains a NUL character')
      this.utf8(text)
    }
    this.int8(0)
  }

  /**
   * For code that writes many fields in one go: makes sure of `count` bytes and gives where they begin in
   * {@link buffer} and {@link view}, which hold until the next call of any method. {@link end} says
   * how far they were written.
   */
  room(count: number): number {
    this.#reserve(count)
    return this.#end
  }

  /** Where to write: see {@link room}. */
  get buffer(): Buffer {
    return this.#buf
  }

  /** As {@link buffer}. */
  get view(): DataView {
    return this.#view
  }

  /** All up to here was written: see {@link room}. */
  set end(position: number) {
    this.#end = position
  }

  /** Leaves room for the length of a value and gives the position to hand to {@link endValue}. */
  beginValue(): number {
    const position = this.length
    this.int32(0)
    return position
  }

  /** Writes the length of the value that began at `position`; the length does not count itself. */
  endValue(position: number): void {
    this.setInt32(position, this.length - position - 4)
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#buf.length) return
    const needed = this.length + count
    if (needed > MAX_BATCH_BYTES) throw tooLong()
    // No less than before: what was written in one go is most often written again.
    const atLeast = Math.max(CHUNK_BYTES, Math.min(this.#buf.length, MAX_KEPT_BYTES))
    const grown = Buffer.allocUnsafeSlow(Math.max(atLeast, Math.min(needed * 2, MAX_BATCH_BYTES)))
    this.#buf.copy(grown, 0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
    this.#buf = grown
    this.#view = viewOf(grown)
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}

/** Room for one message of the greatest length beside a few small ones. */
const MAX_BATCH_BYTES = MAX_MESSAGE_BYTES + 1024 * 1024

function tooLong(): EncodeError {
  return new EncodeError(
    `a message to the server may not be longer than ${MAX_MESSAGE_BYTES} bytes`,
  )
}
