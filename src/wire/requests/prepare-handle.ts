import { InterfaceError, type ServerMessageFields } from '../../base/errors.js'
import { writeClose, writeSync } from '../../protocol/frontend.js'
import { Backend, type TransactionStatus } from '../../protocol/messages.js'
import { Preparation } from '../preparation.js'
import { PromiseRequest, unexpectedMessage, type Wire } from '../request.js'
import type { Session } from '../session.js'
import type { SessionStatement } from '../session-statement.js'
import type { StatementDescription } from '../statement-description.js'
import type { StatementHandle } from '../statement-handle.js'

/** Prepares the statement of a handle, and gives its description. */
export class PrepareHandleRequest extends PromiseRequest<StatementDescription> {
  readonly exclusive = false
  readonly changesSession = false
  protected readonly queryText: string
  readonly #handle: StatementHandle
  #session: Session | undefined
  #statement: SessionStatement | undefined
  #preparation: Preparation | undefined

  constructor(handle: StatementHandle) {
    super()
    this.#handle = handle
    this.queryText = handle.text
  }

  protected get isAnswered(): boolean {
    return this.#preparation?.isOver ?? true
  }

  write({ out, session }: Wire): void {
    if (session.statements.mode === 'simple') {
      throw new InterfaceError("nothing is prepared with the option statementMode 'simple'")
    }
    this.#session = session
    this.#statement = this.#handle.find(session)
    this.#preparation = new Preparation(this.#statement, session, undefined)
    this.#preparation.write(out)
    writeSync(out)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    if (this.#preparation === undefined) throw unexpectedMessage(code, 'Parse')
    this.#preparation.onMessage(code, buf, start, end)
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#preparation?.onServerError(fields)
  }

  override onRefused(error: unknown): void {
    this.#preparation?.refuse(() => error)
    super.onRefused(error)
  }

  override onReady(status: TransactionStatus): void {
    const isAwaited = !this.isSettled
    super.onReady(status)
    if (this.#statement?.state.kind !== 'ready') return
    // Given up too late: it is there, and would keep its name taken.
    if (isAwaited) this.#session?.statements.keep(this.#handle)
    else this.#session?.statements.close(this.#handle.name)
  }

  protected result(): StatementDescription {
    const state = this.#statement?.state
    if (state?.kind !== 'ready') throw new InterfaceError('the statement was not described')
    return state.description
  }
}

/** Closes the statement of a handle, behind all that was asked of it. */
export class CloseHandleRequest extends PromiseRequest<void> {
  readonly exclusive = false
  readonly changesSession = false
  protected readonly queryText = undefined
  readonly #handle: StatementHandle
  #isAnswered = false

  constructor(handle: StatementHandle) {
    super()
    this.#handle = handle
  }

  protected get isAnswered(): boolean {
    return this.#isAnswered
  }

  write({ out, session }: Wire): void {
    session.statements.leave(this.#handle)
    writeClose(out, 'S', this.#handle.name)
    writeSync(out)
  }

  onMessage(code: number): void {
    if (code !== Backend.CloseComplete || this.#isAnswered) throw unexpectedMessage(code, 'Close')
    this.#isAnswered = true
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#isAnswered = true
  }

  protected result(): void {}
}
