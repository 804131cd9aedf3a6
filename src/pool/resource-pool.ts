import { addAbortListener, removeAbortListener } from '../base/abort-listeners.js'
import type { Clock } from '../base/clock.js'
import {
  PoolClosedError,
  PoolOverloadedError,
  type PoolSnapshot,
  PoolTimeoutError,
} from '../base/pool-errors.js'
import { type Deferred, makeDeferred } from './deferred.js'
import type { DestroyReason, ResourceLifecycle, Waiter } from './resource-lifecycle.js'
import type { ResourcePoolLimits, ResourcePoolOptions } from './resource-pool-options.js'
import { copyStats, ResourcePoolCounters, type ResourcePoolStats } from './resource-pool-stats.js'
import { ResourceSupply } from './resource-supply.js'
import { WaiterQueue } from './waiter-queue.js'

/**
 * Lends resources, whatever they are.
 *
 * - Idle resources are lent last in, first out: few of them stay busy, the others time out.
 * - Waiters are served first come, first served, and before anybody who asks later. Deadlines are
 *   absolute: nothing that happens meanwhile moves them.
 * - A waiter waits for *a* resource, not for one made for it: a released one beats a half-made one,
 *   and a creation outlives the waiter that caused it. Creations start for waiters whom what is lent
 *   would reach later (`GrowthPolicy`) and below `minSize`, never beyond `maxSize`.
 * - What was idle for long is validated before it is lent; meanwhile its waiter may get another.
 *
 * **When a creation fails**, the next ones come one at a time after growing pauses (`Backoff`).
 * Nobody is refused for it while something else may still serve the queue: another creation under
 * way, or a lent resource not known to be broken. Otherwise it depends on what the waiter asked for.
 * - With a deadline it waits on, as the trouble may pass; else its PoolTimeoutError has the failure
 *   as `cause`. Only a failure that is not transient refuses it too.
 * - Without a deadline it gets the failure, so that nobody hangs for as long as a server is down.
 *
 * The first failure in a row costs only the oldest of them, since one lost attempt says little; the
 * second costs them all. After `failFast` ms of failures everybody who comes is refused at once.
 *
 * ```
 * open ──close()──> closing ──all is back──> closed <──terminate()── open, closing
 * ```
 */
export class ResourcePool<T extends object> {
  readonly #lifecycle: ResourceLifecycle<T>
  readonly #maxWaiting: number
  readonly #clock: Clock
  readonly #counters = new ResourcePoolCounters()
  readonly #waiters: WaiterQueue<T>
  readonly #supply: ResourceSupply<T>
  #state: 'open' | 'closing' | 'closed' = 'open'
  #isPaused = false
  #isServing = false
  /** Resolves when nothing is lent, for {@link pause}. */
  #drained: Deferred | undefined
  #closed: Deferred | undefined

