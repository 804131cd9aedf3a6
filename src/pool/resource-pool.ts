import type { Clock } from '../base/clock.js'
import {
  PoolClosedError,
  PoolOverloadedError,
  type PoolSnapshot,
  PoolTimeoutError,
} from '../base/errors.js'
import { Backoff } from './backoff.js'
import { Creations } from './creations.js'
import { type Deferred, makeDeferred } from './deferred.js'
import { Housekeeper } from './housekeeper.js'
import type { DestroyReason, ResourceLifecycle, Waiter } from './resource-lifecycle.js'
import type { ResourcePoolOptions } from './resource-pool-options.js'
import { ResourcePoolCounters, type ResourcePoolStats } from './resource-pool-stats.js'
import { ResourceStock } from './resource-stock.js'
import { WaiterQueue } from './waiter-queue.js'

/**
 * Lends resources, whatever they are.
 *
 * - Idle resources are lent last in, first out: few of them stay busy, the others time out.
 * - Waiters are served first come, first served, and before anybody who asks later. Deadlines are
 *   absolute: nothing that happens meanwhile moves them.
 * - A waiter waits for *a* resource, not for one made for it: a released one beats a half-made one,
 *   and a creation outlives the waiter that caused it. Creations start only while waiters outnumber
 *   those under way, or `minSize` is not reached, and never beyond `maxSize`.
 *
 * **When a creation fails**, the next ones come one at a time after growing pauses ({@link Backoff}).
 * Nobody is refused for it while something else may still serve the queue: another creation under
 * way, or a lent resource not known to be broken. Otherwise it depends on what the waiter asked for.
 * - With a deadline it waits on, as the trouble may pass; else its PoolTimeoutError has the failure
 *   as `cause`. Only a failure that is not transient refuses it too.
 * - Without a deadline it gets the failure, so that nobody hangs for as long as a server is down.
 *
 * The first failure in a row costs only the oldest of them, since one lost attempt says little; the
 * second costs them all.
 *
 * ```
 * open ──close()──> closing ──all is back──> closed <──terminate()── open, closing
 * ```
 */
