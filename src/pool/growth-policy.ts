/** The weight of the newest duration in a moving average. */
const WEIGHT = 1 / 16

/**
 * Says how many creations a queue of waiters is worth, so that a burst that the open resources work
 * off sooner than a new one can be made opens next to nothing (HikariCP's spike: 50 requests of 2 ms,
 * 150 ms to connect).
 *
 * It compares how long a creation takes with how soon what is lent comes back, both as moving averages.
 * Loans that last longer than the average, as they do when a server gets slow, count with their age.
 */
export class GrowthPolicy {
  /** NaN for as long as it is not known: where a field may be undefined too, each number in it is an object. */
  #createMs = Number.NaN
  #useMs = Number.NaN

  /** Notes how long a creation took that succeeded. */
  noteCreated(ms: number): void {
    this.#createMs = average(this.#createMs, ms)
  }

  /** Notes for how long a resource was lent. */
  noteUsed(ms: number): void {
    this.#useMs = average(this.#useMs, ms)
  }

  /**
   * How many creations should be under way, all included, for `waiting` callers: one at least, since
   * an average may be wrong, and no more while nothing is known; else one for each waiter whom nothing
   * that is lent reaches while a creation takes.
   *
   * @param lent resources that are expected back
   * @param loanAgeMs for how long they have been lent, on average
   */
  demand(waiting: number, lent: number, loanAgeMs: number): number {
    if (waiting === 0) return 0
    const createMs = this.#createMs
    const useMs = this.#expectedUseMs(loanAgeMs)
    if (Number.isNaN(createMs) || Number.isNaN(useMs)) return 1
    if (createMs === 0) return waiting
    const reached = useMs === 0 ? waiting : Math.floor((lent * createMs) / useMs)
    return Math.max(1, waiting - reached)
  }

  #expectedUseMs(loanAgeMs: number): number {
    // Loans are half over on average when one looks at them.
    const estimateMs = 2 * loanAgeMs
    if (!Number.isNaN(this.#useMs)) return Math.max(this.#useMs, estimateMs)
    // Nothing came back yet: only what takes longer than a creation shows so early.
    return estimateMs > 0 && !(estimateMs < this.#createMs) ? estimateMs : Number.NaN
  }
}

function average(former: number, value: number): number {
  return Number.isNaN(former) ? value : former + (value - former) * WEIGHT
}
