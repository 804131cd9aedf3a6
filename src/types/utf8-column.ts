import { DecodeError } from '../base/errors.js'
import { decodeUtf8 } from './codecs/utf8.js'

/** The offsets are of 32 bits. */
const MAX_BYTES = 0x7fffffff

/** Up to here a loop copies faster than a call into Node's binding, in bytes. */
const SHORT = 32

/**
 * Texts one behind the other as UTF-8: that of row `i` is `bytes[offsets[i] … offsets[i + 1])`. It is the
 * layout of Utf8 in Apache Arrow, which takes both arrays as they are.
 */
export class Utf8Column implements Iterable<string> {
  /** One more than there are rows. */
  readonly offsets: Int32Array
  readonly bytes: Uint8Array
  readonly #buf: Buffer

  /** @internal */
  constructor(offsets: Int32Array, bytes: Uint8Array) {
    this.offsets = offsets
    this.bytes = bytes
    this.#buf = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get length(): number {
    return this.offsets.length - 1
  }

  /** The text of a row, made anew at each call; `''` for NULL. @throws {RangeError} if there is no such row. */
  at(row: number): string {
    const start = this.offsets[row]
    const end = this.offsets[row + 1]
    if (start !== undefined && end !== undefined) return decodeUtf8(this.#buf, start, end)
    throw new RangeError(`there is no row ${row} in a column of ${this.length}`)
  }

  *[Symbol.iterator](): Iterator<string> {
    for (let row = 0; row < this.length; row++) yield this.at(row)
  }
}

/** The bytes of a {@link Utf8Column} while its rows come. */
export class Utf8Builder {
  #bytes = Buffer.allocUnsafeSlow(4096)

  /** Adds the text of a row, behind that of the one before. */
  add(offsets: Int32Array, row: number, buf: Buffer, start: number, end: number): void {
    const at = offsets[row] as number
    const next = at + end - start
    if (next > this.#bytes.length) this.#grow(next)
    if (end - start > SHORT) buf.copy(this.#bytes, at, start, end)
    else copyShort(this.#bytes, at, buf, start, end)
    offsets[row + 1] = next
  }

  /** Adds the text of a row to another builder. */
  copyTo(
    other: Utf8Builder,
    from: Int32Array,
    fromRow: number,
    offsets: Int32Array,
    row: number,
  ): void {
    other.add(offsets, row, this.#bytes, from[fromRow] as number, from[fromRow + 1] as number)
  }

  /** The column of so many rows. */
  take(offsets: Int32Array, rows: number): Utf8Column {
    return new Utf8Column(
      offsets.slice(0, rows + 1),
      Uint8Array.prototype.slice.call(this.#bytes, 0, offsets[rows]),
    )
  }

  #grow(needed: number): void {
    if (needed > MAX_BYTES) throw new DecodeError('its texts are longer than 2 GiB together')
    const grown = Buffer.allocUnsafeSlow(Math.min(needed * 2, MAX_BYTES))
    this.#bytes.copy(grown)
    this.#bytes = grown
  }
}

function copyShort(to: Uint8Array, at: number, buf: Uint8Array, start: number, end: number): void {
  for (let i = start; i < end; i++) to[at + i - start] = buf[i] as number
}
