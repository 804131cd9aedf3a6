import { ProtocolError } from '../base/errors.js'
import { MessageWriter } from '../protocol/message-writer.js'
import type { Codec } from './codec.js'
import { traitsOf } from './codec-traits.js'
import type { RecordEncoder } from './generated-record-encoder.js'
import { encodeBinaryField, recordEncoder } from './record-encoder.js'
import {
  checkRecord,
  missingValue,
  type RecordValues,
  recordError,
  recordValue,
} from './record-values.js'
import type { RowDecoder } from './row-decoder.js'

/*
 * Rows of typed values as COPY data.
 *
 * The binary form: a signature, flags and the length of an extension; then each row as the number of
 * its columns and each value with its length, which is the body of a DataRow; at last −1 as the number
 * of columns. See the PostgreSQL documentation of COPY, "Binary Format".
 */

/** `PGCOPY\n\xff\r\n\0`, no flags, no extension. */
export const BINARY_HEADER: Uint8Array = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')

const SIGNATURE_BYTES = 11
const LENGTH_BYTES = 4
const COUNT_BYTES = 2
const NULL = -1
const END = -1

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const BACKSLASH = 0x5c

/** A column as its values are to be sent. */
export interface RecordColumn {
  readonly name: string
  readonly codec: Codec
}

/** Writes rows as COPY data, in binary or in text. */
export class RecordWriter {
  /** What was written and not yet taken. */
  readonly data: MessageWriter = new MessageWriter()
  readonly #columns: readonly RecordColumn[]
  readonly #isBinary: boolean
  readonly #scratch = new MessageWriter()
  #encodeArray: RecordEncoder | undefined
  #encodeObject: RecordEncoder | undefined
  #count = 0

  /**
   * @param first the first row, if there is one: text is for columns whose type has no binary form
   * here, and for those that take strings for the server to read (`'tomorrow'` is a date).
   */
  constructor(columns: readonly RecordColumn[], first: RecordValues | undefined) {
    this.#columns = columns
    this.#isBinary = columns.every(({ name, codec }, i) => {
      const value = recordValue(first, i, name) ?? null
      return codec.encodeBinary !== undefined && (value === null || !goesAsText(codec, value))
    })
    if (this.#isBinary) this.data.bytes(BINARY_HEADER)
  }

  get format(): 'binary' | 'text' {
    return this.#isBinary ? 'binary' : 'text'
  }

  /** Adds what goes behind the last row. */
  end(): void {
    if (this.#isBinary) this.data.int16(END)
  }

  /**
   * Adds a row.
   * @throws {EncodeError} with `row`, `column` and `type` for a value that its column does not take;
   * the data are of no use then.
   */
  write(row: RecordValues): void {
    const isArray = Array.isArray(row)
    checkRecord(row, this.#count, this.#columns.length)
    if (this.#isBinary) {
      const encode = (isArray ? this.#encodeArray : this.#encodeObject) ?? this.#compile(isArray)
      encode(row, this.data, this.#encodeField)
    } else this.#writeTextRow(row)
    this.#count += 1
  }

  #compile(ofArrays: boolean): RecordEncoder {
    const codecs = this.#columns.map(({ codec }) => codec)
    if (ofArrays) {
      this.#encodeArray = recordEncoder(codecs, undefined)
      return this.#encodeArray
    }
    const names = this.#columns.map(({ name }) => name)
    this.#encodeObject = recordEncoder(codecs, names)
    return this.#encodeObject
  }

  readonly #encodeField = (value: unknown, index: number, out: MessageWriter): true => {
    const column = this.#columns[index] as RecordColumn
    try {
      if (value === undefined) throw missingValue(column.codec)
      encodeBinaryField(column.codec, value, out)
    } catch (error) {
      throw recordError(error, this.#count, column.name, column.codec)
    }
    return true
  }

  #writeTextRow(row: RecordValues): void {
    const columns = this.#columns
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as RecordColumn
      try {
        const value = recordValue(row, i, column.name)
        if (value === undefined) throw missingValue(column.codec)
        this.#writeText(column.codec, value, i, this.data)
      } catch (error) {
        throw recordError(error, this.#count, column.name, column.codec)
      }
    }
    this.data.int8(NEWLINE)
  }

  #writeText(codec: Codec, value: unknown, index: number, out: MessageWriter): void {
    if (index > 0) out.int8(TAB)
    if (value === null) {
      out.int8(BACKSLASH)
      out.int8(0x4e)
      return
    }
    codec.encodeText(value, this.#scratch)
    writeEscaped(this.#scratch.take(), out)
  }
}

/** Escapes what would end a value or a row of COPY's text format, or be read as an escape. */
function writeEscaped(bytes: Buffer, out: MessageWriter): void {
  let written = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte !== TAB && byte !== NEWLINE && byte !== RETURN && byte !== BACKSLASH) continue
    out.bytes(bytes.subarray(written, at))
    out.int8(BACKSLASH)
    written = at
  }
  out.bytes(bytes.subarray(written))
}

