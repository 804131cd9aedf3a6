import type { Clock } from '../base/clock.js'
import { Backoff } from './backoff.js'
import { Creations } from './creations.js'
import { type Deferred, makeDeferred } from './deferred.js'
import { GrowthPolicy } from './growth-policy.js'
import { Housekeeper } from './housekeeper.js'
import type { DestroyReason, ResourceLifecycle } from './resource-lifecycle.js'
import type { ResourcePoolLimits, ResourcePoolOptions } from './resource-pool-options.js'
import type { ResourcePoolCounters } from './resource-pool-stats.js'
import { ResourceStock, type StockEntry } from './resource-stock.js'
import { Validations } from './validations.js'

/**
 * What a {@link ResourceSupply} asks and tells the pool that lends from it. Methods alone: an object
 * literal with getters is a dictionary to V8, which each use then has to look up.
 */
export interface SupplyOwner {
  /** How many callers wait. */
  countWaiting(): number
  /** Whether anything may be lent and opened. */
  mayLend(): boolean
  /** A resource may be lent that could not be before. */
  onStock(): void
  /** A creation failed; nobody is to be refused for it if `hasHope`: something else may serve them. */
  onCreateFailed(error: unknown, hasHope: boolean, failures: number): void
  /** Fewer are open, or opening, or lent. */
  onFewer(): void
}

/**
 * The resources of a pool, and all that opens, validates and ends them: those in the
 * {@link ResourceStock}, and those under way. It has the one timer, for idle times, lifetimes,
 * the minimum and the next attempt after a failure.
 */
export class ResourceSupply<T extends object> {
  readonly stock: ResourceStock<T>
  readonly backoff: Backoff
  readonly #lifecycle: ResourceLifecycle<T>
  /** Its own copy, which {@link resize} changes. */
  readonly #options: { -readonly [K in keyof ResourcePoolOptions]: ResourcePoolOptions[K] }
  readonly #clock: Clock
  readonly #counters: ResourcePoolCounters
  readonly #owner: SupplyOwner
  readonly #creations: Creations<T>
  readonly #validations: Validations<T>
  readonly #housekeeper: Housekeeper
  readonly #growth = new GrowthPolicy()
  #warmUp: Deferred | undefined

