import { DecodeError } from '../base/errors.js'
import type { Printer } from './codec-traits.js'
import { decodeUtf8 } from './codecs/utf8.js'

/** The offsets are of 32 bits. */
const MAX_BYTES = 0x7fffffff

const FEWEST_BYTES = 4096

/** Up to here a loop copies faster than a call into Node's binding, in bytes. */
const SHORT = 256

/**
 * Texts one behind the other as UTF-8: that of row `i` is `bytes[offsets[i] … offsets[i + 1])`. It is the
 * layout of Utf8 in Apache Arrow, which takes both arrays as they are.
 */
export class Utf8Column implements Iterable<string> {
  /** One more than there are rows. */
  readonly offsets: Int32Array
  /** All texts; in its `buffer` there may be zeros behind them. */
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
  #bytes: Buffer
  #view: DataView

  /** @param expected so many bytes will come, or nearly */
  constructor(expected = 0) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(expected + (expected >> 6), FEWEST_BYTES))
    this.#view = viewOver(this.#bytes)
  }

  /** Adds the text of a row, `buf[start, end)`, behind that of the one before; `view` is of `buf`. */
  add(
    offsets: Int32Array,
    row: number,
    buf: Buffer,
    view: DataView,
    start: number,
    end: number,
  ): void {
    let at = offsets[row] as number
    const next = at + end - start
    if (next > this.#bytes.length) this.#grow(next)
    offsets[row + 1] = next
    if (end - start > SHORT) {
      buf.copy(this.#bytes, at, start, end)
      return
    }
    let from = start
    for (; from + 4 <= end; from += 4, at += 4) this.#view.setInt32(at, view.getInt32(from))
    while (from < end) this.#bytes[at++] = buf[from++] as number
  }

  /** As {@link add}, of a value that is no text itself. */
  print(
    offsets: Int32Array,
    row: number,
    buf: Buffer,
    start: number,
    end: number,
    { room, print }: Printer,
  ): void {
    const at = offsets[row] as number
    const most = at + room(buf, start, end)
    if (most > this.#bytes.length) this.#grow(most)
    offsets[row + 1] = print(buf, start, end, this.#bytes, at)
  }

  /** Adds the text of a row to another builder. */
  copyTo(
    other: Utf8Builder,
    from: Int32Array,
    fromRow: number,
    offsets: Int32Array,
    row: number,
  ): void {
    const start = from[fromRow] as number
    other.add(offsets, row, this.#bytes, this.#view, start, from[fromRow + 1] as number)
  }

  /** The column of so many rows. */
  take(offsets: Int32Array, rows: number): Utf8Column {
    const used = new Uint8Array(this.#bytes.buffer, 0, offsets[rows])
    const isNearlyAll = this.#bytes.length - used.length <= this.#bytes.length >> 4
    // The memory was not cleared when it was made, and users may pass its buffer on.
    if (isNearlyAll) this.#bytes.fill(0, used.length)
    return new Utf8Column(offsets.slice(0, rows + 1), isNearlyAll ? used : used.slice())
  }

  #grow(needed: number): void {
    if (needed > MAX_BYTES) throw new DecodeError('its texts are longer than 2 GiB together')
    const grown = Buffer.allocUnsafeSlow(Math.min(needed * 2, MAX_BYTES))
    this.#bytes.copy(grown)
    this.#bytes = grown
    this.#view = viewOver(grown)
  }
}

function viewOver({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}
