import type { Clock, TimerHandle } from '../base/clock.js'
import { Deque } from '../base/deque.js'
import { MAX_TIMER_MS } from './housekeeper.js'
import { OverloadGauge, type SheddingOptions } from './overload-gauge.js'
import type { Waiter } from './resource-lifecycle.js'
import type { ResourcePoolCounters } from './resource-pool-stats.js'

/** What a {@link WaiterQueue} needs to know from its pool. */
export interface WaiterQueueOwner {
  /** The error for a waiter whose deadline passed. */
  makeTimeoutError(timeoutMs: number): Error
  /** The error for a waiter who is shed. */
  makeShedError(waitedMs: number): Error
  /** The last waiter left. */
  onNobodyWaiting(): void
}

/** A waiter in the queue. One without a timer has no deadline. */
interface Waiting<T extends object> {
  readonly waiter: Waiter<T>
  readonly sinceMs: number
  key: number
  timer: TimerHandle | undefined
}

/** The callers who wait for a resource, oldest first, each with its deadline. */
export class WaiterQueue<T extends object> {
  readonly #clock: Clock
  readonly #counters: ResourcePoolCounters
  readonly #owner: WaiterQueueOwner
  readonly #overload: OverloadGauge
  readonly #waiting = new Deque<Waiting<T>>()

  /** Counts in `counters` what becomes of waiters, except those served, whose wait it records. */
  constructor(
    clock: Clock,
    counters: ResourcePoolCounters,
    shedding: SheddingOptions | undefined,
    owner: WaiterQueueOwner,
  ) {
    this.#clock = clock
    this.#counters = counters
    this.#overload = new OverloadGauge(shedding)
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
    const nowMs = this.#clock.now()
    // Where nobody is served at all only those who come can notice that the queue stands.
    this.shed(nowMs)
    const waiting: Waiting<T> = { waiter, sinceMs: nowMs, key: 0, timer: undefined }
    const key = this.#waiting.push(waiting)
    waiting.key = key
    if (timeoutMs <= MAX_TIMER_MS) {
      waiting.timer = this.#clock.setTimer(() => this.#timeOut(key, timeoutMs), timeoutMs, true)
    }
    return key
  }

  /** Takes the oldest waiter, to be served. To be called after {@link shed}. */
  shift(nowMs: number): Waiter<T> | undefined {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) return undefined
    this.#disarm(waiting)
    this.#counters.waitTime.record(nowMs - waiting.sinceMs)
    return waiting.waiter
  }

  /** As {@link shift}, if `test` holds for the oldest waiter. */
  shiftIf(test: (waiter: Waiter<T>) => boolean, nowMs: number): Waiter<T> | undefined {
    const oldest = this.#waiting.peek()
    return oldest !== undefined && test(oldest.waiter) ? this.shift(nowMs) : undefined
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

  /** Under overload, refuses those who have waited for too long. Gives how many. */
  shed(nowMs: number): number {
    let oldest = this.#waiting.peek()
    if (oldest === undefined) return 0
    const limitMs = this.#overload.note(nowMs - oldest.sinceMs, nowMs)
    let count = 0
    for (; oldest !== undefined && nowMs - oldest.sinceMs > limitMs; count++) {
      const error = this.#owner.makeShedError(nowMs - oldest.sinceMs)
      this.#waiting.shift()
      this.#disarm(oldest)
      this.#counters.shed += 1
      oldest.waiter.onRefused(error)
      oldest = this.#waiting.peek()
    }
    return count
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