function goesAsText(codec: Codec, value: unknown): boolean {
  return traitsOf(codec).goesAsText?.(value) ?? false
}

/** Reads rows from binary COPY data, however they are cut into messages. */
export class RecordReader<Row> {
  #decode: RowDecoder<Row> | undefined
  #rows: Row[] = []
  /** The beginning of a row, or of the header, whose end has not come. */
  #carried: Buffer | undefined
  #progress: 'header' | 'rows' | 'end' = 'header'

  /** Sets how a row is decoded, before the first data. */
  set decoder(decode: RowDecoder<Row>) {
    this.#decode = decode
  }

  /** Takes a piece of the data. @throws {ProtocolError} if they are malformed; what the decoder throws. */
  onData(buf: Buffer, start: number, end: number): void {
    if (this.#carried === undefined) {
      this.#read(buf, start, end)
      return
    }
    const whole = Buffer.concat([this.#carried, buf.subarray(start, end)])
    this.#carried = undefined
    this.#read(whole, 0, whole.length)
  }

  /** The rows that were read since the last call. */
  takeChunk(): Row[] | undefined {
    if (this.#rows.length === 0) return undefined
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  #read(buf: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      const next = this.#progress === 'header' ? headerEnd(buf, at, end) : rowEnd(buf, at, end)
      if (next === undefined) {
        this.#carried = Buffer.from(buf.subarray(at, end))
        return
      }
      if (this.#progress === 'end')
        throw new ProtocolError('malformed COPY data: bytes behind the end')
      if (this.#progress === 'header') this.#progress = 'rows'
      else if (buf.readInt16BE(at) === END) this.#progress = 'end'
      else if (this.#decode !== undefined) this.#rows.push(this.#decode(buf, at, next))
      at = next
    }
  }
}

/** The position behind the header, or undefined if it is not whole. */
function headerEnd(buf: Buffer, start: number, end: number): number | undefined {
  const extensionAt = start + SIGNATURE_BYTES + LENGTH_BYTES
  if (extensionAt + LENGTH_BYTES > end) return undefined
  const known = buf.compare(BINARY_HEADER, 0, SIGNATURE_BYTES, start, start + SIGNATURE_BYTES) === 0
  const flags = buf.readUInt32BE(start + SIGNATURE_BYTES)
  const extension = buf.readInt32BE(extensionAt)
  // The high 16 flags are those that a reader has to know; there are none that we would.
  if (!known || flags > 0xffff || extension < 0) {
    throw new ProtocolError('malformed COPY data: not the header of the binary format')
  }
  const next = extensionAt + LENGTH_BYTES + extension
  return next > end ? undefined : next
}

/** The position behind a row, or behind the number that ends the rows; undefined if it is not whole. */
function rowEnd(buf: Buffer, start: number, end: number): number | undefined {
  if (end - start < COUNT_BYTES) return undefined
  let at = start + COUNT_BYTES
  for (let left = buf.readInt16BE(start); left > 0; left--) {
    if (end - at < LENGTH_BYTES) return undefined
    const length = buf.readInt32BE(at)
    if (length < NULL) throw new ProtocolError(`malformed COPY data: a value of ${length} bytes`)
    at += LENGTH_BYTES + Math.max(length, 0)
    if (at > end) return undefined
  }
  return at
}
