import { EncodeError } from '../base/errors.js'
import type { Codec } from './codec.js'
import { valueKind } from './value-errors.js'

/** A row in column order, or by the names of its columns. */
export type RecordValues = readonly unknown[] | { readonly [column: string]: unknown }

/**
 * Checks that a row is an object, or an array of so many values.
 * @throws {EncodeError} with `row`, its number, otherwise
 */
export function checkRecord(record: unknown, row: number, columns: number): void {
  if (typeof record !== 'object' || record === null) {
    throw new EncodeError(`row ${row} is ${valueKind(record)}, not an array or object`, { row })
  }
  if (Array.isArray(record) && record.length !== columns) {
    throw new EncodeError(`row ${row} has ${record.length} values for ${columns} columns`, { row })
  }
}

/** The value of a column; undefined if the row has none. */
export function recordValue(
  record: RecordValues | undefined,
  index: number,
  name: string,
): unknown {
  if (typeof record !== 'object' || record === null) return undefined
  return Array.isArray(record) ? record[index] : (record as Record<string, unknown>)[name]
}

/** Makes the error for a value that is undefined. */
export function missingValue(codec: Codec): EncodeError {
  return new EncodeError('undefined cannot be sent; null is the value NULL', { type: codec.name })
}

/** Makes of what the codec of a column has thrown the error that says where the value is. */
export function recordError(error: unknown, row: number, name: string, codec: Codec): EncodeError {
  const isOurs = error instanceof EncodeError
  // The message of any other error is not repeated: it could contain the value.
  const what = isOurs ? error.message : 'its codec threw an error'
  return new EncodeError(`row ${row}, column ${JSON.stringify(name)} (${codec.name}): ${what}`, {
    cause: error,
    row,
    column: name,
    type: codec.name,
    ...(isOurs && { code: error.code }),
  })
}