export class ResourcePool<T extends object> {
  readonly #lifecycle: ResourceLifecycle<T>
  readonly #options: ResourcePoolOptions
  readonly #clock: Clock
  readonly #counters = new ResourcePoolCounters()
  readonly #backoff: Backoff
  readonly #housekeeper: Housekeeper
  readonly #creations: Creations<T>
  readonly #waiters: WaiterQueue<T>
  readonly #stock: ResourceStock<T>
  #state: 'open' | 'closing' | 'closed' = 'open'
  #isServing = false
  #warmUp: Deferred | undefined
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
    this.#options = options
    this.#clock = clock
    this.#backoff = new Backoff(options.retryBackoff, random)
    this.#housekeeper = new Housekeeper(clock, () => this.#sweep())
    this.#stock = new ResourceStock(lifecycle, options, random, this.#counters)
    this.#waiters = new WaiterQueue(clock, this.#counters, {
      makeTimeoutError: (timeoutMs) => this.#makeTimeoutError(timeoutMs),
      onNobodyWaiting: () => this.#housekeeper.letProcessExit(),
    })
    this.#creations = new Creations(lifecycle, this.#backoff, clock, this.#counters, {
      onCreated: (resource) => this.#onCreated(resource),
      onCreateFailed: (error) => this.#onCreateFailed(error),
      onCreateStopped: () => this.#finishClosing(),
    })
  }

  /** Figures of this moment, as errors carry them. */
  get snapshot(): PoolSnapshot {
    return {
      size: this.#size,
      idle: this.#stock.idle,
      lent: this.#stock.lent,
      creating: this.#creations.length,
      waiting: this.#waiters.length,
      maxSize: this.#options.maxSize,
    }
  }

  /** A copy of all figures. */
  stats(): ResourcePoolStats {
    const { minSize } = this.#options
    const destroyed = { ...this.#counters.destroyed }
    return { ...this.snapshot, minSize, ...this.#counters, destroyed }
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
    if (this.#stock.size >= this.#options.minSize) return Promise.resolve()
    if (this.#warmUp === undefined) {
      this.#warmUp = makeDeferred()
      // When the first one joins, #grow opens the others.
      if (this.#size === 0 && this.#creations.mayStart()) this.#creations.start()
      else this.#grow()
    }
    return this.#warmUp.promise
  }

  /** The idle resource that was used last. `undefined` when there is none, or others are waiting. */
  tryAcquire(): T | undefined {
    // Idle resources beside waiters exist only within #serve, which is about to hand them over.
    if (this.#waiters.length > 0 || !this.#hasFit()) return undefined
    return this.#stock.lend()
  }

  /**
   * Calls one of the waiter's methods as soon as its fate is known, which may be at once.
   *
   * @param timeoutMs `Infinity` for no deadline; 0 or less refuses a waiter that would have to wait
   * @returns what {@link cancel} takes
   */
  enqueue(waiter: Waiter<T>, timeoutMs: number): number {
    const resource = this.tryAcquire()
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
    this.#grow()
    return handle
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
   * @throws {PoolOverloadedError} when `maxWaiting` others are waiting
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
      const onAbort = () => {
        if (this.cancel(handle)) reject(signal?.reason)
      }
      const waiter: Waiter<T> = {
        onResource(resource) {
          signal?.removeEventListener('abort', onAbort)
          resolve(resource)
        },
        onRefused(error) {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      const handle = this.enqueue(waiter, timeoutMs)
      if (handle !== ALREADY_SETTLED) signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /**
   * Takes a lent resource back, for the oldest waiter or for later. Ignored once all is closed.
   *
   * @throws {InterfaceError} if this pool has not lent it
   */
  release(resource: T): void {
    if (this.#state === 'closed') return
    const entry = this.#stock.takeBack(resource)
    const nowMs = this.#clock.now()
    const unfitness = this.#stock.findUnfitness(entry, nowMs)
    if (unfitness !== undefined || this.#state === 'closing') {
      this.#stock.destroy(entry, unfitness ?? 'closed')
      this.#onDestroyed()
      return
    }
    this.#housekeeper.wakeBy(this.#stock.putIdle(entry, nowMs))
    if (this.#waiters.length > 0) this.#serve()
  }

  /**
   * Takes a lent resource back and destroys it. Ignored once all is closed.
   *
   * @throws {InterfaceError} if this pool has not lent it
   */
  discard(resource: T, reason: DestroyReason = 'discarded'): void {
    if (this.#state === 'closed') return
    this.#stock.destroy(this.#stock.takeBack(resource), reason)
    this.#onDestroyed()
  }

  /**
   * Tells the pool that a resource broke. An idle one is destroyed at once and made up for, a lent one
   * when it comes back. One that the pool does not hold (any more) is ignored.
   */
  remove(resource: T): void {
    this.#stock.remove(resource)
    this.#grow()
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
        this.#stock.destroyIdle('closed')
      }
      this.#finishClosing()
    }
    return this.#closed.promise
  }

  /** Closes now: lent resources are destroyed too, and giving them back afterwards is harmless. */
  terminate(): void {
    if (this.#state === 'closed') return
    this.#stop('closed', 'terminated')
    this.#stock.destroyAll('terminated')
    this.#closed?.resolve()
  }

  get #size(): number {
    return this.#stock.size + this.#creations.length
  }

  /** Whether a resource may be lent now. Destroys and makes up for those idle that may not. */
  #hasFit(): boolean {
    while (this.#stock.idle > 0) {
      const sizeBefore = this.#stock.size
      const hasFit = this.#stock.dropUnfit(this.#clock.now())
      if (this.#stock.size === sizeBefore) return hasFit
      // Destroying and creating run foreign code, which may change everything: look again.
      this.#grow()
    }
    return false
  }

  /** Hands idle resources to waiters. A loop, since a waiter may release within `onResource`. */
  #serve(): void {
    if (this.#isServing) return
    this.#isServing = true
    try {
      while (this.#waiters.length > 0 && this.#hasFit()) {
        const waiter = this.#waiters.shift()
        // #hasFit may have run code that cancelled the last one.
        if (waiter === undefined) break
        const resource = this.#stock.lend()
        if (resource !== undefined) waiter.onResource(resource)
      }
    } finally {
      this.#isServing = false
    }
  }

  #refuseAtOnce(timeoutMs: number): Error | undefined {
    if (this.#state !== 'open') {
      this.#counters.refused += 1
      return new PoolClosedError()
    }
    if (this.#waiters.length >= this.#options.maxWaiting) {
      this.#counters.refused += 1
      return new PoolOverloadedError(this.snapshot)
    }
    if (timeoutMs > 0) return undefined
    this.#counters.timedOut += 1
    return this.#makeTimeoutError(timeoutMs)
  }

  #makeTimeoutError(timeoutMs: number): PoolTimeoutError {
    const cause = this.#backoff.lastError
    return new PoolTimeoutError(timeoutMs, this.snapshot, cause === undefined ? {} : { cause })
  }

  /** Starts the creations that are wanted and allowed. Must follow whatever may make one wanted. */
  #grow(): void {
    while (this.#isCreationWanted()) {
      if (!this.#creations.mayStart()) {
        this.#plan()
        return
      }
      this.#creations.start()
    }
  }

  #isCreationWanted(): boolean {
    const { minSize, maxSize } = this.#options
    if (this.#state !== 'open' || this.#size >= maxSize) return false
    const needed = Math.max(this.#waiters.length, minSize - this.#stock.size)
    return needed > this.#creations.length
  }

  #onCreated(resource: T): void {
    this.#housekeeper.wakeBy(this.#stock.add(resource, this.#clock.now()))
    this.#serve()
    if (this.#warmUp !== undefined && this.#stock.size >= this.#options.minSize) {
      this.#warmUp.resolve()
      this.#warmUp = undefined
    }
    this.#grow()
    this.#plan()
  }

  #onCreateFailed(error: unknown): void {
    this.#warmUp?.reject(error)
    this.#warmUp = undefined
    const othersMayServe = this.#creations.length > 0 || this.#stock.hasSound
    if (!othersMayServe) {
      const isTransient = this.#lifecycle.isTransient?.(error) ?? true
      const limit = this.#backoff.failures === 1 ? 1 : Number.POSITIVE_INFINITY
      this.#waiters.refuse(error, isTransient ? 'without deadline' : 'everybody', limit)
    }
    this.#grow()
  }

  #onDestroyed(): void {
    this.#grow()
    this.#finishClosing()
  }

  /** What the housekeeper does: compares timestamps, tops up, and orders its next visit. */
  #sweep(): void {
    this.#stock.destroyDue(this.#clock.now())
    this.#grow()
    this.#plan()
  }

  #plan(): void {
    const dueAtMs = this.#stock.nextDueAtMs()
    // A creation under way needs no timer: when it settles, #grow decides again.
    const mustRetry = this.#creations.length === 0 && this.#isCreationWanted()
    const visitAtMs = mustRetry ? Math.min(dueAtMs, this.#backoff.retryAtMs) : dueAtMs
    this.#housekeeper.schedule(visitAtMs, mustRetry && this.#waiters.length > 0)
  }

  #stop(state: 'closing' | 'closed', reason: DestroyReason): void {
    this.#state = state
    this.#housekeeper.stop()
    this.#creations.stop(reason, new PoolClosedError())
    this.#warmUp?.reject(new PoolClosedError())
    this.#warmUp = undefined
    this.#waiters.refuse(new PoolClosedError(), 'everybody', Number.POSITIVE_INFINITY)
  }

  #finishClosing(): void {
    if (this.#state === 'open' || (this.#state === 'closing' && this.#size > 0)) return
    this.#state = 'closed'
    this.#closed?.resolve()
  }
}

/** What {@link ResourcePool.enqueue} returns for a waiter that it has called already. */
const ALREADY_SETTLED = 0
