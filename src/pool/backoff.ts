/** How long to wait between attempts that fail. */
export interface BackoffOptions {
  /** Delay after the first failure, in ms. */
  readonly min: number
  /** Most that a delay grows to, in ms. */
  readonly max: number
  /** What each further failure multiplies the delay by; at least 1. */
  readonly factor: number
  /** Share of a delay, 0 to 1, that chance may take off, so that many clients do not return as one. */
  readonly jitter: number
}

/**
 * Says when attempts may be made, after some have failed.
 *
 * While the last attempt succeeded, any number may run side by side. After a failure there is one at
 * a time, each after a longer pause, until one succeeds. Attempts that ran side by side and fail
 * together lengthen the pause once.
 */
export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: () => number
  #failures = 0
  #step = 0
  #retryAtMs = 0
  #lastError: unknown

  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options
    this.#random = random
  }

  /** Attempts that failed since one succeeded. */
  get failures(): number {
    return this.#failures
  }

  /** What the last attempt failed with; `undefined` when it succeeded. */
  get lastError(): unknown {
    return this.#lastError
  }

  /** No attempt is allowed before this time, in ms of the clock. */
  get retryAtMs(): number {
    return this.#retryAtMs
  }

  /** How often the pause was lengthened: an attempt notes it at its start for {@link fail}. */
  get step(): number {
    return this.#step
  }

  /** Whether an attempt may start now, beside the `underWay` that have started. */
  allows(nowMs: number, underWay: number): boolean {
    return this.#step === 0 || (underWay === 0 && nowMs >= this.#retryAtMs)
  }

  succeed(): void {
    this.#failures = 0
    this.#step = 0
    this.#retryAtMs = 0
    this.#lastError = undefined
  }

  /** Notes that an attempt failed which started at `step`. */
  fail(step: number, nowMs: number, error: unknown): void {
    this.#failures += 1
    this.#lastError = error
    if (step < this.#step) return
    const { min, max, factor, jitter } = this.#options
    const delayMs = Math.min(max, min * factor ** this.#step)
    this.#step += 1
    this.#retryAtMs = nowMs + delayMs * (1 - jitter * this.#random())
  }
}
