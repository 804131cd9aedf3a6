import type { TransactionStatus } from '../protocol/messages.js'
import type { WireConnection } from '../wire/wire-connection.js'
import type { Connection } from './connection.js'
import { asError } from './foreign.js'
import type { Submittable } from './messages.js'
import { RowReaders } from './row-reader.js'
import { type SubmittableOwner, SubmittableRequest } from './submittable-request.js'

/** What ends a query before its answer. */
export interface QueryLimits {
  /** In ms; 0 for none. */
  readonly query_timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a queue tells its client. */
export interface QueueListener {
  /** The server is ready for the next query. */
  onReady(status: TransactionStatus): void
  /** A query was sent. */
  onBusy(): void
  /** Nothing waits or runs any more. */
  onDrain(): void
  /** What to tell a query whose connection is gone. */
  lossOf(error: Error): Error
}

/** The queries of one client: sent one after the other, or all at once in pipeline mode. */
export class QueryQueue {
  readonly #connection: Connection
  readonly #pipeline: boolean
  readonly #listener: QueueListener
  readonly #owner: SubmittableOwner
  /** Waiting to be sent, oldest first. */
  readonly #waiting: SubmittableRequest[] = []
  /** Sent and not answered, oldest first. */
  readonly #sent: SubmittableRequest[] = []
  #wire: WireConnection | undefined
  #hasRun = false

  constructor(connection: Connection, pipeline: boolean, listener: QueueListener) {
    this.#connection = connection
    this.#pipeline = pipeline
    this.#listener = listener
    this.#owner = {
      connection,
      pipeline,
      rowReaders: new RowReaders(),
      onFailed: (request) => this.#drop(request),
      onReady: (status) => listener.onReady(status),
      onForgotten: (request) => {
        this.#drop(request)
        this.#waiting.unshift(request)
        this.#pulse()
      },
      onOver: (request) => {
        this.#drop(request)
        this.#pulse()
      },
      lossOf: (error) => listener.lossOf(error),
    }
  }

  /** The query that the server is at. */
  get active(): Submittable | null {
    return this.#sent[0]?.submittable ?? null
  }

  /** Those that are not sent yet. */
  get waiting(): Submittable[] {
    return this.#waiting.map(({ submittable }) => submittable)
  }

  /** Sends what waits, and what comes, over `wire`. */
  start(wire: WireConnection): void {
    this.#wire = wire
    this.#pulse()
  }

  /** Fails what waits, and sends nothing more. What was sent, its connection fails. */
  stop(reason: Error): void {
    this.#wire = undefined
    for (const request of this.#waiting.splice(0)) request.onRefused(reason)
  }

  add(submittable: Submittable, limits: QueryLimits): void {
    const request = new SubmittableRequest(submittable, this.#owner)
    this.#limit(request, limits)
    this.#waiting.push(request)
    this.#pulse()
  }

  /** Takes out a query that was not sent yet, without telling it. */
  remove(submittable: Submittable): void {
    const request = this.#waiting.find((each) => each.submittable === submittable)
    if (request !== undefined) this.#drop(request)
  }

  /** Ends a query by its timeout or signal: it is told at once, and cancelled on the server. */
  #limit(request: SubmittableRequest, { query_timeout: timeout = 0, signal }: QueryLimits): void {
    if (timeout <= 0 && signal === undefined) return
    const { submittable } = request
    const tell = submittable.callback
    const giveUp = (reason: Error): void => {
      stop()
      submittable.callback = () => {}
      if (tell === undefined) submittable.handleError?.(reason, this.#connection as never)
      else tell(reason)
      if (!request.withdraw()) return
      this.#drop(request)
      this.#pulse()
    }
    const timer =
      timeout > 0 ? setTimeout(() => giveUp(new Error('Query read timeout')), timeout) : undefined
    const onAbort = () => giveUp(asError(signal?.reason))
    const stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    submittable.callback = (error, result) => {
      stop()
      if (error) tell?.(error)
      else tell?.(error, result)
    }
    if (signal?.aborted) process.nextTick(onAbort)
    else signal?.addEventListener('abort', onAbort, { once: true })
  }

  #drop(request: SubmittableRequest): void {
    const list = this.#sent.includes(request) ? this.#sent : this.#waiting
    const index = list.indexOf(request)
    if (index >= 0) list.splice(index, 1)
  }

  #pulse(): void {
    const wire = this.#wire
    if (wire === undefined) return
    while (this.#waiting.length > 0 && (this.#pipeline || this.#sent.length === 0)) {
      const request = this.#waiting.shift()
      if (request === undefined) break
      this.#hasRun = true
      this.#sent.push(request)
      this.#listener.onBusy()
      wire.submit(request)
    }
    if (this.#waiting.length === 0 && this.#sent.length === 0 && this.#hasRun) {
      this.#listener.onDrain()
    }
  }
}
