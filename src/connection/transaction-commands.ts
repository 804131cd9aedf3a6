import { InterfaceError } from '../base/errors.js'
import type { TransactionStatus } from '../protocol/messages.js'
import { CatalogRequest } from '../wire/requests/catalog.js'
import { type CommandResult, SimpleQueryRequest } from '../wire/requests/simple-query.js'
import type { Session } from '../wire/session.js'
import type { HeldConnection } from './held-connection.js'

/** A command of a transaction itself. */
export class TransactionCommand extends SimpleQueryRequest {
  #isOver = false

  /** Whether the server has answered it, which its promise does not tell where a deadline gave it up. */
  get isOver(): boolean {
    return this.#isOver
  }

  override onReady(status: TransactionStatus): void {
    this.#isOver = true
    super.onReady(status)
  }
}

/**
 * BEGIN or COMMIT of a transaction, which fails when the server was not where the transaction left it.
 *
 * The server only warns of a BEGIN within a transaction and of a COMMIT without one. What its status
 * was before the command, behind all that was sent earlier, the session still knows when the answer
 * begins.
 */
abstract class CheckedCommand extends TransactionCommand {
  readonly #session: Session
  #statusBefore: TransactionStatus | undefined

  constructor(text: string, session: Session) {
    super(text)
    this.#session = session
  }

  override onMessage(code: number, buf: Buffer, start: number, end: number): void {
    this.#statusBefore ??= this.#session.transactionStatus
    super.onMessage(code, buf, start, end)
  }

  protected override result(): CommandResult {
    if (this.#statusBefore !== undefined) this.check(this.#statusBefore)
    return super.result()
  }

  /** @throws {InterfaceError} when the command should not have been given in that status */
  protected abstract check(statusBefore: TransactionStatus): void
}

/** The BEGIN of a transaction. */
export class BeginCommand extends CheckedCommand {
  protected check(statusBefore: TransactionStatus): void {
    if (statusBefore !== 'idle') throw alreadyInTransaction()
  }
}

/** The COMMIT of a transaction. */
export class CommitCommand extends CheckedCommand {
  protected check(statusBefore: TransactionStatus): void {
    if (statusBefore === 'idle') throw endedByHand()
  }
}

/** The isolation level of the open transaction, whatever codec there is for text. */
export function isolationRequest(): CatalogRequest<string> {
  const lengths = 6
  return new CatalogRequest('show transaction_isolation', (buf, start, end) =>
    buf.toString('latin1', start + lengths, end),
  )
}

/** The commands that undo a transaction, or what was done since a savepoint. */
export function undoTexts(savepoint: string | undefined): readonly string[] {
  if (savepoint === undefined) return ['rollback']
  return [`rollback to savepoint ${savepoint}`, `release savepoint ${savepoint}`]
}

/** @throws {InterfaceError} when a query has begun a transaction, which BEGIN would only be warned of */
export function checkNotInTransaction(held: HeldConnection): void {
  if (held.refusal === undefined && held.depth === 0 && held.isInTransaction) {
    throw alreadyInTransaction()
  }
}

/** For a transaction over a BEGIN that the caller sent as a query. */
function alreadyInTransaction(): InterfaceError {
  return new InterfaceError(
    'a transaction is open that was begun by a query; end it by a query, or begin it by begin() or transaction()',
  )
}

function endedByHand(): InterfaceError {
  return new InterfaceError(
    'the transaction was ended by a query before its commit; end it by commit() or rollback()',
    { safeToRetry: false },
  )
}
