import type { BatchItem } from '../wire/requests/batch.js'
import { readQuery, Sql } from './sql.js'

/** A statement of a batch: its text, with its parameters if it has any, or made by {@link sql}. */
export type BatchStatement =
  | string
  | Sql
  | readonly [query: string | Sql, params?: readonly unknown[]]

/** The items of a batch. @throws {TypeError} if one is none. */
export function batchItems(statements: readonly BatchStatement[]): BatchItem[] {
  if (!Array.isArray(statements)) throw new TypeError('a batch must be an array of statements')
  return statements.map((statement: BatchStatement) => {
    const isAlone = typeof statement === 'string' || Sql.is(statement)
    const [query, params] = isAlone ? [statement, undefined] : pair(statement)
    const [text, parameters] = readQuery(query, params)
    return { text, parameters }
  })
}

function pair(
  statement: Exclude<BatchStatement, string | Sql>,
): readonly [query: string | Sql, params?: readonly unknown[]] {
  if (Array.isArray(statement)) return statement
  throw new TypeError('a statement of a batch must be a string, sql`…` or [query, params]')
}
