import type { MessageWriter } from '../protocol/message-writer.js'
import type { FieldDescription, Format } from '../protocol/messages.js'
import type { Codec } from '../types/codec.js'
import { ParameterEncoder } from '../types/parameters.js'
import {
  compileArrayDecoder,
  compileObjectDecoder,
  compileValueDecoder,
  type ResultColumn,
  type RowDecoder,
} from '../types/row-decoder.js'
import type { TypeMap } from '../types/type-map.js'

/** How the parameters of a statement are encoded and its rows decoded: all that can be decided before it runs. */
export class StatementPlan {
  readonly parameters: readonly Codec[]
  readonly columns: readonly (FieldDescription & ResultColumn)[]
  readonly resultFormats: readonly Format[]
  #encoder: ParameterEncoder | undefined
  #objects: RowDecoder<Record<string, unknown>> | undefined
  #arrays: RowDecoder<unknown[]> | undefined
  readonly #values: RowDecoder<unknown>[] = []

  private constructor(
    parameters: readonly Codec[],
    columns: StatementPlan['columns'],
    resultFormats: readonly Format[],
  ) {
    this.parameters = parameters
    this.columns = columns
    this.resultFormats = resultFormats
  }

  /** The plan of a statement so described: binary wherever a codec reads it. */
  static of(
    parameterTypeOids: readonly number[],
    fields: readonly FieldDescription[],
    types: TypeMap,
  ): StatementPlan {
    const columns = fields.map((field) => {
      const codec = types.get(field.typeOid)
      const format: Format = codec.decodeBinary === undefined ? 0 : 1
      return { ...field, codec, format }
    })
    const parameters = parameterTypeOids.map((oid) => types.get(oid))
    return new this(parameters, columns, shortestFormats(columns.map((column) => column.format)))
  }

  /** A plan for a statement of which nothing is known yet, whose `count` parameters are all NULL. */
  static blind(count: number, format: Format, types: TypeMap): StatementPlan {
    const parameters = Array.from({ length: count }, () => types.get(0))
    return new this(parameters, [], [format])
  }

  /** This plan for rows that were asked for in `formats`; undefined when a column cannot be read so. */
  readAs(formats: readonly Format[]): StatementPlan | undefined {
    const isAsPlanned = this.columns.every((column, i) => column.format === formatOf(formats, i))
    if (isAsPlanned) return this
    const columns = this.columns.map((column, i) => ({ ...column, format: formatOf(formats, i) }))
    const isReadable = columns.every(
      ({ format, codec }) => format === 0 || codec.decodeBinary !== undefined,
    )
    return isReadable ? new StatementPlan(this.parameters, columns, formats) : undefined
  }

  /** Appends the part of a Bind that carries the parameters; see {@link encodeParameters}, whose errors it throws. */
  encodeParameters(values: readonly unknown[], out: MessageWriter): void {
    this.#encoder ??= new ParameterEncoder(this.parameters)
    this.#encoder.encode(values, out)
  }

  /** Decodes a row as an object by column name. */
  get objectDecoder(): RowDecoder<Record<string, unknown>> {
    this.#objects ??= compileObjectDecoder(this.columns)
    return this.#objects
  }

  /** Decodes a row as an array in column order. */
  get arrayDecoder(): RowDecoder<unknown[]> {
    this.#arrays ??= compileArrayDecoder(this.columns)
    return this.#arrays
  }

  /** Decodes the value in one column, the first being 0. */
  valueDecoder(column: number): RowDecoder<unknown> {
    const decoder = this.#values[column] ?? compileValueDecoder(this.columns, column)
    this.#values[column] = decoder
    return decoder
  }
}

/** What a Bind that asked for `formats` gives in a column. */
function formatOf(formats: readonly Format[], column: number): Format {
  return (formats.length > 1 ? formats[column] : formats[0]) ?? 0
}

/** One code holds for all columns of a Bind when they agree. */
function shortestFormats(formats: readonly Format[]): readonly Format[] {
  return formats.length > 1 && formats.every((format) => format === formats[0])
    ? formats.slice(0, 1)
    : formats
}
