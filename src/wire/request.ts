import { rejectInCaller } from '../base/caller-stack.js'
import { ProtocolError, type ServerMessageFields } from '../base/errors.js'
import { newPostgresError } from '../base/server-errors.js'
import type { MessageSink } from '../protocol/framer.js'
import type { MessageWriter } from '../protocol/message-writer.js'
import { backendMessageName, type TransactionStatus } from '../protocol/messages.js'
import type { Limits } from './limits.js'
import type { Session } from './session.js'

/** What a request may reach of its connection; an exclusive request may keep it until `onReady`. */
export interface Wire {
  readonly out: MessageWriter
  readonly session: Session
  /** Whether nothing that was written is still unanswered. */
  readonly isQuiet: boolean
  /** Tries again to write what waits: something it waited for has happened. */
  wake(): void
  /** Sends what was written, at the end of this turn. */
  flush(): void
  /** Sends what was written, now. False: the kernel has enough, so write nothing more until `onDrain`. */
  send(): boolean
  /**
   * Reads no more from the server until {@link resume}, or until the request that asked for it is over.
   * The messages that have arrived already still come.
   */
  pause(): void
  resume(): void
  /**
   * Runs the request at the head once more, before those that are not written yet. For its `onReady`,
   * which thereby does not end it.
   */
  runAgain(request: Request): void
  /** Whether `test` holds for every request that was written behind the one at the head. */
  everyBehindHead(test: (request: Request) => boolean): boolean
}

/** Who has a request now: a connection, or the queue of a pool. */
export interface RequestHolder {
  /**
   * Nobody wants the outcome of `request` any more. One that is not written is dropped. One that is
   * written stays until the server has answered it, and is cancelled there when its turn has come.
   *
   * Gives whether the server may have seen it.
   */
  abandon(request: Request): boolean
}

/**
 * A unit of the conversation: some frontend messages that end in Sync (or Query), and the backend
 * messages that answer them up to ReadyForQuery.
 *
 * Its life is `queued → written → over`. Exactly one of `onReady`, `onLost` and `onRefused` ends it,
 * unless it was abandoned while queued.
 */
export interface Request {
  /** Nothing may be written behind it until it is over. Read when it was written. */
  readonly exclusive: boolean
  /**
   * Whether a deadline or a signal may abandon it. Nothing is written behind such a request either: the
   * CancelRequest that it may need names the session only, and would hit whatever runs by then.
   */
  readonly isLimited: boolean
  /** Whether it may change what the session keeps beyond its transactions. */
  readonly changesSession: boolean
  /** Whether its outcome is decided, so that it need not be written any more. */
  readonly isSettled: boolean
  /** Whether it is the connection's own housekeeping, which no caller waits for and so nobody gives up. */
  readonly isOwn?: boolean
  /** What it waits for, if nobody else does, so that all are abandoned together. */
  readonly waitsFor?: Request | readonly Request[] | undefined
  /** It is somebody's now, who is to be told when it is abandoned. */
  onSubmitted(holder: RequestHolder): void
  /** A request that has to be written before this one. Asked when this one is the next to be written. */
  prerequisite(wire: Wire): Request | undefined
  /** False while it waits for the answer to a request before it; nothing overtakes it. */
  isWritable(): boolean
  /** Appends its messages, synchronously. If it throws, all it wrote is taken back and it gets `onRefused`. */
  write(wire: Wire): void
  /** One backend message that is neither asynchronous, an error, nor ReadyForQuery. The body is valid only during the call. */
  onMessage(code: number, buf: Buffer, start: number, end: number): void
  /** As with {@link MessageSink}: takes DataRows in one go, as far as it likes. */
  onRows?(buf: Buffer, start: number, end: number, maxBodyBytes: number): number
  onServerError(fields: ServerMessageFields): void
  /** The kernel has taken all that was written. For a request that is exclusive and written, while it is. */
  onDrain?(): void
  /** Its ReadyForQuery: it is over, unless this throws, which ends the connection. */
  onReady(status: TransactionStatus): void
  /** It will never be answered. */
  onLost(error: Error): void
  /** It was not sent, because of what `write` threw or because no connection could be had. */
  onRefused(error: unknown): void
}

