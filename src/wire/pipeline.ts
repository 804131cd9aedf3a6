import { Deque } from '../base/deque.js'
import type { Request } from './request.js'

/**
 * The requests of one connection, first in, first out.
 *
 * ```
 *  answered ← | written, awaiting answers | queued | ← submitted
 *              ^head                       ^next
 * ```
 */
export class Pipeline {
  readonly #written = new Deque<Request>()
  readonly #queued = new Deque<Request>()
  /** The last request that was written, while it is exclusive and not over. */
  #exclusive: Request | undefined

  get isEmpty(): boolean {
    return this.#written.length === 0 && this.#queued.length === 0
  }

  /** The request that what the server says now is for. */
  get head(): Request | undefined {
    return this.#written.peek()
  }

  /** The written request that nothing may be written behind, if there is one. */
  get exclusive(): Request | undefined {
    return this.#exclusive
  }

  push(request: Request): void {
    this.#queued.push(request)
  }

  /** The request to write next, unless it has to wait. */
  next(): Request | undefined {
    if (this.#exclusive !== undefined) return undefined
    const request = this.#queued.peek()
    return request?.isWritable() ? request : undefined
  }

  /** Marks what {@link next} gave as written. */
  markWritten(): void {
    const request = this.#queued.shift()
    if (request === undefined) return
    this.#written.push(request)
    if (request.exclusive) this.#exclusive = request
  }

  /** Drops what {@link next} gave. */
  dropNext(): void {
    this.#queued.shift()
  }

  /** Ends the head. */
  shift(): Request | undefined {
    const request = this.#written.shift()
    if (request === this.#exclusive) this.#exclusive = undefined
    return request
  }

  /** Empties the pipeline and tells every request in it, the oldest first. */
  failAll(newError: (written: boolean, isHead: boolean) => Error): void {
    const written = [...this.#written]
    const queued = [...this.#queued]
    while (this.shift() !== undefined);
    while (this.#queued.shift() !== undefined);
    for (const request of written) request.onLost(newError(true, request === written[0]))
    for (const request of queued) request.onLost(newError(false, false))
  }
}
