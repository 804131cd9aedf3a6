import type { TimestampUnit } from '../types/column-kinds.js'
import { type ColumnData, ColumnsBuilder } from '../types/columns.js'
import type { ResultShape } from '../wire/requests/query.js'
import type { QueryOptions } from './query-options.js'
import type { Column } from './result.js'

/** Options of `fetchColumns`. */
export interface FetchColumnsOptions extends Omit<QueryOptions, 'rowMode'> {
  /**
   * What `timestamp` and `timestamptz` become, counted from 1970: milliseconds, with a fraction, in a
   * `Float64Array` (the default), where infinities are ±Infinity; or microseconds in a `BigInt64Array`,
   * where they are the greatest and the least.
   */
  readonly timestamps?: TimestampUnit
  /**
   * What `text`, `varchar` and the like, `numeric` and `uuid` become: an array of strings (the default), or a
   * {@link Utf8Column}, which has the bytes of all and makes strings only of those that are asked for. `json`
   * and `jsonb` become one with their text, too, and are not parsed.
   */
  readonly strings?: 'array' | 'utf8'
}

/** A result by column. Of columns with one name the last wins. */
export interface ColumnsResult {
  readonly columns: readonly Column[]
  readonly rowCount: number
  /**
   * By the name of the column: an array of `rowCount` values. NULL is 0 in a typed array, `''` in a
   * {@link Utf8Column} and null in an array.
   */
  readonly data: { readonly [column: string]: ColumnData }
  /**
   * By the name of the column, which rows have a value: bit `i % 8` of byte `i >> 3` is 1 for row `i`, as in
   * Apache Arrow; null for a column without NULL.
   */
  readonly validity: { readonly [column: string]: Uint8Array | null }
}

/** The result by column. For one request. */
export function resultByColumn(options: FetchColumnsOptions): ResultShape<ColumnsResult> {
  const { timestamps = 'milliseconds', strings = 'array' } = options
  if (timestamps !== 'milliseconds' && timestamps !== 'microseconds') {
    throw new TypeError('the option "timestamps" must be "milliseconds" or "microseconds"')
  }
  if (strings !== 'array' && strings !== 'utf8') {
    throw new TypeError('the option "strings" must be "array" or "utf8"')
  }
  const format = { timestamps, strings }
  return {
    maxRows: 0,
    decoder(plan) {
      const { addRow, addRun } = new ColumnsBuilder(plan.columns, format)
      return Object.assign(addRow, { run: addRun })
    },
    // Each row is the builder that has it.
    result(rows, _tag, plan) {
      let builder = rows[0] as ColumnsBuilder | undefined
      if (builder?.rowCount !== rows.length) {
        // There are no rows, or several builders: types had to be looked up while rows came.
        builder = new ColumnsBuilder(plan.columns, format)
        for (const part of new Set(rows)) builder.append(part as ColumnsBuilder)
      }
      const names = plan.columns.map(({ name }) => name)
      const data = builder.takeData()
      const validity = builder.takeValidity()
      return {
        columns: plan.columns.map(({ codec, ...field }) => ({ ...field, typeName: codec.name })),
        rowCount: rows.length,
        data: Object.fromEntries(names.map((name, i) => [name, data[i] as ColumnData])),
        validity: Object.fromEntries(names.map((name, i) => [name, validity[i] ?? null])),
      }
    },
  }
}
