import { ConnectionError } from '../base/errors.js'
import type { Pipeline } from './pipeline.js'
import type { Request } from './request.js'

/**
 * What became of a CancelRequest: the server got it (it has hung up), nothing was sent, or nobody
 * knows, so that it may still arrive.
 */
export type CancelOutcome = 'sent' | 'not-sent' | 'unknown'

/** Sends a CancelRequest for one session. Never rejects, and resolves within {@link CANCEL_GRACE_MS}. */
export type CancelSender = () => Promise<CancelOutcome>

/** How long the server may take to end a request that was cancelled, in ms; past it the connection is lost. */
export const CANCEL_GRACE_MS = 5_000

/**
 * Pause before a CancelRequest is repeated, in ms; it doubles. A server that has not begun with the
 * query yet ignores the first (ProcessInterrupts in src/backend/tcop/postgres.c).
 */
const FIRST_REPEAT_MS = 100

/** What has become of housekeeping. */
const UNANSWERED = 'the server did not answer'

/** What a connection is told of its cancellation. */
export interface CancellationOwner {
  /** No CancelRequest is on its way any more. */
  wake(): void
  /** The connection can no longer be used. */
  onCancelFailed(error: Error): void
}

/**
 * Cancels what a session runs. While a CancelRequest is on its way nothing may be written to the
 * session: it names the session and not the query, so it would hit whatever runs when it arrives.
 */
export class Cancellation {
  readonly #pipeline: Pipeline
  readonly #send: CancelSender
  readonly #owner: CancellationOwner
  /** Written requests whose outcome nobody wants any more; undefined while there are none. */
  #abandoned: Set<Request> | undefined
  #inFlight: Promise<void> | undefined
  #grace: NodeJS.Timeout | undefined
  #repeat: NodeJS.Timeout | undefined
  #repeatMs = FIRST_REPEAT_MS

  constructor(pipeline: Pipeline, send: CancelSender, owner: CancellationOwner) {
    this.#pipeline = pipeline
    this.#send = send
    this.#owner = owner
  }

  /** Whether a CancelRequest is on its way. */
  get isInFlight(): boolean {
    return this.#inFlight !== undefined
  }

  /**
   * Whether nothing may be written: a CancelRequest is on its way, or will be when the last that was written
   * is at the head. It would not be if somebody were behind that.
   */
  get holdsBack(): boolean {
    const abandoned = this.#abandoned
    if (this.isInFlight || abandoned === undefined) return this.isInFlight
    const { last } = this.#pipeline
    return last !== undefined && abandoned.has(last)
  }

  /** Nobody wants the outcome of written requests any more: each is cancelled when it is at the head. */
  abandon(requests: Request | readonly Request[]): void {
    this.#abandoned ??= new Set()
    for (const request of [requests].flat()) this.#abandoned.add(request)
    this.#cancelHead()
  }

  /** Somebody has left the queue behind a head that may never be answered. */
  onLeft(): void {
    if (this.#pipeline.head?.isOwn === true) this.#startGrace(UNANSWERED)
  }

  /** A request was answered, and the next is at the head. */
  onOver(request: Request): void {
    if (this.#abandoned === undefined && this.#grace === undefined) return
    this.stop()
    if (this.#abandoned?.delete(request) && this.#abandoned.size === 0) this.#abandoned = undefined
    this.#cancelHead()
  }

  /** Sends one CancelRequest, or waits for the one on its way. */
  once(): Promise<void> {
    this.#inFlight ??= this.#run()
    return this.#inFlight
  }

  /** Cancels no more. A CancelRequest that is on its way is waited for all the same. */
  stop(): void {
    clearTimeout(this.#grace)
    clearTimeout(this.#repeat)
    this.#grace = undefined
    this.#repeat = undefined
  }

  /**
   * Cancels an abandoned head. One that others are wanted behind is left to run: it would be them
   * whom the CancelRequest hits if the head ends by itself meanwhile. One of the connection's own is not
   * cancelled, but has no more time than that: nobody else would ever notice that it is not answered.
   */
  #cancelHead(): void {
    const { head } = this.#pipeline
    const abandoned = this.#abandoned
    if (head === undefined || abandoned === undefined || this.#grace !== undefined) return
    if (head.isOwn === true) {
      this.#startGrace(UNANSWERED)
      return
    }
    const isAlone = this.#pipeline.everyBehindHead((request) => abandoned.has(request))
    if (!isAlone || !abandoned.has(head)) return
    this.#repeatMs = FIRST_REPEAT_MS
    this.#startGrace('the server did not end a cancelled query')
    void this.once()
  }

  #startGrace(failure: string): void {
    this.#grace ??= setTimeout(() => {
      this.#fail(`${failure} within ${CANCEL_GRACE_MS} ms`)
    }, CANCEL_GRACE_MS)
  }

  async #run(): Promise<void> {
    const outcome = await this.#send()
    this.#inFlight = undefined
    if (outcome === 'unknown') {
      this.#fail('a request to cancel was sent and not answered')
      return
    }
    const { head } = this.#pipeline
    if (this.#grace !== undefined && head?.isOwn !== true) {
      this.#repeat = setTimeout(() => void this.once(), this.#repeatMs)
      this.#repeatMs *= 2
    }
    this.#owner.wake()
  }

  #fail(reason: string): void {
    this.#owner.onCancelFailed(new ConnectionError(reason))
  }
}
