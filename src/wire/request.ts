import { rejectInCaller } from '../base/caller-stack.js'
import { ProtocolError, type ServerMessageFields } from '../base/errors.js'
import { newPostgresError } from '../base/server-errors.js'
import type { MessageWriter } from '../protocol/message-writer.js'
import { backendMessageName, type TransactionStatus } from '../protocol/messages.js'
import type { Session } from './session.js'

/** What a request may reach of its connection; an exclusive request may keep it until `onReady`. */
export interface Wire {
  readonly out: MessageWriter
  readonly session: Session
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
}

/**
 * A unit of the conversation: some frontend messages that end in Sync (or Query), and the backend
 * messages that answer them up to ReadyForQuery.
 *
 * Its life is `queued → written → over`. Exactly one of `onReady`, `onLost` and `onRefused` ends it.
 */
export interface Request {
  /** Nothing may be written behind it until it is over. */
  readonly exclusive: boolean
  /** Whether it may change what the session keeps beyond its transactions. Known once it was submitted. */
  readonly changesSession: boolean
  /** A request that has to go before this one. Asked once, when this one is submitted. */
  prerequisite(session: Session): Request | undefined
  /** False while it waits for the outcome of a request before it; nothing overtakes it. */
  isWritable(): boolean
  /** Appends its messages, synchronously. If it throws, all it wrote is taken back and it gets `onRefused`. */
  write(wire: Wire): void
  /** One backend message that is neither asynchronous, an error, nor ReadyForQuery. The body is valid only during the call. */
  onMessage(code: number, buf: Buffer, start: number, end: number): void
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

  prerequisite(_session: Session): Request | undefined {
    return undefined
  }

  isWritable(): boolean {
    return true
  }

  /** Whether an error has decided the outcome, so that what still comes is passed over. */
  protected get failed(): boolean {
    return this.#failed
  }

  /** Decides the outcome, which the caller learns when the request is over. */
  protected fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#error = error
  }

  onServerError(fields: ServerMessageFields): void {
    this.fail(newPostgresError(fields, this.queryText))
  }

  onReady(_status: TransactionStatus): void {
    // One ReadyForQuery too many would give each request the answer to the one before it.
    if (!this.isAnswered) throw new ProtocolError('ReadyForQuery before the end of an answer')
    if (this.#failed) {
      this.#reject(this.#error)
      return
    }
    try {
      const result = this.result()
      this.#settled = true
      this.#resolve(result)
    } catch (error) {
      this.#reject(error)
    }
  }

  onLost(error: Error): void {
    this.#reject(this.#failed ? this.#error : error)
  }

  onRefused(error: unknown): void {
    this.#reject(error)
  }

  #reject(error: unknown): void {
    if (this.#settled) return
    this.#settled = true
    this.#resolve(error instanceof Error ? rejectInCaller(error) : Promise.reject(error))
  }
}

/** The error for a message that the state of the conversation does not allow. */
export function unexpectedMessage(code: number, during: string): ProtocolError {
  return new ProtocolError(`unexpected ${backendMessageName(code)} during ${during}`)
}
