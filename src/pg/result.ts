import type { FieldDescription } from '../protocol/messages.js'
import type { Any } from './any.js'
import type { CustomTypesConfig } from './type-overrides.js'
import { types as processTypes, type TypeParser } from './types.js'

/** A column of a result, under pg's names. */
export interface FieldDef {
  readonly name: string
  readonly tableID: number
  readonly columnID: number
  readonly dataTypeID: number
  readonly dataTypeSize: number
  readonly dataTypeModifier: number
  readonly format: 'text' | 'binary'
}

/** {@link FieldDef} of what the core reads. */
export function fieldDef(field: FieldDescription): FieldDef {
  return {
    name: field.name,
    tableID: field.tableOid,
    columnID: field.columnNumber,
    dataTypeID: field.typeOid,
    dataTypeSize: field.typeSize,
    dataTypeModifier: field.typeModifier,
    format: field.format === 1 ? 'binary' : 'text',
  }
}

/** What a parser gets: a text, or bytes where the column is binary. */
type RawValue = string | Buffer | null

type Parser = TypeParser

const TAG = /^([A-Za-z]+)(?: (\d+))?(?: (\d+))?/

/** What a query gave. pg-cursor makes its own and fills them by the methods. */
export class Result<Row = Any> {
  /** The first word of the command tag; null for an empty query. */
  command: string | null = null
  /** Rows affected or returned; null for commands that count none. */
  rowCount: number | null = null
  /** 0 for an INSERT, else null. */
  oid: number | null = null
  rows: Row[] = []
  fields: FieldDef[] = []
  _parsers: Parser[] | undefined
  _types: CustomTypesConfig | undefined
  /** Of no effect, as in pg. */
  RowCtor: null = null
  readonly rowAsArray: boolean

  constructor(rowMode?: string, types?: CustomTypesConfig) {
    this.rowAsArray = rowMode === 'array'
    this._types = types
  }

  addCommandComplete(message: { readonly text?: string; readonly command?: string }): void {
    const match = TAG.exec(message.text ?? message.command ?? '')
    if (match === null) return
    const [, command = null, first, second] = match
    this.command = command
    if (second !== undefined) this.oid = Number(first)
    const count = second ?? first
    if (count !== undefined) this.rowCount = Number(count)
  }

  /** The parser of each column, asked for when the columns become known. */
  addFields(fields: FieldDef[]): void {
    const types = this._types ?? processTypes
    this.fields = fields
    if (fields.length > 0) {
      this._parsers = fields.map(({ dataTypeID, format }) =>
        types.getTypeParser(dataTypeID, format),
      )
    }
  }

  /** A row from its values as they came. */
  parseRow(values: readonly RawValue[]): Row {
    const row: Any = this.rowAsArray ? [] : {}
    for (let i = 0; i < values.length; i++) {
      const raw = values[i] ?? null
      const parse = this._parsers?.[i]
      const value = raw === null || parse === undefined ? raw : parse(raw)
      const name = this.fields[i]?.name ?? ''
      if (this.rowAsArray) row[i] = value
      else if (name === '__proto__') defineProperty(row, name, value)
      else row[name] = value
    }
    return row as Row
  }

  addRow(row: Row): void {
    this.rows.push(row)
  }
}

/** Defined, not assigned: `__proto__` is a column as any other. */
function defineProperty(row: object, name: string, value: unknown): void {
  Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true })
}
