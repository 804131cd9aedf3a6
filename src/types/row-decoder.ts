import { DecodeError, InterfaceError, ProtocolError } from '../base/errors.js'
import type { Format } from '../protocol/messages.js'
import type { Codec } from './codec.js'
import { canGenerateCode } from './generated-code.js'
import {
  generateRowDecoder,
  generateRunDecoder,
  type RowFailures,
  type RunDecoder,
} from './generated-row-decoder.js'

/**
 * Decodes one row. The window `buf[start, end)` is the body of a DataRow, from the number of columns
 * on, and is valid only during the call.
 *
 * It throws a {@link ProtocolError} if the columns or their lengths do not add up to the window, and a
 * {@link DecodeError} with `column` and `type` if a value does not decode.
 */
export interface RowDecoder<R> {
  (buf: Buffer, start: number, end: number): R
  /** Decodes many at once, where code can be made for that. */
  readonly run?: RunDecoder
}

/** A column, as its values have to be decoded. */
export interface ResultColumn {
  readonly name: string
  readonly codec: Codec
  readonly format: Format
}

type Decode = Codec['decodeText']

const BINARY = 1
const NULL = -1
const COUNT_BYTES = 2
const LENGTH_BYTES = 4

/** Beyond this a generated function is too long for the compiler to optimise. */
const MAX_GENERATED_COLUMNS = 200

/**
 * Makes the decoder of rows as objects by column name. Of columns with the same name the last wins.
 * A column named `__proto__` is a property like any other.
 */
export function compileObjectDecoder(
  columns: readonly ResultColumn[],
): RowDecoder<Record<string, unknown>> {
  return isGenerated(columns)
    ? generatedDecoder(columns, namesOf(columns))
    : interpretObjects(columns)
}

/** Makes the decoder of rows as arrays in column order. */
export function compileArrayDecoder(columns: readonly ResultColumn[]): RowDecoder<unknown[]> {
  return isGenerated(columns) ? generatedDecoder(columns, undefined) : interpretArrays(columns)
}

/** The code of each way to decode is made when it is first needed. */
function generatedDecoder<R>(
  columns: readonly ResultColumn[],
  names: readonly string[] | undefined,
): RowDecoder<R> {
  const decoders = columns.map(decoderOf)
  let one: RowDecoder<unknown> | undefined
  let several: RunDecoder | undefined
  const decode = (buf: Buffer, start: number, end: number): R => {
    one ??= generateRowDecoder(decoders, names, failures(columns))
    return one(buf, start, end) as R
  }
  const run: RunDecoder = (buf, start, end, maxBodyBytes, rows) => {
    several ??= generateRunDecoder(decoders, names)
    return several(buf, start, end, maxBodyBytes, rows)
  }
  return Object.assign(decode, { run })
}

function isGenerated(columns: readonly ResultColumn[]): boolean {
  return columns.length <= MAX_GENERATED_COLUMNS && canGenerateCode()
}

function namesOf(columns: readonly ResultColumn[]): readonly string[] {
  return columns.map((column) => column.name)
}

function failures(columns: readonly ResultColumn[]): RowFailures {
  return {
    badRow: (buf, start, end) => {
      checkCount(buf, start, end, columns.length)
      let at = start + COUNT_BYTES
      for (let i = 0; i < columns.length; i++) {
        at += LENGTH_BYTES + Math.max(0, readLength(buf, at, end))
      }
      checkEnd(at, end)
      return new ProtocolError('malformed DataRow')
    },
    badColumn: (error, column) => columnError(error, columns[column]),
  }
}

/**
 * As {@link compileObjectDecoder}, without making code: for runtimes that forbid it, and for rows so
 * wide that generated code would be slower.
 */
export function interpretObjects(
  columns: readonly ResultColumn[],
): RowDecoder<Record<string, unknown>> {
  const set = columns.some((column) => column.name === '__proto__') ? defineValue : assignValue
  const names = columns.map((column) => column.name)
  const decoders = columns.map(decoderOf)
  return (buf, start, end) => {
    const row: Record<string, unknown> = {}
    let at = checkCount(buf, start, end, decoders.length)
    let i = 0
    try {
      for (; i < decoders.length; i++) {
        const length = readLength(buf, at, end)
        at += LENGTH_BYTES
        set(row, names[i], length === NULL ? null : decoders[i]?.(buf, at, at + length))
        if (length !== NULL) at += length
      }
    } catch (error) {
      throw columnError(error, columns[i])
    }
    checkEnd(at, end)
    return row
  }
}

