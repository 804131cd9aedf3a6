/** When waiters are shed: CoDel, as Erlang's and Elixir's pools have it. */
export interface SheddingOptions {
  /** A wait that a healthy pool stays below now and then, in ms. */
  readonly target: number
  /** For how long every wait must have been above `target`, in ms. */
  readonly interval: number
}

/**
 * Tells a burst, which passes, from a queue that stands, which makes everybody late (CoDel, "controlled
 * delay": Nichols and Jacobson 2012; Elixir's db_connection). If *every* caller served within an
 * interval has waited for longer than the target, the pool is overloaded: then whoever has waited for
 * twice the target is refused, so that those behind are served in time.
 */
export class OverloadGauge {
  readonly #options: SheddingOptions | undefined
  #shortestMs = Number.POSITIVE_INFINITY
  #intervalEndMs = Number.NEGATIVE_INFINITY
  #isOverloaded = false

  /** Without options nobody is shed. */
  constructor(options: SheddingOptions | undefined) {
    this.#options = options
  }

  /**
   * Notes that the oldest waiter, who has waited for `waitMs`, is about to be served, or is met by one
   * who comes after it.
   *
   * @returns how long a waiter may have waited and still be served, in ms
   */
  note(waitMs: number, nowMs: number): number {
    if (this.#options === undefined) return Number.POSITIVE_INFINITY
    const { target, interval } = this.#options
    if (nowMs >= this.#intervalEndMs) {
      // A pause in the traffic longer than an interval says nothing about the queue before it.
      const isRecent = nowMs - this.#intervalEndMs < interval
      this.#isOverloaded = isRecent && this.#shortestMs > target
      this.#intervalEndMs = nowMs + interval
      this.#shortestMs = waitMs
    } else if (waitMs < this.#shortestMs) {
      this.#shortestMs = waitMs
    }
    if (waitMs <= target) this.#isOverloaded = false
    return this.#isOverloaded ? 2 * target : Number.POSITIVE_INFINITY
  }
}
