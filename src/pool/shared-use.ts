import { Deque } from '../base/deque.js'
import type { Request } from '../wire/request.js'

/** A query that runs for longer lets nobody behind it any more, in ms. */
const LONG_MS = 5

/** For so long queries may join, in ms: then the connection is to come back to its pool, which may have other plans. */
const JOINING_MS = 50

/** The one-shot queries that share a connection: sent without waiting for each other, answered in order. */
export class SharedUse {
  readonly #requests = new Deque<Request>()
  readonly #sinceMs: number
  #head: Request
  /** No later than this the head was begun with, in ms. */
  #headSinceMs: number
  #lookedMs: number

  constructor(request: Request, nowMs: number) {
    this.#requests.push(request)
    this.#head = request
    this.#sinceMs = nowMs
    this.#headSinceMs = nowMs
    this.#lookedMs = nowMs
  }

  /** How many are not answered yet. */
  get length(): number {
    let oldest = this.#requests.peek()
    while (oldest?.isSettled) {
      this.#requests.shift()
      oldest = this.#requests.peek()
    }
    return this.#requests.length
  }

  add(request: Request): void {
    this.#requests.push(request)
  }

  /**
   * Whether another one would be served soon, as far as can be seen. Which one is at the head is seen
   * only by looking: one that was not there the last time counts as begun then.
   */
  isQuick(nowMs: number): boolean {
    const head = this.length === 0 ? undefined : this.#requests.peek()
    if (head === undefined || nowMs - this.#sinceMs > JOINING_MS) return false
    if (head !== this.#head) {
      this.#head = head
      this.#headSinceMs = this.#lookedMs
    }
    this.#lookedMs = nowMs
    return nowMs - this.#headSinceMs <= LONG_MS
  }
}
