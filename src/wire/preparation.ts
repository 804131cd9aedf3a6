import type { ServerMessageFields } from '../base/errors.js'
import { newPostgresError } from '../base/server-errors.js'
import { readEmpty, readParameterDescription, readRowDescription } from '../protocol/backend.js'
import { writeClose, writeDescribe, writeParse } from '../protocol/frontend.js'
import type { MessageWriter } from '../protocol/message-writer.js'
import { Backend, type FieldDescription } from '../protocol/messages.js'
import { unexpectedMessage } from './request.js'
import type { Session } from './session.js'
import type { SessionStatement } from './session-statement.js'
import { StatementDescription } from './statement-description.js'

const DUPLICATE_PREPARED_STATEMENT = '42P05'

/**
 * Parse and Describe of a statement, as a part of a request, and the answers up to its description.
 *
 * Of one that is known, but has no name, it is done again with each use: what it means may have changed.
 */
export class Preparation {
  readonly #statement: SessionStatement
  readonly #session: Session
  /** What is thought to be its description; its parameters are declared so. */
  readonly #expected: StatementDescription | undefined
  /** The message that the server sends next. */
  #owed: number | undefined
  #parameterTypeOids: readonly number[] = []

  constructor(
    statement: SessionStatement,
    session: Session,
    expected: StatementDescription | undefined,
  ) {
    this.#statement = statement
    this.#session = session
    this.#expected = expected
    this.#owed = statement.replaces ? Backend.CloseComplete : Backend.ParseComplete
  }

  /** Whether the server has said all that it will. */
  get isOver(): boolean {
    return this.#owed === undefined
  }

  write(out: MessageWriter): void {
    const { name, text, replaces } = this.#statement
    if (replaces) writeClose(out, 'S', name)
    writeParse(out, name, text, this.#expected?.parameterTypeOids)
    writeDescribe(out, 'S', name)
    // A known one may be parsed many times side by side.
    if (this.#statement.state.kind !== 'ready') this.#statement.onParseSent()
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const owed = this.#owed
    const isNoRows = code === Backend.NoData && owed === Backend.RowDescription
    if (code !== owed && !isNoRows) throw unexpectedMessage(code, 'Parse')
    switch (code) {
      case Backend.CloseComplete:
        readEmpty(code, start, end)
        this.#owed = Backend.ParseComplete
        return
      case Backend.ParseComplete:
        readEmpty(code, start, end)
        this.#owed = Backend.ParameterDescription
        return
      case Backend.ParameterDescription:
        this.#parameterTypeOids = readParameterDescription(buf, start, end)
        this.#owed = Backend.RowDescription
        return
      case Backend.RowDescription:
        this.#onDescribed(readRowDescription(buf, start, end))
        return
      default:
        readEmpty(code, start, end)
        this.#onDescribed([])
    }
  }

  /** The server refuses the statement. */
  onServerError(fields: ServerMessageFields): void {
    const isTaken = fields.code === DUPLICATE_PREPARED_STATEMENT
    // A name that the user gave may be taken for any reason.
    if (isTaken && this.#session.statements.forget(this.#statement)) {
      this.#owed = undefined
      this.#session.onPooler()
      this.#statement.onNameTaken()
      return
    }
    this.refuse(() => newPostgresError(fields, this.#statement.text))
  }

  /** The statement is refused, by the server or because it could not be sent. */
  refuse(newError: () => unknown): void {
    this.#owed = undefined
    this.#session.descriptions.delete(this.#statement.text)
    this.#session.statements.forget(this.#statement)
    this.#statement.onRefused(newError)
  }

  #onDescribed(fields: readonly FieldDescription[]): void {
    this.#owed = undefined
    const actual = new StatementDescription(this.#parameterTypeOids, fields)
    const isExpected = this.#expected?.equals(actual) ?? false
    const description = isExpected ? (this.#expected ?? actual) : actual
    if (!isExpected) this.#session.descriptions.set(this.#statement.text, description)
    this.#statement.onDescribed(description)
  }
}