/** As {@link compileArrayDecoder}, without making code. */
export function interpretArrays(columns: readonly ResultColumn[]): RowDecoder<unknown[]> {
  const decoders = columns.map(decoderOf)
  return (buf, start, end) => {
    const row: unknown[] = []
    let at = checkCount(buf, start, end, decoders.length)
    let i = 0
    try {
      for (; i < decoders.length; i++) {
        const length = readLength(buf, at, end)
        at += LENGTH_BYTES
        row.push(length === NULL ? null : decoders[i]?.(buf, at, at + length))
        if (length !== NULL) at += length
      }
    } catch (error) {
      throw columnError(error, columns[i])
    }
    checkEnd(at, end)
    return row
  }
}

/**
 * Makes the decoder of the value in one column, the first being 0. The others are passed over.
 * @throws {InterfaceError} if there is no such column.
 */
export function compileValueDecoder(
  columns: readonly ResultColumn[],
  index: number,
): RowDecoder<unknown> {
  const column = columns[index]
  if (column === undefined) {
    throw new InterfaceError(
      `there is no column ${index} in a result of ${columns.length}; the first is 0`,
    )
  }
  const decode = decoderOf(column)
  const count = columns.length
  return (buf, start, end) => {
    let value: unknown = null
    let at = checkCount(buf, start, end, count)
    for (let i = 0; i < count; i++) {
      const length = readLength(buf, at, end)
      at += LENGTH_BYTES
      if (length === NULL) continue
      if (i === index) value = decodeValue(decode, column, buf, at, at + length)
      at += length
    }
    checkEnd(at, end)
    return value
  }
}

function decodeValue(
  decode: Decode,
  column: ResultColumn,
  buf: Buffer,
  start: number,
  end: number,
): unknown {
  try {
    return decode(buf, start, end)
  } catch (error) {
    throw columnError(error, column)
  }
}

/** The decoder of a column's values. */
export function decoderOf({ codec, format }: ResultColumn): Decode {
  if (format !== BINARY) return codec.decodeText
  return codec.decodeBinary ?? noBinaryDecoder(codec.name)
}

/** Results come in binary unasked from a cursor declared as binary. */
function noBinaryDecoder(type: string): Decode {
  return () => {
    throw new DecodeError(`${type} came in binary and cannot be read so`, { type })
  }
}

/** Gives the position behind the number of columns. */
export function checkCount(buf: Buffer, start: number, end: number, expected: number): number {
  if (end - start < COUNT_BYTES) throw new ProtocolError('malformed DataRow: it has no content')
  const count = buf.readUInt16BE(start)
  if (count === expected) return start + COUNT_BYTES
  throw new ProtocolError(`malformed DataRow: ${count} columns instead of ${expected}`)
}

/** Reads the length of a value, −1 for NULL, and makes sure that the value is inside the window. */
export function readLength(buf: Buffer, at: number, end: number): number {
  if (end - at < LENGTH_BYTES) throw new ProtocolError('malformed DataRow: it ends too early')
  const length = buf.readInt32BE(at)
  if (length < NULL || length > end - at - LENGTH_BYTES) {
    throw new ProtocolError(`malformed DataRow: a value of ${length} bytes`)
  }
  return length
}

/** Checks that a row ends where its last value does. */
export function checkEnd(at: number, end: number): void {
  if (at !== end) throw new ProtocolError(`malformed DataRow: ${end - at} bytes too many`)
}

function assignValue(row: Record<string, unknown>, name: string | undefined, value: unknown): void {
  if (name !== undefined) row[name] = value
}

/** Assigning to `__proto__` would set the prototype. */
function defineValue(row: Record<string, unknown>, name: string | undefined, value: unknown): void {
  if (name === undefined) return
  Object.defineProperty(row, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

/** The error of a column's decoder, with the name of the column. */
export function columnError(error: unknown, column: ResultColumn | undefined): unknown {
  if (error instanceof ProtocolError || column === undefined) return error
  const { name, codec } = column
  const isOurs = error instanceof DecodeError
  // The message of any other error is not repeated: it could contain the value.
  const what = isOurs ? error.message : 'its codec threw an error'
  return new DecodeError(`column ${JSON.stringify(name)} (${codec.name}): ${what}`, {
    cause: error,
    column: name,
    type: codec.name,
    ...(isOurs && { code: error.code }),
  })
}
