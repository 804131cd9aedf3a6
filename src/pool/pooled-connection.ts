import type { ConnectionClosedError, Notice } from '../base/errors.js'
import { ConnectionEmitter } from '../connection/connection-events.js'
import type { Notification } from '../protocol/messages.js'
import type { Request } from '../wire/request.js'
import { SimpleQueryRequest } from '../wire/requests/simple-query.js'
import type { ConnectionHandler, WireConnection } from '../wire/wire-connection.js'
import { resetScript } from './session-reset.js'

/** What a pool hears of its connections. */
export interface PooledConnectionOwner {
  /** A borrower is done with it, and its session is being made as good as new. */
  onReturned(connection: PooledConnection): void
  onBroken(connection: PooledConnection): void
  onNotice(notice: Notice): void
}

/**
 * A connection as its pool holds it: `idle` in the pool, `lent` to a borrower, or `returning`: given
 * back while queries are still running, which may be the only ones it was wanted for.
 */
export class PooledConnection implements ConnectionHandler {
  /** The events of the borrower. */
  readonly events: ConnectionEmitter = new ConnectionEmitter()
  readonly #owner: PooledConnectionOwner
  #wire: WireConnection | undefined
  #state: 'idle' | 'lent' | 'returning' = 'idle'
  #sessionChanged = false
  /** Resets that the server has not confirmed; until then notifications are those of a former borrower. */
  #pendingResets = 0

  constructor(owner: PooledConnectionOwner) {
    this.#owner = owner
  }

  /** Gives it its connection, of which it must be the handler. */
  attach(wire: WireConnection): void {
    this.#wire = wire
    // What the server reported at startup nobody has changed.
    this.#sessionChanged = false
  }

  get wire(): WireConnection {
    if (this.#wire === undefined) throw new TypeError('a pooled connection without its connection')
    return this.#wire
  }

  get isUsable(): boolean {
    return this.#wire?.state === 'ready'
  }

  /** Asks the server for a sign of life, by an empty query. */
  validate(): Promise<unknown> {
    const ping = new SimpleQueryRequest('')
    this.wire.submit(ping)
    return ping.promise
  }

  /** Hands it to a borrower, until {@link giveBack}. */
  lend(): void {
    this.#state = 'lent'
  }

  /** Runs one request and returns by itself. */
  runOnce(request: Request): void {
    this.#state = 'returning'
    this.submit(request)
    if (!this.isUsable) this.#return()
  }

  submit(request: Request): void {
    this.wire.submit(request)
    if (request.changesSession) this.#sessionChanged = true
  }

  /** The borrower is done; it returns once what is still running is over. */
  giveBack(): void {
    this.events.removeAllListeners()
    this.#state = 'returning'
    if (this.wire.isIdle || !this.isUsable) this.#return()
  }

  onNotice(notice: Notice): void {
    this.#owner.onNotice(notice)
    this.events.onNotice(notice)
  }

  onNotification(notification: Notification): void {
    if (this.#pendingResets === 0) this.events.onNotification(notification)
  }

  onParameterStatus(name: string, value: string): void {
    if (this.#pendingResets === 0) this.#sessionChanged = true
    this.events.onParameterStatus(name, value)
  }

  onIdle(): void {
    this.#return()
  }

  onClosed(error: ConnectionClosedError | undefined): void {
    this.#owner.onBroken(this)
    this.events.onClosed(error)
    this.#return()
  }

  #return(): void {
    if (this.#state !== 'returning') return
    this.#state = 'idle'
    this.#reset()
    this.#owner.onReturned(this)
  }

  /** The next borrower need not wait for the answer: what it sends goes behind the reset. */
  #reset(): void {
    const { wire } = this
    const inTransaction = wire.session.transactionStatus !== 'idle'
    const script = resetScript(inTransaction, this.#sessionChanged)
    if (script === undefined || !this.isUsable) return
    if (inTransaction) {
      process.emitWarning('a connection was released within a transaction, which was rolled back', {
        type: 'SluiceWarning',
        code: 'SLUICE_OPEN_TRANSACTION',
      })
    }
    const reset = new SimpleQueryRequest(script)
    this.#sessionChanged = false
    this.#pendingResets += 1
    wire.submit(reset)
    reset.promise.then(
      () => {
        this.#pendingResets -= 1
      },
      (error: Error) => wire.destroy(error),
    )
  }
}
