import type { PostgresError, ServerMessageFields } from '../base/errors.js'

/** The fields of a DatabaseError, as pg has them: absent ones are undefined, numbers are text. */
const FIELDS = [
  'severity',
  'code',
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const

/** What a server said when it refused something, under pg's name and with pg's fields. */
export class DatabaseError extends Error {
  /** Always `error`, as in pg, where libraries look at it. */
  override readonly name: string
  /** Bytes of the message that told the error. */
  readonly length: number
  severity: string | undefined
  code: string | undefined
  detail: string | undefined
  hint: string | undefined
  position: string | undefined
  internalPosition: string | undefined
  internalQuery: string | undefined
  where: string | undefined
  schema: string | undefined
  table: string | undefined
  column: string | undefined
  dataType: string | undefined
  constraint: string | undefined
  file: string | undefined
  line: string | undefined
  routine: string | undefined

  constructor(message: string, length: number, name: string) {
    super(message)
    this.length = length
    this.name = name
    for (const field of FIELDS) this[field] = undefined
  }

  /** From what the core reads of an ErrorResponse. */
  static from(fields: ServerMessageFields): DatabaseError {
    const error = new DatabaseError(fields.message ?? '', lengthOf(fields), 'error')
    return Object.assign(error, textFields(fields))
  }

  /** From the error that the core made of one. */
  static fromCore(error: PostgresError): DatabaseError {
    return DatabaseError.from({ ...error, message: error.message, code: error.code })
  }
}

/** A notice is a plain object with the fields of an error and the name `notice`. */
export interface NoticeMessage extends Partial<Record<(typeof FIELDS)[number], string>> {
  readonly name: 'notice'
  readonly length: number
  readonly message: string | undefined
}

/** The notice of a NoticeResponse. */
export function noticeMessage(fields: ServerMessageFields): NoticeMessage {
  const absent = Object.fromEntries(FIELDS.map((field) => [field, undefined]))
  return {
    message: fields.message,
    length: lengthOf(fields),
    name: 'notice',
    ...absent,
    ...textFields(fields),
  } as NoticeMessage
}

function textFields(fields: ServerMessageFields): Record<string, string> {
  const given = FIELDS.filter((field) => fields[field] !== undefined)
  return Object.fromEntries(given.map((field) => [field, String(fields[field])]))
}

/**
 * Each field is a type byte, a text and a NUL; the message has a length before and a NUL behind them.
 * The severity comes twice: translated, and as it is.
 */
function lengthOf(fields: ServerMessageFields): number {
  const texts = [...Object.values(fields), fields.severity].filter((value) => value !== undefined)
  return texts.reduce((sum, text) => sum + Buffer.byteLength(String(text)) + 2, 5)
}