  constructor(
    lifecycle: ResourceLifecycle<T>,
    options: ResourcePoolOptions,
    clock: Clock,
    random: () => number,
    counters: ResourcePoolCounters,
    owner: SupplyOwner,
  ) {
    this.#lifecycle = lifecycle
    this.#options = { ...options }
    this.#clock = clock
    this.#counters = counters
    this.#owner = owner
    this.backoff = new Backoff(options.retryBackoff, random)
    this.stock = new ResourceStock(lifecycle, this.#options, random, counters)
    this.#housekeeper = new Housekeeper(clock, () => this.#sweep())
    this.#creations = new Creations(lifecycle, this.backoff, clock, counters, {
      onCreated: (resource, durationMs) => this.#onCreated(resource, durationMs),
      onCreateOutdated: () => this.grow(),
      onCreateFailed: (error) => this.#onCreateFailed(error),
      onCreateStopped: () => owner.onFewer(),
    })
    this.#validations = new Validations(lifecycle, this.stock, clock, options.validationTimeoutMs, {
      onValid: (entry) => {
        this.takeIn(entry, clock.now())
        this.grow()
      },
      onInvalid: (entry) => this.#onInvalid(entry),
    })
  }

  get limits(): ResourcePoolLimits {
    return this.#options
  }

  /** All that is open or opening. */
  get size(): number {
    return this.stock.size + this.#creations.length
  }

  /** What is opening, or being validated. */
  get creating(): number {
    return this.#creations.length + this.stock.validating
  }

  /** Opens `minSize`: one alone, then the others. Rejects with the failure of the first that fails. */
  warmUp(): Promise<void> {
    if (this.stock.size >= this.#options.minSize) return Promise.resolve()
    if (this.#warmUp === undefined) {
      this.#warmUp = makeDeferred()
      // When the first one joins, grow opens the others.
      const mayStart = this.#owner.mayLend() && this.#creations.mayStart()
      if (this.size === 0 && mayStart) this.#creations.start()
      else this.grow()
    }
    return this.#warmUp.promise
  }

  /** Whether a resource may be lent now. Destroys and makes up for those idle that may not. */
  hasFit(nowMs: number): boolean {
    if (!this.#owner.mayLend()) return false
    while (this.stock.idle > 0) {
      const sizeBefore = this.stock.size
      const hasFit = this.stock.dropUnfit(nowMs)
      if (this.stock.size === sizeBefore) return hasFit
      // Destroying and creating run foreign code, which may change everything: look again.
      this.grow()
    }
    return false
  }

  /** Ends a loan: gives what is to be passed to {@link takeIn} or destroyed. */
  takeBack(resource: T, nowMs: number): StockEntry<T> {
    const entry = this.stock.takeBack(resource)
    const usedMs = nowMs - entry.sinceMs
    this.#counters.useTime.record(usedMs)
    this.#growth.noteUsed(usedMs)
    this.#lifecycle.onReturned?.(usedMs)
    return entry
  }

  /** Makes a resource idle, or destroys it if it is unfit or too many are open. */
  takeIn(entry: StockEntry<T>, nowMs: number): void {
    const surplus = this.size > this.#options.maxSize ? 'resized' : undefined
    const unfitness = this.stock.findUnfitness(entry, nowMs) ?? surplus
    if (unfitness !== undefined) {
      this.destroy(entry, unfitness)
      return
    }
    this.#housekeeper.wakeBy(this.stock.putIdle(entry, nowMs))
    this.#owner.onStock()
  }

  destroy(entry: StockEntry<T>, reason: DestroyReason): void {
    this.stock.destroy(entry, reason)
    // If it was being validated, its waiter has the next one validated.
    this.validate()
    this.grow()
    this.#owner.onFewer()
  }

  /** Destroys a broken resource, or sees to it that it is destroyed when it comes back. */
  remove(resource: T): void {
    this.stock.remove(resource)
    this.validate()
    this.grow()
  }

  /** Starts a validation for every waiter that has none, while what is idle needs one. */
  validate(): void {
    // The clock takes longer to read than all else that is done for a waiter.
    if (this.stock.idle === 0) return
    const nowMs = this.#clock.now()
    while (
      this.stock.validating < this.#owner.countWaiting() &&
      this.hasFit(nowMs) &&
      this.stock.mustValidate(nowMs)
    ) {
      this.#validations.start(nowMs)
    }
  }

  resize(limits: ResourcePoolLimits): void {
    Object.assign(this.#options, limits)
    this.stock.shrink(this.size - limits.maxSize)
    this.grow()
    this.plan()
  }

  expire(spreadMs: number): void {
    this.#creations.outdate()
    this.stock.expire(this.#clock.now(), spreadMs)
    this.#sweep()
  }

  /** Starts the creations that are wanted and allowed. Must follow whatever may make one wanted. */
  grow(): void {
    while (this.#isCreationWanted()) {
      if (!this.#creations.mayStart()) {
        this.plan()
        return
      }
      this.#creations.start()
    }
  }

  /** Orders the timer's next visit. */
  plan(): void {
    const dueAtMs = this.stock.nextDueAtMs()
    // A creation under way needs no timer: when it settles, grow decides again.
    const mustRetry = this.#creations.length === 0 && this.#isCreationWanted()
    const visitAtMs = mustRetry ? Math.min(dueAtMs, this.backoff.retryAtMs) : dueAtMs
    this.#housekeeper.schedule(visitAtMs, mustRetry && this.#owner.countWaiting() > 0)
  }

  /** Nobody waits any more. */
  letProcessExit(): void {
    this.#housekeeper.letProcessExit()
  }

  /** Ends the timer and the creations under way. */
  stop(reason: DestroyReason, error: Error): void {
    this.#housekeeper.stop()
    this.#creations.stop(reason, error)
    this.#warmUp?.reject(error)
    this.#warmUp = undefined
  }

  #isCreationWanted(): boolean {
    const { minSize, maxSize } = this.#options
    if (!this.#owner.mayLend() || this.size >= maxSize) return false
    const { size, lentSound, validating } = this.stock
    const loanAgeMs = this.stock.loanAgeMs(this.#clock.now())
    const demand = this.#growth.demand(this.#owner.countWaiting(), lentSound, loanAgeMs)
    return Math.max(demand - validating, minSize - size) > this.#creations.length
  }

  #onCreated(resource: T, durationMs: number): void {
    this.#growth.noteCreated(durationMs)
    const nowMs = this.#clock.now()
    this.takeIn(this.stock.add(resource, nowMs), nowMs)
    if (this.#warmUp !== undefined && this.stock.size >= this.#options.minSize) {
      this.#warmUp.resolve()
      this.#warmUp = undefined
    }
    this.grow()
    this.plan()
  }

  #onCreateFailed(error: unknown): void {
    this.#warmUp?.reject(error)
    this.#warmUp = undefined
    const hasHope = this.#creations.length > 0 || this.stock.hasSound
    this.#owner.onCreateFailed(error, hasHope, this.backoff.failures)
    this.grow()
  }

  #onInvalid(entry: StockEntry<T>): void {
    this.stock.destroy(entry, 'broken')
    // What was idle for longer still is likely to be dead too: find out now, not one by one.
    const nowMs = this.#clock.now()
    while (this.hasFit(nowMs) && this.stock.mustValidate(nowMs)) this.#validations.start(nowMs)
    this.grow()
    this.#owner.onFewer()
  }

  /** What the timer does: compares timestamps, tops up, and orders its next visit. */
  #sweep(): void {
    this.stock.destroyDue(this.#clock.now())
    this.grow()
    this.plan()
  }
}
