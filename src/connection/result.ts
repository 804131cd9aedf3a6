import { InterfaceError } from '../base/errors.js'
import { parseCommandTag } from '../protocol/command-tag.js'
import type { FieldDescription } from '../protocol/messages.js'
import type { ResultShape } from '../wire/requests/query.js'
import { type CommandResult, commandResult } from '../wire/requests/simple-query.js'
import type { StatementPlan } from '../wire/statement-plan.js'

/** A column of a {@link QueryResult}. */
export interface Column extends FieldDescription {
  /** `pg_type.typname`, where the type is known. */
  readonly typeName: string
}

/** All that a statement gave. */
export interface QueryResult<Row> {
  readonly rows: Row[]
  readonly columns: readonly Column[]
  /** The command, such as `SELECT`; empty for an empty query. */
  readonly command: string
  /** Rows affected or returned; null for commands that count none. */
  readonly rowCount: number | null
}

/** How rows are given: as objects by column name (of columns with one name the last wins), or as arrays in column order. */
export type RowMode = 'object' | 'array'

/** All rows. */
export function allRows(mode: RowMode): ResultShape<unknown[]> {
  return mode === 'array' ? allArrays : allObjects
}

/** The first row, or null. */
export function firstRow(mode: RowMode): ResultShape<unknown> {
  return mode === 'array' ? firstArray : firstObject
}

/** One value of the first row, or null when there is no row. */
export function firstValue(column: number): ResultShape<unknown> {
  return column === 0 ? firstValueOfFirstColumn : shapeOfFirstValue(column)
}

/** Rows, columns and command. */
export function wholeResult(mode: RowMode): ResultShape<QueryResult<unknown>> {
  return {
    maxRows: 0,
    decoder: decoderOf[mode],
    result: (rows, tag, plan) => ({
      rows,
      columns: plan.columns.map(({ codec, ...field }) => ({ ...field, typeName: codec.name })),
      ...parseCommandTag(tag),
    }),
  }
}

/** What the command did; rows are passed over. */
export const commandOnly: ResultShape<CommandResult> = {
  maxRows: 0,
  result: (_rows, tag) => commandResult(tag),
}

const decoderOf = {
  object: (plan: StatementPlan) => plan.objectDecoder,
  array: (plan: StatementPlan) => plan.arrayDecoder,
}

const everyRow = (rows: unknown[]): unknown[] => rows
const rowOrNull = (rows: unknown[]): unknown => (rows.length > 0 ? rows[0] : null)

const allObjects: ResultShape<unknown[]> = {
  maxRows: 0,
  decoder: decoderOf.object,
  result: everyRow,
}
const allArrays: ResultShape<unknown[]> = { maxRows: 0, decoder: decoderOf.array, result: everyRow }
const firstObject: ResultShape<unknown> = {
  maxRows: 1,
  decoder: decoderOf.object,
  result: rowOrNull,
}
const firstArray: ResultShape<unknown> = { maxRows: 1, decoder: decoderOf.array, result: rowOrNull }

function shapeOfFirstValue(column: number): ResultShape<unknown> {
  return {
    maxRows: 1,
    needsColumns: true,
    decoder(plan) {
      const count = plan.columns.length
      if (column >= count) {
        throw new InterfaceError(`column ${column} was asked for, but the result has ${count}`)
      }
      return plan.valueDecoder(column)
    },
    result: rowOrNull,
  }
}

const firstValueOfFirstColumn = shapeOfFirstValue(0)
