import type { Clock, TimerHandle } from '../base/clock.js'
import { Deque } from '../base/deque.js'
import { MAX_TIMER_MS } from './housekeeper.js'
import type { Waiter } from './resource-lifecycle.js'
import type { ResourcePoolCounters } from './resource-pool-stats.js'

/** What a {@link WaiterQueue} needs to know from its pool. */
export interface WaiterQueueOwner {
  /** The error for a waiter whose deadline passed. */
  makeTimeoutError(timeoutMs: number): Error
  /** The last waiter left. */
  onNobodyWaiting(): void
}

/** A waiter in the queue. One without a timer has no deadline. */
interface Waiting<T extends object> {
  readonly waiter: Waiter<T>
  key: number
  timer: TimerHandle | undefined
}

/** The callers who wait for a resource, oldest first, each with its deadline. */
export class WaiterQueue<T extends object> {
  readonly #clock: Clock
  readonly #counters: ResourcePoolCounters
  readonly #owner: WaiterQueueOwner
  readonly #waiting = new Deque<Waiting<T>>()

  /** Counts in `counters` what becomes of waiters, except those served. */
  constructor(clock: Clock, counters: ResourcePoolCounters, owner: WaiterQueueOwner) {
    this.#clock = clock
    this.#counters = counters
    this.#owner = owner
  }

  get length(): number {
    return this.#waiting.length
  }

  /**
   * Appends a waiter. Returns its key for {@link cancel}, a positive number.
   *
   * @param timeoutMs from now. More than a timer can take (24.8 days), such as `Infinity`, is no
   * deadline. The timer keeps the process alive: somebody awaits what it does.
   */
  push(waiter: Waiter<T>, timeoutMs: number): number {
    const waiting: Waiting<T> = { waiter, key: 0, timer: undefined }
    const key = this.#waiting.push(waiting)
    waiting.key = key
    if (timeoutMs <= MAX_TIMER_MS) {
      waiting.timer = this.#clock.setTimer(() => this.#timeOut(key, timeoutMs), timeoutMs, true)
    }
    return key
  }

  /** Takes the oldest waiter, to be served. */
  shift(): Waiter<T> | undefined {
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) this.#disarm(waiting)
    return waiting?.waiter
  }

  /** Forgets a waiter without calling it. False when it is not in the queue. */
  cancel(key: number): boolean {
    if (this.#take(key) === undefined) return false
    this.#counters.aborted += 1
    return true
  }

  /** Refuses waiters, the oldest first: everybody, or only those without a deadline; at most `limit`. */
  refuse(error: unknown, who: 'everybody' | 'without deadline', limit: number): void {
    const refused: number[] = []
    for (const { key, timer } of this.#waiting) {
      if (refused.length === limit) break
      if (who === 'everybody' || timer === undefined) refused.push(key)
    }
    // Those called may cancel others.
    for (const key of refused) {
      const waiter = this.#take(key)
      if (waiter === undefined) continue
      this.#counters.refused += 1
      waiter.onRefused(error)
    }
  }

  #timeOut(key: number, timeoutMs: number): void {
    const error = this.#owner.makeTimeoutError(timeoutMs)
    const waiter = this.#take(key)
    if (waiter === undefined) return
    this.#counters.timedOut += 1
    waiter.onRefused(error)
  }

  #take(key: number): Waiter<T> | undefined {
    const waiting = this.#waiting.remove(key)
    if (waiting !== undefined) this.#disarm(waiting)
    return waiting?.waiter
  }

  #disarm({ timer }: Waiting<T>): void {
    if (timer !== undefined) this.#clock.clearTimer(timer)
    if (this.#waiting.length === 0) this.#owner.onNobodyWaiting()
  }
}