  /**
   * Opens nothing yet: see {@link warmUp}.
   *
   * @param random gives numbers from 0 to 1, 1 excluded
   */
  constructor(
    lifecycle: ResourceLifecycle<T>,
    options: ResourcePoolOptions,
    clock: Clock,
    random: () => number,
  ) {
    this.#lifecycle = lifecycle
    this.#maxWaiting = options.maxWaiting
    this.#clock = clock
    this.#waiters = new WaiterQueue(clock, this.#counters, options.shedding, {
      makeTimeoutError: (timeoutMs) => this.#makeTimeoutError(timeoutMs),
      makeShedError: (waitedMs) => new PoolOverloadedError(this.snapshot, waitedMs),
      onNobodyWaiting: () => this.#supply.letProcessExit(),
    })
    this.#supply = new ResourceSupply(lifecycle, options, clock, random, this.#counters, {
      countWaiting: () => this.#waiters.length,
      mayLend: () => this.#state === 'open' && !this.#isPaused,
      onStock: () => {
        if (this.#waiters.length > 0) this.#serve()
        this.#checkDrained()
      },
      onCreateFailed: (error, hasHope, failures) => this.#onCreateFailed(error, hasHope, failures),
      onFewer: () => {
        this.#checkDrained()
        this.#finishClosing()
      },
    })
  }

  /** Figures of this moment, as errors carry them. */
  get snapshot(): PoolSnapshot {
    const { size, creating, stock, limits } = this.#supply
    return {
      size,
      idle: stock.idle,
      lent: stock.lent,
      creating,
      waiting: this.#waiters.length,
      maxSize: limits.maxSize,
    }
  }

  get limits(): ResourcePoolLimits {
    return this.#supply.limits
  }

  /** Whether as many are lent as there may be. */
  get isExhausted(): boolean {
    return this.#supply.stock.lent >= this.#supply.limits.maxSize
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Whether a resource that could serve several at once may do so: nobody waits who came before. */
  get isFreeToAll(): boolean {
    return this.#state === 'open' && !this.#isPaused && this.#waiters.length === 0
  }

  /** A copy of all figures. */
  stats(): ResourcePoolStats {
    return copyStats(this.#counters, this.snapshot, this.limits.minSize)
  }

  /**
   * Opens `minSize` resources: one alone, to see whether it can be done, then the others side by side.
   * Who gives up when it rejects must {@link terminate} the pool, which goes on trying otherwise.
   *
   * @throws what the first creation that failed has failed with
   * @throws {PoolClosedError} when the pool is closed, or closes meanwhile
   */
  warmUp(): Promise<void> {
    if (this.#state !== 'open') return Promise.reject(new PoolClosedError())
    return this.#supply.warmUp()
  }

  /**
   * The idle resource that was used last. `undefined` when there is none, when it must be validated
   * first, and when others are waiting.
   */
  tryAcquire(): T | undefined {
    return this.#lendNow(false)
  }

  /**
   * Calls one of the waiter's methods as soon as its fate is known, which may be at once.
   *
   * @param timeoutMs `Infinity` for no deadline; 0 or less refuses a waiter that would have to wait
   * @returns what {@link cancel} takes
   */
  enqueue(waiter: Waiter<T>, timeoutMs: number): number {
    // Who cannot wait at all cannot wait for a validation either.
    const resource = this.#lendNow(timeoutMs <= 0)
    if (resource !== undefined) {
      waiter.onResource(resource)
      return ALREADY_SETTLED
    }
    const refusal = this.#refuseAtOnce(timeoutMs)
    if (refusal !== undefined) {
      waiter.onRefused(refusal)
      return ALREADY_SETTLED
    }
    const handle = this.#waiters.push(waiter, timeoutMs)
    this.#supply.validate()
    this.#supply.grow()
    return handle
  }

  /** Takes the oldest waiter without calling it, if `test` holds for it: for who serves it by what is lent already. */
  shiftWaiter(test: (waiter: Waiter<T>) => boolean): Waiter<T> | undefined {
    return this.#waiters.shiftIf(test, this.#clock.now())
  }

  /** Forgets a waiter without calling it. False when it was called already. */
  cancel(handle: number): boolean {
    return this.#waiters.cancel(handle)
  }

  /**
   * Lends a resource as soon as there is one.
   *
   * @param timeoutMs as for {@link enqueue}
   * @throws {PoolTimeoutError} when the deadline passes
   * @throws {PoolOverloadedError} when `maxWaiting` others are waiting, or when shed
   * @throws {PoolClosedError} when the pool is closed, or closes meanwhile
   * @throws the reason of `signal` once it is aborted; what `create` failed with (see the class)
   */
  acquire(timeoutMs: number = Number.POSITIVE_INFINITY, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) {
      this.#counters.aborted += 1
      return Promise.reject(signal.reason)
    }
    const resource = this.tryAcquire()
    if (resource !== undefined) return Promise.resolve(resource)
    return new Promise((resolve, reject) => {
      const onAbort = () => this.cancel(handle) && reject(signal?.reason)
      const waiter: Waiter<T> = {
        onResource(resource) {
          removeAbortListener(signal, onAbort)
          resolve(resource)
        },
        onRefused(error) {
          removeAbortListener(signal, onAbort)
          reject(error)
        },
      }
      const handle = this.enqueue(waiter, timeoutMs)
      if (handle !== ALREADY_SETTLED) addAbortListener(signal, onAbort)
    })
  }

  /**
   * Takes a lent resource back, for the oldest waiter or for later. Ignored once all is closed.
   *
   * @throws {InterfaceError} if this pool has not lent it
   */
  release(resource: T): void {
    if (this.#state === 'closed') return
    const nowMs = this.#clock.now()
    const entry = this.#supply.takeBack(resource, nowMs)
    if (this.#state === 'closing') this.#supply.destroy(entry, 'closed')
    else this.#supply.takeIn(entry, nowMs)
  }

  /**
   * Takes a lent resource back and destroys it. Ignored once all is closed.
   *
   * @throws {InterfaceError} if this pool has not lent it
   */
  discard(resource: T, reason: DestroyReason = 'discarded'): void {
    if (this.#state === 'closed') return
    this.#supply.destroy(this.#supply.takeBack(resource, this.#clock.now()), reason)
  }

  /**
   * Tells the pool that a resource broke. An idle one is destroyed at once and made up for, a lent one
   * when it comes back. One that the pool does not hold (any more) is ignored.
   */
  remove(resource: T): void {
    this.#supply.remove(resource)
  }

  /**
   * Changes the limits. What is open beyond the new `maxSize` goes: idle at once, lent when it comes
   * back. What the new `minSize` lacks is opened.
   */
  resize(limits: ResourcePoolLimits): void {
    this.#supply.resize(limits)
  }

  /**
   * Replaces everything that is open or opening, within `spreadMs`: at once, or when chance says. What
   * is lent then goes when it comes back.
   */
  expire(spreadMs: number): void {
    this.#supply.expire(spreadMs)
  }

  /**
   * Lends and opens nothing any more until {@link resume}; callers wait, within their deadlines.
   * Resolves when nothing is lent, or the pause is over. Again waits for the same.
   */
  pause(): Promise<void> {
    if (this.#state === 'open') this.#isPaused = true
    this.#drained ??= makeDeferred()
    const { promise } = this.#drained
    this.#checkDrained()
    return promise
  }

  /** Ends a pause. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#checkDrained()
    this.#serve()
    this.#supply.grow()
    this.#supply.plan()
  }

  /**
   * Refuses the waiters and everybody who comes later, destroys what is idle, and aborts creations.
   * Resolves when all lent resources are back, and no creation is under way.
   */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = makeDeferred()
      if (this.#state === 'open') {
        this.#stop('closing', 'closed')
        this.#supply.stock.destroyIdle('closed')
      }
      this.#finishClosing()
    }
    return this.#closed.promise
  }

  /** Closes now: lent resources are destroyed too, and giving them back afterwards is harmless. */
  terminate(): void {
    if (this.#state === 'closed') return
    this.#stop('closed', 'terminated')
    this.#supply.stock.destroyAll('terminated')
    this.#closed?.resolve()
  }

  #lendNow(mayBeStale: boolean): T | undefined {
    // Idle resources beside waiters exist only within #serve, which is about to hand them over.
    if (this.#waiters.length > 0) return undefined
    const nowMs = this.#clock.now()
    if (!this.#supply.hasFit(nowMs)) return undefined
    const { stock } = this.#supply
    if (!mayBeStale && stock.mustValidate(nowMs)) return undefined
    this.#counters.waitTime.record(0)
    return stock.lend(nowMs)
  }

  /** Hands idle resources to waiters. A loop, since a waiter may release within `onResource`. */
  #serve(): void {
    if (this.#isServing) return
    this.#isServing = true
    const { stock } = this.#supply
    try {
      while (this.#waiters.length > 0 && stock.idle > 0) {
        const nowMs = this.#clock.now()
        if (!this.#supply.hasFit(nowMs)) return
        if (stock.mustValidate(nowMs)) {
          this.#supply.validate()
          return
        }
        // Whom it refuses may change everything: look again.
        if (this.#waiters.shed(nowMs) > 0) continue
        const waiter = this.#waiters.shift(nowMs)
        const resource = waiter && stock.lend(nowMs)
        if (resource !== undefined) waiter?.onResource(resource)
      }
    } finally {
      this.#isServing = false
    }
  }

  #refuseAtOnce(timeoutMs: number): unknown {
    const refusal = this.#findRefusal()
    if (refusal !== undefined) {
      this.#counters.refused += 1
      return refusal
    }
    if (timeoutMs > 0) return undefined
    this.#counters.timedOut += 1
    return this.#makeTimeoutError(timeoutMs)
  }

  #findRefusal(): unknown {
    if (this.#state !== 'open') return new PoolClosedError()
    if (this.#waiters.length >= this.#maxWaiting) return new PoolOverloadedError(this.snapshot)
    const { stock, backoff } = this.#supply
    const isDown = !stock.hasSound && !this.#isPaused && backoff.failsFast(this.#clock.now())
    return isDown ? backoff.lastError : undefined
  }

  #makeTimeoutError(timeoutMs: number): PoolTimeoutError {
    const cause = this.#supply.backoff.lastError
    return new PoolTimeoutError(timeoutMs, this.snapshot, cause === undefined ? {} : { cause })
  }

  #onCreateFailed(error: unknown, hasHope: boolean, failures: number): void {
    // After a pause there will be another attempt.
    if (hasHope || this.#isPaused) return
    const isTransient = this.#lifecycle.isTransient?.(error) ?? true
    const limit = failures === 1 ? 1 : Number.POSITIVE_INFINITY
    this.#waiters.refuse(error, isTransient ? 'without deadline' : 'everybody', limit)
  }

  #checkDrained(): void {
    if (this.#drained === undefined || (this.#isPaused && this.#supply.stock.lent > 0)) return
    this.#drained.resolve()
    this.#drained = undefined
  }

  #stop(state: 'closing' | 'closed', reason: DestroyReason): void {
    this.#state = state
    this.#isPaused = false
    this.#checkDrained()
    this.#supply.stop(reason, new PoolClosedError())
    this.#waiters.refuse(new PoolClosedError(), 'everybody', Number.POSITIVE_INFINITY)
  }

  #finishClosing(): void {
    if (this.#state === 'open' || (this.#state === 'closing' && this.#supply.size > 0)) return
    this.#state = 'closed'
    this.#closed?.resolve()
  }
}

/** What {@link ResourcePool.enqueue} returns for a waiter that it has called already. */
export const ALREADY_SETTLED = 0
