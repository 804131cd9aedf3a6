import type { Any, QueryResultRow } from './any.js'
import type { Connection } from './connection.js'
import type { FieldDef } from './result.js'

/** What every result tells. */
export interface QueryResultBase {
  /** The first word of the command tag; null for an empty query, though pg's types deny it. */
  command: string
  /** Rows affected or returned; null for commands that count none. */
  rowCount: number | null
  /** 0 for an INSERT, else null, though pg's types deny it. */
  oid: number
  fields: FieldDef[]
}

/** A result with objects for rows. */
export interface QueryResult<Row extends QueryResultRow = Any> extends QueryResultBase {
  rows: Row[]
}

/** A result with arrays for rows. */
export interface QueryArrayResult<Row extends Any[] = Any[]> extends QueryResultBase {
  rows: Row[]
}

/** A result that rows are still added to. */
export interface ResultBuilder<Row extends QueryResultRow = Any> extends QueryResult<Row> {
  addRow(row: Row): void
}

/** What may be given to `query()` to be handed the connection. */
export interface Submittable {
  submit: (connection: Connection) => void
}

/** `I` outside a transaction, `T` in one, `E` in one that failed; null before the first query. */
export type TransactionStatus = 'I' | 'T' | 'E' | null

/** A notification that LISTEN asked for. */
export interface Notification {
  processId: number
  channel: string
  payload?: string | undefined
}

/** The callback of a query. Its types say that there always is a result, as those of pg do. */
export type Done<Result = Any> = (error: Error, result: Result) => void
