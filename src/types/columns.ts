import { Backend } from '../protocol/messages.js'
import { type Printer, type TraitedCodec, traitsOf } from './codec-traits.js'
import { checkVersion } from './codecs/json.js'
import {
  int64At,
  isInt64,
  Kind,
  type KindCode,
  kindOf,
  makeColumn,
  numberOf,
  type TimestampUnit,
  type TypedColumn,
  textDecoderOf,
} from './column-kinds.js'
import {
  type ColumnParts,
  columnsReader,
  type ReadColumn,
  type ReadColumns,
  readEach,
} from './generated-column-reader.js'
import type { RunDecoder } from './generated-row-decoder.js'
import {
  checkCount,
  checkEnd,
  columnError,
  decoderOf,
  type ResultColumn,
  readLength,
} from './row-decoder.js'
import { Utf8Builder, type Utf8Column } from './utf8-column.js'
import { expectLength } from './value-errors.js'

/** What a column of a result becomes: a typed array where its type has one, else an array of its values. */
export type ColumnData = TypedColumn | Utf8Column | unknown[]

/** How columns are made. */
export interface ColumnsFormat {
  readonly timestamps: TimestampUnit
  readonly strings: 'array' | 'utf8'
}

const FEWEST_ROWS = 256
/** So much room is made at most for rows that may not come, and in bytes for the texts of a column. */
const MOST_EXPECTED_ROWS = 100_000
const MOST_EXPECTED_BYTES = 4 * 1024 * 1024

/** How many rows a statement gave when it last ran, and how many bytes each column of texts had. */
interface LastSize {
  readonly rows: number
  readonly bytes: readonly number[]
}

/** The sizes by the columns of the statement: room for as much is made at once. */
const lastSizes = new WeakMap<readonly ResultColumn[], LastSize>()

const LENGTH_BYTES = 4
/** The type of a message and its length. */
const HEADER_BYTES = 5
const BINARY = 1
const NULL = -1
const NO_BITS = new Uint8Array(0)

/**
 * The columns of a result, made row by row without an object for any.
 *
 * All that varies by column is in arrays by its index. What a row has of plain numbers is put into
 * theirs by generated code (`npm run bench:micro -- columns`).
 */
export class ColumnsBuilder {
  readonly #columns: readonly ResultColumn[]
  readonly #kinds: readonly KindCode[]
  readonly #decoders: readonly ReturnType<typeof decoderOf>[]
  readonly #texts: readonly (Utf8Builder | undefined)[]
  /** Of texts that come as something else. */
  readonly #printers: readonly (Printer | undefined)[]
  /** Bytes before the text of a value: the version of jsonb. */
  readonly #versions: readonly number[]
  /** What {@link makeColumn} made, and the parts with it. */
  #arrays: (TypedColumn | unknown[])[]
  #parts: ColumnParts
  readonly #readColumns: ReadColumns
  /** A bit for each row that has NULL; empty before the first in a column. */
  readonly #nulls: Uint8Array[]
  #capacity: number
  #count = 0
  #buf: Buffer | undefined
  #view: DataView = new DataView(new ArrayBuffer(0))

