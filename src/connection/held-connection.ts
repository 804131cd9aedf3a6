import { InterfaceError } from '../base/errors.js'
import type { Request } from '../wire/request.js'
import type { Session } from '../wire/session.js'

/** How to come by a {@link HeldConnection}. */
export interface HoldOptions {
  /** How long to wait for a free connection, in ms, where one has to be waited for. */
  readonly timeout?: number | undefined
  /** Gives up the waiting when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A connection as those see it who need the same one for several requests: transactions, cursors. It
 * is theirs until the promise of the function that got it settles.
 *
 * A transaction on it is one more of these, and a savepoint in that another. Of such a chain only the
 * innermost takes requests: what the outer ones did meanwhile would be committed or rolled back with
 * a transaction they know nothing of.
 */
export class HeldConnection {
  /** What the server told of the session, as it is now. */
  readonly session: Session
  /** How many transactions it is within: 0 for the connection itself, 1 for a transaction, 2 for a savepoint in it. */
  readonly depth: number
  /** Those that end the transactions it is within, and with them what runs. */
  readonly signals: readonly AbortSignal[]
  readonly #send: (request: Request) => void
  #inner: HeldConnection | undefined
  #unanswered: { readonly isOver: boolean } | undefined
  #newRefusal: (() => unknown) | undefined

  /** @param send hands a request to the connection, whatever else is going on */
  constructor(
    session: Session,
    send: (request: Request) => void,
    depth = 0,
    signals: readonly AbortSignal[] = [],
  ) {
    this.session = session
    this.depth = depth
    this.signals = signals
    this.#send = send
  }

  /** Whether it takes no requests any more: what was open on the server within it was undone, or is being undone. */
  get isEnded(): boolean {
    return this.#newRefusal !== undefined
  }

  /** Why it takes no requests now; undefined when it does. */
  get refusal(): unknown {
    if (this.#newRefusal !== undefined) return this.#newRefusal()
    if (this.#inner === undefined) return undefined
    return new InterfaceError(
      `a transaction is open on this ${this.depth === 0 ? 'connection' : 'transaction'}: ` +
        'until it ends, only the handle that its begin() or transaction() gave can be used',
    )
  }

  /**
   * Whether a transaction is open, as the server said last. Not while it is at the end of one that was
   * given up: what is sent now comes behind that.
   */
  get isInTransaction(): boolean {
    return this.#unanswered?.isOver !== false && this.session.transactionStatus !== 'idle'
  }

  /** A command of the inner one was given up, and the server is still at it. */
  awaitAnswer(command: { readonly isOver: boolean }): void {
    this.#unanswered = command
  }

  /** Hands a request to the connection, which settles it in all cases. */
  submit(request: Request): void {
    const { refusal } = this
    if (refusal === undefined) this.#send(request)
    else request.onRefused(refusal)
  }

  /** Hands a request to the connection though this one may have ended: for the command that ends it. */
  sendLast(request: Request): void {
    this.#send(request)
  }

  /** Opens an inner one, which it yields to until {@link leave}. */
  enter(signal?: AbortSignal): HeldConnection {
    if (this.refusal !== undefined) throw this.refusal
    const signals = signal === undefined ? this.signals : [...this.signals, signal]
    this.#inner = new HeldConnection(this.session, this.#send, this.depth + 1, signals)
    return this.#inner
  }

  /** The inner one is over. */
  leave(): void {
    this.#inner = undefined
  }

  /** Takes no requests any more, nor do those within it. */
  end(newRefusal: () => unknown): void {
    this.#newRefusal ??= newRefusal
    this.#inner?.end(newRefusal)
  }
}
