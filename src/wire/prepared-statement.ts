import type { FieldDescription, Format } from '../protocol/messages.js'
import type { Codec } from '../types/codec.js'
import {
  compileArrayDecoder,
  compileObjectDecoder,
  compileValueDecoder,
  type ResultColumn,
  type RowDecoder,
} from '../types/row-decoder.js'
import type { TypeMap } from '../types/type-map.js'
import { mayChangeSession, mayCopy } from './session-state.js'

/** How the parameters of a statement are encoded and its rows decoded: all that can be decided before it runs. */
export class StatementPlan {
  readonly parameters: readonly Codec[]
  readonly columns: readonly (FieldDescription & ResultColumn)[]
  readonly resultFormats: readonly Format[]
  #objects: RowDecoder<Record<string, unknown>> | undefined
  #arrays: RowDecoder<unknown[]> | undefined
  readonly #values: RowDecoder<unknown>[] = []

  constructor(
    parameterTypeOids: readonly number[],
    fields: readonly FieldDescription[],
    types: TypeMap,
  ) {
    this.parameters = parameterTypeOids.map((oid) => types.get(oid))
    this.columns = fields.map((field) => {
      const codec = types.get(field.typeOid)
      return { ...field, codec, format: codec.decodeBinary === undefined ? 0 : 1 }
    })
    this.resultFormats = shortestFormats(this.columns.map((column) => column.format))
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

/** One code holds for all columns of a Bind when they agree. */
function shortestFormats(formats: readonly Format[]): readonly Format[] {
  return formats.length > 1 && formats.every((format) => format === formats[0])
    ? formats.slice(0, 1)
    : formats
}

/** A statement on its way to the server, there, or refused by it. */
export type StatementState =
  | { readonly kind: 'preparing' }
  | { readonly kind: 'ready'; readonly plan: StatementPlan }
  | { readonly kind: 'refused'; readonly newError: () => unknown }

/** A statement prepared under a name on one connection. */
export class PreparedStatement {
  readonly name: string
  readonly text: string
  readonly changesSession: boolean
  readonly mayCopy: boolean
  state: StatementState = { kind: 'preparing' }

  constructor(name: string, text: string) {
    this.name = name
    this.text = text
    this.changesSession = mayChangeSession(text)
    this.mayCopy = mayCopy(text)
  }
}
