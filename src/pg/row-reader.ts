import { DecodeError } from '../base/errors.js'
import {
  compileArrayDecoder,
  compileObjectDecoder,
  interpretArrays,
  interpretObjects,
  type ResultColumn,
  type RowDecoder,
} from '../types/row-decoder.js'
import type { Result } from './result.js'
import { type TextParser, WINDOW_DECODERS } from './text-parsers.js'
import type { TypeParser } from './types.js'

/** Reads rows of some columns by the parsers that were asked for them. */
interface Reader {
  readonly parsers: readonly TypeParser[]
  readonly isArray: boolean
  decode: RowDecoder<unknown>
  /** Code is made for columns that come again. */
  isCompiled: boolean
}

/** Columns that are remembered. */
const MAX_READERS = 256

/** The readers of one client, by the columns of results. */
export class RowReaders {
  readonly #readers = new Map<string, Reader>()

  /**
   * The decoder of the rows of a result whose columns have just become known.
   * @param key Tells columns and row mode apart: equal keys mean equal columns.
   */
  decoderOf(key: string, result: Result): RowDecoder<unknown> {
    const parsers = result._parsers ?? []
    const known = this.#readers.get(key)
    if (known !== undefined && isSame(known.parsers, parsers)) {
      if (!known.isCompiled) {
        known.isCompiled = true
        const compile = known.isArray ? compileArrayDecoder : compileObjectDecoder
        known.decode = compile(columnsOf(result))
      }
      return known.decode
    }
    const interpret = result.rowAsArray ? interpretArrays : interpretObjects
    const decode = interpret(columnsOf(result))
    if (this.#readers.size >= MAX_READERS) this.#readers.clear()
    this.#readers.set(key, { parsers, isArray: result.rowAsArray, decode, isCompiled: false })
    return decode
  }
}

/** What the parser of a column has thrown, which a query fails with as it is. */
export function parserError(error: unknown): unknown {
  return error instanceof DecodeError && error.cause !== undefined ? error.cause : error
}

function isSame(a: readonly TypeParser[], b: readonly TypeParser[]): boolean {
  return a.length === b.length && a.every((parser, i) => parser === b[i])
}

function columnsOf({ fields, _parsers = [] }: Result): ResultColumn[] {
  return fields.map(({ name, format }, i) => {
    const parse = _parsers[i] as TypeParser
    const decode =
      format === 'binary'
        ? (buf: Buffer, start: number, end: number) =>
            parse(Buffer.from(buf.subarray(start, end)) as never)
        : (WINDOW_DECODERS.get(parse as TextParser) ??
          ((buf: Buffer, start: number, end: number) =>
            parse(buf.toString('utf8', start, end) as never)))
    return {
      name,
      format: format === 'binary' ? 1 : 0,
      codec: { name: 'value', decodeText: decode, decodeBinary: decode, encodeText: noEncoder },
    }
  })
}

function noEncoder(): never {
  throw new TypeError('rows are only read')
}
