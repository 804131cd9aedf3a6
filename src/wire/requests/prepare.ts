import { ProtocolError, type ServerMessageFields } from '../../base/errors.js'
import { newPostgresError } from '../../base/server-errors.js'
import { readEmpty, readParameterDescription, readRowDescription } from '../../protocol/backend.js'
import { writeClose, writeDescribe, writeParse, writeSync } from '../../protocol/frontend.js'
import { Backend, type FieldDescription } from '../../protocol/messages.js'
import { type PreparedStatement, StatementPlan } from '../prepared-statement.js'
import { type Request, unexpectedMessage, type Wire } from '../request.js'
import type { Session } from '../session.js'

/**
 * Prepares a statement and learns its plan; whoever waits for it reads the outcome from
 * `statement.state`. Statements that left the cache are closed on the way.
 *
 * To be submitted as soon as it is made: it closes statements, which nobody behind it uses any more.
 */
export class PrepareRequest implements Request {
  readonly exclusive = false
  readonly changesSession = false
  readonly #statement: PreparedStatement
  readonly #session: Session
  readonly #evicted: readonly string[]
  /** The messages that the server still has to send before ReadyForQuery, the next one first. */
  #owed: number[]
  #parameterTypeOids: readonly number[] = []
  #fields: readonly FieldDescription[] = []

  constructor(statement: PreparedStatement, session: Session) {
    this.#statement = statement
    this.#session = session
    this.#evicted = session.statements.takeEvicted()
    this.#owed = [
      ...this.#evicted.map(() => Backend.CloseComplete),
      Backend.ParseComplete,
      Backend.ParameterDescription,
      Backend.RowDescription,
    ]
  }

  prerequisite(): undefined {
    return undefined
  }

  isWritable(): boolean {
    return true
  }

  write({ out }: Wire): void {
    const { name, text } = this.#statement
    // Close goes first: behind a Parse that fails the server would pass over it.
    for (const evicted of this.#evicted) writeClose(out, 'S', evicted)
    writeParse(out, name, text)
    writeDescribe(out, 'S', name)
    writeSync(out)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const owed = this.#owed.shift()
    const isNoRows = code === Backend.NoData && owed === Backend.RowDescription
    if (code !== owed && !isNoRows) throw unexpectedMessage(code, 'Parse')
    switch (code) {
      case Backend.ParameterDescription:
        this.#parameterTypeOids = readParameterDescription(buf, start, end)
        return
      case Backend.RowDescription:
        this.#fields = readRowDescription(buf, start, end)
        return
      default:
        readEmpty(code, start, end)
    }
  }

  onServerError(fields: ServerMessageFields): void {
    this.#owed = []
    this.#refuse(() => newPostgresError(fields, this.#statement.text))
  }

  onReady(): void {
    if (this.#owed.length > 0) throw new ProtocolError('ReadyForQuery before the end of an answer')
    if (this.#statement.state.kind !== 'preparing') return
    this.#statement.state = {
      kind: 'ready',
      plan: new StatementPlan(this.#parameterTypeOids, this.#fields, this.#session.types),
    }
  }

  onLost(): void {
    // Nothing is owed: whoever waits for the statement is lost with it.
  }

  onRefused(error: unknown): void {
    this.#session.statements.returnEvicted(this.#evicted)
    this.#refuse(() => error)
  }

  #refuse(newError: () => unknown): void {
    this.#statement.state = { kind: 'refused', newError }
    this.#session.statements.delete(this.#statement)
  }
}
