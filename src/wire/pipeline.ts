import { Deque } from '../base/deque.js'
import type { Request } from './request.js'

/**
 * The requests of one connection, first in, first out.
 *
 * ```
 *  answered ← | written, awaiting answers | to be run again | queued | ← submitted
 *              ^head                       ^next
 * ```
 */
export class Pipeline {
  readonly #written = new Deque<Request>()
  readonly #again = new Deque<Request>()
  readonly #queued = new Deque<Request>()
  /** The last request that was written, while nothing may be written behind it. */
  #exclusive: Request | undefined
  #last: Request | undefined

  get isEmpty(): boolean {
    return this.#written.length === 0 && this.#queued.length === 0 && this.#again.length === 0
  }

  /** Requests that the server has not answered. */
  get writtenCount(): number {
    return this.#written.length
  }

  /** The request that what the server says now is for. */
  get head(): Request | undefined {
    return this.#written.peek()
  }

  /** The request that was written last, while it is not answered. */
  get last(): Request | undefined {
    return this.#last
  }

  /** The written request that nothing may be written behind, if there is one. */
  get exclusive(): Request | undefined {
    return this.#exclusive
  }

  push(request: Request): void {
    this.#queued.push(request)
  }

  /** Puts a request that is being answered before all that are not written, behind others that came so. */
  pushAgain(request: Request): void {
    this.#again.push(request)
  }

  /** The request to write next, unless it has to wait. */
  next(): Request | undefined {
    if (this.#exclusive !== undefined) return undefined
    return this.#again.peek() ?? this.#queued.peek()
  }

  /** Marks what {@link next} gave as written. */
  markWritten(): void {
    const request = this.#again.shift() ?? this.#queued.shift()
    if (request !== undefined) this.addWritten(request)
  }

  /** Adds a request that was written before what {@link next} gave. */
  addWritten(request: Request): void {
    this.#written.push(request)
    this.#last = request
    if (request.exclusive || request.isLimited) this.#exclusive = request
  }

  /** Drops what {@link next} gave. */
  dropNext(): void {
    if (this.#again.shift() === undefined) this.#queued.shift()
  }

  /** Takes out a request that is not written; false when it is written, or not here. */
  unlink(request: Request): boolean {
    return this.#queued.delete(request) || this.#again.delete(request)
  }

  /** Ends the head. */
  shift(): Request | undefined {
    const request = this.#written.shift()
    if (request === this.#exclusive) this.#exclusive = undefined
    // Held longer it would keep its result, or the password of the startup.
    if (request === this.#last) this.#last = undefined
    return request
  }

  /** Whether `test` holds for every written request but the head. */
  everyBehindHead(test: (request: Request) => boolean): boolean {
    const { head } = this
    for (const request of this.#written) {
      if (request !== head && !test(request)) return false
    }
    return true
  }

  /** Empties the pipeline and tells every request in it, the oldest first. */
  failAll(newError: (written: boolean, isHead: boolean) => Error): void {
    const written = [...this.#written]
    const queued = [...this.#again, ...this.#queued]
    while (this.shift() !== undefined);
    while (this.#again.shift() !== undefined);
    while (this.#queued.shift() !== undefined);
    for (const request of written) request.onLost(newError(true, request === written[0]))
    for (const request of queued) request.onLost(newError(false, false))
  }
}
