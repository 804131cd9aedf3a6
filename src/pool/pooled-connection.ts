import type { ConnectionClosedError, Notice } from '../base/errors.js'
import { ConnectionEmitter } from '../connection/connection-events.js'
import { resetScript } from '../connection/session-reset.js'
import type { Notification } from '../protocol/messages.js'
import type { SessionTypes } from '../types/session-types.js'
import type { Request } from '../wire/request.js'
import { ResetRequest } from '../wire/requests/reset.js'
import { SimpleQueryRequest } from '../wire/requests/simple-query.js'
import type { ConnectionHandler, WireConnection } from '../wire/wire-connection.js'

/** What a pool hears of its connections. */
export interface PooledConnectionOwner {
  /** Whether idle connections let the process exit. */
  readonly unref: boolean
  /** Whether {@link runResetHook} has something to do. */
  readonly hasResetHook: boolean
  /** Runs what the user wants done with a connection that came back. */
  runResetHook(connection: PooledConnection): Promise<unknown>
  /** A borrower is done with it, and its session is being made as good as new. */
  onReturned(connection: PooledConnection): void
  onBroken(connection: PooledConnection): void
  onNotice(notice: Notice): void
  onParameterStatus(connection: PooledConnection, name: string, value: string): void
}

/**
 * A connection as its pool holds it: `idle` in the pool, `lent` to a borrower, `returning`: given
 * back while queries are still running, which may be the only ones it was wanted for; or `resetting`:
 * in the hands of the user's reset hook.
 */
export class PooledConnection implements ConnectionHandler {
  readonly #events = new ConnectionEmitter()
  /** A borrower has asked for the events, and may have listeners. */
  #hasListeners = false
  readonly #owner: PooledConnectionOwner
  #wire: WireConnection | undefined
  /** Those that a borrower finds. */
  #codecs: SessionTypes['codecs']
  #state: 'idle' | 'lent' | 'returning' | 'resetting' = 'idle'
  /** Resets that the server has not confirmed; until then notifications are those of a former borrower. */
  #pendingResets = 0

  constructor(owner: PooledConnectionOwner) {
    this.#owner = owner
  }

  /** Gives it its connection, of which it must be the handler. */
  attach(wire: WireConnection): void {
    this.#wire = wire
  }

  /** What happened so far belongs to the session as it should be. */
  settle(): void {
    this.#codecs = this.wire.session.catalogue.codecs
    this.wire.session.hasChanged = false
    this.wire.session.statements.keepForGood()
    if (this.#owner.unref) this.#wire?.unref()
  }

  get wire(): WireConnection {
    if (this.#wire === undefined) throw new TypeError('a pooled connection without its connection')
    return this.#wire
  }

  /** As {@link events}, for who adds no listener. */
  get emitter(): ConnectionEmitter {
    return this.#events
  }

  /** The events of the borrower. */
  get events(): ConnectionEmitter {
    this.#hasListeners = true
    return this.#events
  }

  get isUsable(): boolean {
    return this.#wire?.state === 'ready'
  }

  /** Asks the server for a sign of life, by an empty query. */
  async validate(): Promise<void> {
    const ping = new SimpleQueryRequest('')
    if (this.#owner.unref) this.wire.ref()
    this.wire.submit(ping)
    await ping.promise
    if (this.#owner.unref) this.wire.unref()
  }

  /** Hands it to a borrower, until {@link giveBack}. */
  lend(): void {
    this.#state = 'lent'
    if (this.#owner.unref) this.#wire?.ref()
  }

  /** Runs one request and returns by itself. */
  runOnce(request: Request): void {
    this.#state = 'returning'
    if (this.#owner.unref) this.#wire?.ref()
    this.submit(request)
    if (!this.isUsable) this.#return()
  }

  submit(request: Request): void {
    this.wire.submit(request)
  }

  /** The borrower is done; it returns once what is still running is over. */
  giveBack(): void {
    if (this.#hasListeners) this.#events.removeAllListeners()
    this.#hasListeners = false
    this.#state = 'returning'
    if (this.wire.isIdle || !this.isUsable) this.#return()
  }

  onNotice(notice: Notice): void {
    this.#owner.onNotice(notice)
    this.#events.onNotice(notice)
  }

  onNotification(notification: Notification): void {
    if (this.#pendingResets === 0) this.#events.onNotification(notification)
  }

  onParameterStatus(name: string, value: string): void {
    if (this.#pendingResets === 0 && this.#wire !== undefined) this.wire.session.hasChanged = true
    this.#owner.onParameterStatus(this, name, value)
    this.#events.onParameterStatus(name, value)
  }

  onIdle(): void {
    this.#return()
  }

  onClosed(error: ConnectionClosedError | undefined): void {
    // Whether what it was changing in the catalogue was committed is not known.
    this.#wire?.session.catalogue.onTransactionEnd()
    this.#owner.onBroken(this)
    this.#events.onClosed(error)
    this.#return()
  }

  #return(): void {
    if (this.#state !== 'returning') return
    const { session } = this.wire
    session.catalogue.restore(this.#codecs)
    session.statements.closeKept()
    this.#reset()
    if (this.#owner.hasResetHook && this.isUsable) {
      this.#state = 'resetting'
      void this.#runResetHook()
      return
    }
    this.#becomeIdle()
  }

  #becomeIdle(): void {
    this.#state = 'idle'
    if (this.#owner.unref) this.#wire?.unref()
    this.#owner.onReturned(this)
  }

  async #runResetHook(): Promise<void> {
    try {
      await this.#owner.runResetHook(this)
      // The hook is to leave the session as it should be, whatever it took.
      this.wire.session.hasChanged = false
    } catch (error) {
      // On one that is closed it had to fail.
      if (this.isUsable) warnOfResetHook(error)
      this.wire.destroy()
    }
    this.#becomeIdle()
  }

  /** The next borrower need not wait for the answer: what it sends goes behind the reset. */
  #reset(): void {
    const { wire } = this
    const inTransaction = wire.session.transactionStatus !== 'idle'
    const script = resetScript(inTransaction, wire.session.hasChanged)
    if (script === undefined || !this.isUsable) return
    if (inTransaction) {
      process.emitWarning('a connection was released within a transaction, which was rolled back', {
        type: 'SluiceWarning',
        code: 'SLUICE_OPEN_TRANSACTION',
      })
    }
    // At the answer itself: the messages of the next borrower may be in the same read.
    const reset = new ResetRequest(script, () => {
      this.#pendingResets -= 1
    })
    this.#pendingResets += 1
    wire.submit(reset)
    // The reset itself leaves nothing behind.
    wire.session.hasChanged = false
    reset.promise.catch((error: Error) => wire.destroy(error))
  }
}

function warnOfResetHook(error: unknown): void {
  process.emitWarning('the reset hook of a pool failed, so that a connection was closed', {
    type: 'SluiceWarning',
    code: 'SLUICE_RESET_HOOK',
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  })
}
