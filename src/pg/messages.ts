import type { DatabaseError } from './database-error.js'
import type { FieldDef } from './result.js'

/** How the server's status is written in ReadyForQuery. */
export const STATUS_LETTERS = { idle: 'I', transaction: 'T', failed: 'E' } as const

/** The columns of the rows that follow. */
export interface RowDescriptionMessage {
  readonly name: 'rowDescription'
  readonly length: number
  readonly fieldCount: number
  readonly fields: FieldDef[]
}

/** A row, its values as texts. */
export interface DataRowMessage {
  readonly name: 'dataRow'
  readonly length: number
  readonly fieldCount: number
  readonly fields: (string | null)[]
}

/** The end of a command. */
export interface CommandCompleteMessage {
  readonly name: 'commandComplete'
  readonly length: number
  readonly text: string
}

/** A piece of COPY data. */
export interface CopyDataMessage {
  readonly name: 'copyData'
  readonly length: number
  readonly chunk: Buffer
}

/** A message of which only the name tells something. */
export interface PlainMessage {
  readonly name: string
  readonly length: number
}

/**
 * Whoever is given the connection for a while: `Query`, pg-cursor, pg-query-stream, pg-copy-streams and
 * classes of users. A method that is absent ignores its message.
 */
export interface Submittable {
  submit(connection: never): unknown
  handleRowDescription?(message: RowDescriptionMessage): void
  handleDataRow?(message: DataRowMessage): void
  handlePortalSuspended?(connection: never): void
  handleEmptyQuery?(connection: never): void
  handleCommandComplete?(message: CommandCompleteMessage, connection: never): void
  handleReadyForQuery?(connection: never): void
  handleError?(error: Error | DatabaseError, connection: never): void
  handleCopyInResponse?(connection: never): void
  handleCopyData?(message: CopyDataMessage, connection: never): void
  callback?: ((error: Error | null, result?: never) => void) | undefined
  name?: string | undefined
  /** The name under which a Query without one is parsed. @internal */
  _statement?: string | undefined
  text?: string | undefined
}
