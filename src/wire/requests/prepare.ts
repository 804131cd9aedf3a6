import { ProtocolError, type ServerMessageFields } from '../../base/errors.js'
import { writeSync } from '../../protocol/frontend.js'
import { Preparation } from '../preparation.js'
import type { Request, Wire } from '../request.js'
import type { Session } from '../session.js'
import type { SessionStatement } from '../session-statement.js'

/** Has a statement parsed and described; whoever waits for it reads the outcome from `statement.state`. */
export class PrepareRequest implements Request {
  readonly exclusive = false
  readonly isLimited = false
  readonly changesSession = false
  readonly isSettled = false
  readonly #preparation: Preparation

  constructor(statement: SessionStatement, session: Session) {
    this.#preparation = new Preparation(statement, session, undefined)
  }

  onSubmitted(): void {}

  prerequisite(): undefined {
    return undefined
  }

  isWritable(): boolean {
    return true
  }

  write({ out }: Wire): void {
    this.#preparation.write(out)
    writeSync(out)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    this.#preparation.onMessage(code, buf, start, end)
  }

  onServerError(fields: ServerMessageFields): void {
    // One that comes behind the description, with a Sync, changes nothing about it.
    if (!this.#preparation.isOver) this.#preparation.onServerError(fields)
  }

  onReady(): void {
    if (!this.#preparation.isOver) {
      throw new ProtocolError('ReadyForQuery before the end of an answer')
    }
  }

  onLost(): void {
    // Nothing is owed: whoever waits for the statement is lost with it.
  }

  onRefused(error: unknown): void {
    this.#preparation.refuse(() => error)
  }
}