  constructor(columns: readonly ResultColumn[], { timestamps, strings }: ColumnsFormat) {
    this.#columns = columns
    const last = lastSizes.get(columns)
    this.#capacity = Math.max(Math.min(last?.rows ?? 0, MOST_EXPECTED_ROWS), FEWEST_ROWS)
    this.#kinds = columns.map(({ codec }) => kindOf(codec as TraitedCodec, timestamps, strings))
    this.#decoders = columns.map((column, i) => {
      const ofText = textDecoderOf(this.#kinds[i] as KindCode, column.codec)
      return (column.format === BINARY ? undefined : ofText) ?? decoderOf(column)
    })
    this.#texts = this.#kinds.map((kind, i) => {
      const bytes = Math.min(last?.bytes[i] ?? 0, MOST_EXPECTED_BYTES)
      return kind === Kind.Utf8 ? new Utf8Builder(bytes) : undefined
    })
    this.#printers = columns.map(({ codec, format }) =>
      format === BINARY ? traitsOf(codec).printer : undefined,
    )
    this.#versions = columns.map(({ codec, format }) =>
      (codec as TraitedCodec).layout === 'jsonb' && format === BINARY ? 1 : 0,
    )
    this.#arrays = this.#kinds.map((kind) => makeColumn(kind, this.#capacity))
    this.#nulls = columns.map(() => NO_BITS)
    this.#readColumns = columnsReader(
      this.#kinds.map((kind, i) => {
        // The text of a number is decoded before it is one.
        const isRead = columns[i]?.format === BINARY || kind === Kind.Value || kind === Kind.Utf8
        const isPrinted = this.#printers[i] !== undefined
        return { ...(isRead && { kind }), isPrinted, isVersioned: this.#versions[i] === 1 }
      }),
    )
    this.#parts = this.#newParts()
  }

  /** Rows so far. */
  get rowCount(): number {
    return this.#count
  }

  /** Adds a row: the body of a DataRow. Throws as a row decoder does, and the row does not count then. */
  readonly addRow = (buf: Buffer, start: number, end: number): this => {
    if (buf !== this.#buf) {
      this.#buf = buf
      this.#view = new DataView(buf.buffer, buf.byteOffset, buf.length)
    }
    if (this.#count === this.#capacity) this.#grow()
    const first = checkCount(buf, start, end, this.#columns.length)
    const view = this.#view
    let at: number
    try {
      at = this.#readColumns(this.#parts, this.#count, buf, view, first, end, this.#readColumn)
    } catch {
      // Once more, to learn in which column.
      at = readEach(this.#parts, this.#count, buf, view, first, end, this.#readColumn)
    }
    checkEnd(at, end)
    this.#count += 1
    return this
  }

  /** Adds the DataRows that have arrived; see {@link RunDecoder}. */
  readonly addRun: RunDecoder = (buf, start, end, maxBodyBytes, rows) => {
    let row = start
    try {
      while (end - row > HEADER_BYTES && buf[row] === Backend.DataRow) {
        const size = buf.readInt32BE(row + 1)
        const next = row + 1 + size
        if (size < LENGTH_BYTES || size - LENGTH_BYTES > maxBodyBytes || next > end) break
        this.addRow(buf, row + HEADER_BYTES, next)
        rows.push(this)
        row = next
      }
    } catch {
      // The row is given again by itself, and what is wrong with it told then.
    }
    return row
  }

  /** Adds the rows of a builder of the same columns. */
  append(other: ColumnsBuilder): void {
    for (let from = 0; from < other.#count; from++) {
      const row = this.#count
      if (row === this.#capacity) this.#grow()
      for (let i = 0; i < this.#columns.length; i++) this.#copy(i, row, other, from)
      this.#count += 1
    }
  }

  /** The data of each column. To be called once. */
  takeData(): ColumnData[] {
    const rows = this.#count
    const bytes = this.#texts.map((text, i) => (text ? Number(this.#arrays[i]?.[rows]) : 0))
    lastSizes.set(this.#columns, { rows, bytes })
    return this.#arrays.map((array, i) => {
      const text = this.#texts[i]
      if (text !== undefined) return text.take(array as Int32Array, this.#count)
      return array.length === this.#count ? array : array.slice(0, this.#count)
    })
  }

  /**
   * For each column the bits of the rows that have a value, the least significant of a byte first, as in
   * Apache Arrow; null where all have.
   */
  takeValidity(): (Uint8Array | null)[] {
    const bytes = Math.ceil(this.#count / 8)
    const inLast = (1 << (((this.#count - 1) & 7) + 1)) - 1
    return this.#nulls.map((nulls) => {
      if (nulls.length === 0) return null
      const valid = Uint8Array.from(nulls.subarray(0, bytes), (bits) => ~bits)
      valid[bytes - 1] = (valid[bytes - 1] ?? 0) & inLast
      return valid
    })
  }

  readonly #readColumn: ReadColumn = (i, row, buf, view, at, end) => {
    const length = readLength(buf, at, end)
    const start = at + LENGTH_BYTES
    if (length === NULL) {
      this.#setNull(i, row)
      return start
    }
    try {
      this.#read(i, row, buf, view, start, start + length)
    } catch (error) {
      throw columnError(error, this.#columns[i])
    }
    return start + length
  }

  #read(i: number, row: number, buf: Buffer, view: DataView, start: number, end: number): void {
    const array = this.#arrays[i] as unknown[]
    const kind = this.#kinds[i] as KindCode
    const text = this.#texts[i]
    const decode = this.#decoders[i] as ReturnType<typeof decoderOf>
    if (text !== undefined) {
      const offsets = this.#arrays[i] as Int32Array
      const printer = this.#printers[i]
      const before = this.#versions[i] as number
      if (before > 0) checkVersion(buf, start, end)
      if (printer === undefined) text.add(offsets, row, buf, view, start + before, end)
      else text.print(offsets, row, buf, start, end, printer)
    } else if (this.#columns[i]?.format === BINARY && isInt64(kind)) {
      expectLength(this.#columns[i]?.codec.name ?? '', start, end, 8)
      array[row] = int64At(kind, view, start)
    } else {
      const value = decode(buf, start, end)
      array[row] = kind === Kind.Value ? value : numberOf(kind, value)
    }
  }

  #newParts(): ColumnParts {
    return {
      arrays: this.#arrays,
      halves: this.#arrays.map(halvesOf),
      texts: this.#texts,
      printers: this.#printers,
      decoders: this.#decoders,
    }
  }

  #copy(i: number, row: number, other: ColumnsBuilder, from: number): void {
    const nulls = other.#nulls[i] ?? NO_BITS
    const text = this.#texts[i]
    const source = other.#arrays[i] as TypedColumn
    if (((nulls[from >> 3] ?? 0) >> (from & 7)) & 1) this.#setNull(i, row)
    else if (text === undefined) (this.#arrays[i] as TypedColumn)[row] = source[from] as never
    else
      other.#texts[i]?.copyTo(text, source as Int32Array, from, this.#arrays[i] as Int32Array, row)
  }

  #setNull(i: number, row: number): void {
    const array = this.#arrays[i] as TypedColumn
    const kind = this.#kinds[i]
    if (kind === Kind.Value) (array as unknown as unknown[])[row] = null
    else if (kind === Kind.Utf8) array[row + 1] = array[row] as never
    let nulls = this.#nulls[i] as Uint8Array
    if (nulls.length === 0) {
      nulls = new Uint8Array(Math.ceil(this.#capacity / 8))
      this.#nulls[i] = nulls
    }
    nulls[row >> 3] = (nulls[row >> 3] as number) | (1 << (row & 7))
  }

  #grow(): void {
    this.#capacity *= 2
    this.#arrays = this.#arrays.map((array, i) => {
      if (Array.isArray(array)) return array
      const grown = makeColumn(this.#kinds[i] as KindCode, this.#capacity) as TypedColumn
      grown.set(array as never)
      return grown
    })
    this.#parts = this.#newParts()
    for (const [i, nulls] of this.#nulls.entries()) {
      if (nulls.length === 0) continue
      const grown = new Uint8Array(Math.ceil(this.#capacity / 8))
      grown.set(nulls)
      this.#nulls[i] = grown
    }
  }
}

const NO_HALVES = new Int32Array(0)

function halvesOf(array: TypedColumn | unknown[]): Int32Array {
  return array instanceof BigInt64Array ? new Int32Array(array.buffer) : NO_HALVES
}
