import { DecodeError } from '../base/errors.js'
import { readRowDescription } from '../protocol/backend.js'
import type { FieldDescription } from '../protocol/messages.js'
import { decodeUtf8 } from '../types/codecs/utf8.js'
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
  decode: RowDecoder<unknown>
  /** Code is made for columns that come again. */
  isCompiled: boolean
}

/** A RowDescription, and how rows so described were read last: as objects and as arrays. */
export interface KnownDescription {
  readonly bytes: Buffer
  readonly fields: readonly FieldDescription[]
  objects?: Reader
  arrays?: Reader
}

/** Descriptions that are remembered. */
const MAX_DESCRIPTIONS = 256

/** What one client knows of the rows of its statements. */
export class RowReaders {
  /** The last description of each statement: most often the next is the same. */
  readonly #byStatement = new Map<string, KnownDescription>()
  readonly #byBytes = new Map<string, KnownDescription>()

  /**
   * Reads a RowDescription.
   * @param statement Its name; empty for none.
   */
  describe(statement: string, buf: Buffer, start: number, end: number): KnownDescription {
    const last = this.#byStatement.get(statement)
    if (last !== undefined && buf.compare(last.bytes, 0, last.bytes.length, start, end) === 0) {
      return last
    }
    const key = buf.toString('latin1', start, end)
    const known = this.#byBytes.get(key) ?? {
      bytes: Buffer.from(buf.subarray(start, end)),
      fields: readRowDescription(buf, start, end),
    }
    remember(this.#byBytes, key, known)
    remember(this.#byStatement, statement, known)
    return known
  }

  /** The decoder of the rows of a result whose columns have just become known. */
  decoderOf(description: KnownDescription, result: Result): RowDecoder<unknown> {
    const parsers = result._parsers ?? []
    const mode = result.rowAsArray ? 'arrays' : 'objects'
    const known = description[mode]
    if (known !== undefined && isSame(known.parsers, parsers)) {
      if (!known.isCompiled) {
        known.isCompiled = true
        const compile = result.rowAsArray ? compileArrayDecoder : compileObjectDecoder
        known.decode = compile(columnsOf(result))
      }
      return known.decode
    }
    const interpret = result.rowAsArray ? interpretArrays : interpretObjects
    const decode = interpret(columnsOf(result))
    description[mode] = { parsers, decode, isCompiled: false }
    return decode
  }
}

function remember(
  descriptions: Map<string, KnownDescription>,
  key: string,
  description: KnownDescription,
): void {
  if (descriptions.size >= MAX_DESCRIPTIONS) descriptions.clear()
  descriptions.set(key, description)
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
            parse(decodeUtf8(buf, start, end) as never)))
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