/** A request with a promise of its result; the first error decides. */
export abstract class PromiseRequest<T> implements Request {
  readonly promise: Promise<T>
  #resolve!: (value: T | PromiseLike<T>) => void
  #holder: RequestHolder | undefined
  #limits: Limits | undefined
  #error: unknown
  #failed = false
  #settled = false

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** The text that server errors are reported with. */
  protected abstract readonly queryText: string | undefined
  /** Whether the server has sent all that goes before ReadyForQuery. */
  protected abstract get isAnswered(): boolean
  /** The result; called at ReadyForQuery when nothing failed. */
  protected abstract result(): T
  abstract get exclusive(): boolean
  abstract get changesSession(): boolean
  abstract write(wire: Wire): void
  abstract onMessage(code: number, buf: Buffer, start: number, end: number): void

  get isSettled(): boolean {
    return this.#settled
  }

  get waitsFor(): Request | readonly Request[] | undefined {
    return undefined
  }

  get isLimited(): boolean {
    return this.#limits !== undefined
  }

  onSubmitted(holder: RequestHolder): void {
    this.#holder = holder
  }

  prerequisite(_wire: Wire): Request | undefined {
    return undefined
  }

  isWritable(): boolean {
    return true
  }

  /** Ends the request by its deadline or signal, unless it is over before. Call before it is submitted. */
  limitBy(limits: Limits): void {
    this.#limits = limits
    limits.start((newError) => this.abandon(newError))
  }

  /**
   * The caller wants the outcome no more: its promise rejects at once, with what `newError` makes. The
   * request itself stays in its pipeline, if it was sent, until the server has answered it.
   *
   * @param newError gets whether the server may have seen the request
   */
  abandon(newError: (sent: boolean) => unknown): void {
    if (this.#settled) return
    const sent = this.#holder?.abandon(this) ?? false
    this.#settleWithError(newError(sent))
    if (sent) this.onAbandoned()
  }

  /** It was abandoned after it had been written; for what has to be cleaned up on the server. */
  protected onAbandoned(): void {}

  /** Whether an error has decided the outcome, or nobody wants it, so that what still comes is passed over. */
  protected get failed(): boolean {
    return this.#failed || this.#settled
  }

  /** Decides the outcome, which the caller learns when the request is over. */
  protected fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#error = error
  }

  /** Forgets an error that {@link fail} got, for a request that is run again. */
  protected forgetFailure(): void {
    this.#failed = false
    this.#error = undefined
  }

  onServerError(fields: ServerMessageFields): void {
    this.fail(newPostgresError(fields, this.queryText))
  }

  onReady(_status: TransactionStatus): void {
    // One ReadyForQuery too many would give each request the answer to the one before it.
    if (!this.isAnswered) throw new ProtocolError('ReadyForQuery before the end of an answer')
    if (this.#settled) return
    if (this.#failed) {
      this.#settleWithError(this.#error)
      return
    }
    try {
      const result = this.result()
      this.#settle()
      this.#resolve(result)
    } catch (error) {
      this.#settleWithError(error)
    }
  }

  onLost(error: Error): void {
    this.#settleWithError(this.#failed ? this.#error : error)
  }

  onRefused(error: unknown): void {
    this.#settleWithError(error)
  }

  #settle(): void {
    this.#settled = true
    if (this.#limits !== undefined) this.#limits.stop()
  }

  #settleWithError(error: unknown): void {
    if (this.#settled) return
    this.#settle()
    // The reason of a signal belongs to whoever aborted it, so its stack is left alone.
    const isOurs = error instanceof Error && error !== this.#limits?.reason
    this.#resolve(isOurs ? rejectInCaller(error) : Promise.reject(error))
  }
}

/** The error for a message that the state of the conversation does not allow. */
export function unexpectedMessage(code: number, during: string): ProtocolError {
  return new ProtocolError(`unexpected ${backendMessageName(code)} during ${during}`)
}
