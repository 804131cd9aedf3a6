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
  /** After failing for so long, in ms, callers are refused at once during pauses; `Infinity` for never. */
  readonly failFast: number
}

/** Most attempts side by side: a hundred at once would be a storm for any server. */
const MAX_PARALLEL = 10

/** Least pause between failures, whatever the options say: with the above, 50 attempts a second at most. */
const LEAST_PAUSE_MS = 25

/**
 * Says when attempts may be made, after some have failed.
 *
 * While the last attempt succeeded, several may run side by side. After a failure there is one at
 * a time, each after a longer pause, until one succeeds. Attempts that ran side by side and fail
 * together lengthen the pause once.
 */
export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: () => number
  #failures = 0
  #step = 0
  #failingSinceMs = Number.POSITIVE_INFINITY
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
    if (this.#step === 0) return underWay < MAX_PARALLEL
    return underWay === 0 && nowMs >= this.#retryAtMs
  }

  /** Whether it has failed for so long that nobody should wait for the next attempt, which is not due yet. */
  failsFast(nowMs: number): boolean {
    return nowMs < this.#retryAtMs && nowMs - this.#failingSinceMs >= this.#options.failFast
  }

  succeed(): void {
    this.#failures = 0
    this.#step = 0
    this.#failingSinceMs = Number.POSITIVE_INFINITY
    this.#retryAtMs = 0
    this.#lastError = undefined
  }

  /** Notes that an attempt failed which started at `step`. */
  fail(step: number, nowMs: number, error: unknown): void {
    if (this.#failures === 0) this.#failingSinceMs = nowMs
    this.#failures += 1
    this.#lastError = error
    if (step < this.#step) return
    const { min, max, factor, jitter } = this.#options
    const delayMs = Math.min(max, min * factor ** this.#step)
    this.#step += 1
    this.#retryAtMs = nowMs + Math.max(LEAST_PAUSE_MS, delayMs * (1 - jitter * this.#random()))
  }
}
