import type { Clock } from '../../src/base/clock.js'

interface FakeTimer {
  readonly callback: () => void
  readonly dueAtMs: number
  readonly ref: boolean
}

/** A clock that stands still until it is told to advance. */
export class FakeClock implements Clock {
  #nowMs = 1_000
  #nextId = 1
  readonly #timers = new Map<number, FakeTimer>()

  /** How many timers are running. */
  get timers(): number {
    return this.#timers.size
  }

  /** How many of them would keep a process alive. */
  get refTimers(): number {
    return [...this.#timers.values()].filter((timer) => timer.ref).length
  }

  /** In how many ms the next timer is due; `undefined` when none is running. */
  get nextDelayMs(): number | undefined {
    if (this.#timers.size === 0) return undefined
    return Math.min(...[...this.#timers.values()].map((timer) => timer.dueAtMs)) - this.#nowMs
  }

  now(): number {
    return this.#nowMs
  }

  setTimer(callback: () => void, delayMs: number, ref: boolean): number {
    if (!(delayMs >= 0 && delayMs <= 0x7fffffff)) throw new RangeError(`delay ${delayMs} ms`)
    const id = this.#nextId++
    this.#timers.set(id, { callback, dueAtMs: this.#nowMs + delayMs, ref })
    return id
  }

  clearTimer(timer: NodeJS.Timeout | number): void {
    if (typeof timer !== 'number') throw new TypeError('not a timer of this clock')
    this.#timers.delete(timer)
  }

  /** Lets time pass, and runs what falls due in its order. Promises settle after it, not within. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      let next: [number, FakeTimer] | undefined
      for (const timer of this.#timers) {
        if (timer[1].dueAtMs <= endMs && timer[1].dueAtMs < (next?.[1].dueAtMs ?? Infinity)) {
          next = timer
        }
      }
      if (next === undefined) break
      this.#timers.delete(next[0])
      this.#nowMs = next[1].dueAtMs
      next[1].callback()
    }
    this.#nowMs = endMs
  }
}
