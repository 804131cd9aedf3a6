import type { Clock } from '../base/clock.js'

/** One may begin in a turn for every so many ms that the turn before took, and one in any case. */
const MS_FOR_EACH = 1

/**
 * Has many begin in several turns of the event loop. Ten connections begun in one turn keep everything
 * else waiting for milliseconds (`npm run bench -- pool`). Where turns are long anyway more begin in each,
 * so that a busy process gets its connections as soon.
 */
export class FewATurn {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  /** When this turn began, in ms of the clock; undefined when nothing has begun in it. */
  #sinceMs: number | undefined
  readonly #onNextTurn = (): void => {
    const nowMs = this.#clock.now()
    const tookMs = nowMs - (this.#sinceMs ?? nowMs)
    const next = this.#waiting.splice(0, Math.max(1, Math.floor(tookMs / MS_FOR_EACH)))
    this.#sinceMs = undefined
    if (next.length > 0) this.#startTurn()
    for (const begin of next) begin()
  }

  /** In the turn that makes it nothing begins: there are options to be read, which takes as long. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.#startTurn()
  }

  /** Resolves when the caller may begin: at once, unless somebody has begun in this turn. */
  next(): Promise<void> {
    if (this.#sinceMs !== undefined) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#startTurn()
    return Promise.resolve()
  }

  #startTurn(): void {
    this.#sinceMs = this.#clock.now()
    setImmediate(this.#onNextTurn)
  }
}
