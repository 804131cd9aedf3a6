import { InterfaceError } from '../base/errors.js'
import type { DestroyReason, ResourceLifecycle } from './resource-lifecycle.js'
import type { ResourcePoolOptions } from './resource-pool-options.js'
import type { ResourcePoolCounters } from './resource-pool-stats.js'

/** An open resource. */
export interface StockEntry<T> {
  readonly resource: T
  /** When it is too old, in ms of the clock. */
  readonly expiresAtMs: number
  isLent: boolean
  /** When it last became idle, in ms of the clock. */
  idleSinceMs: number
  /** How often it was lent. */
  uses: number
  /** It broke while it was lent. */
  isBroken: boolean
}

/**
 * The open resources of a pool: those lent, and a stack of those idle. Whatever leaves the stock is
 * destroyed, once. It is out of the books by then, so `destroy` may call back into the pool.
 */
export class ResourceStock<T extends object> {
  readonly #lifecycle: ResourceLifecycle<T>
  readonly #options: ResourcePoolOptions
  readonly #random: () => number
  readonly #counters: ResourcePoolCounters
  readonly #entries = new Map<T, StockEntry<T>>()
  /** Entries are pushed when they become idle, so the one that has been idle for longest is first. */
  readonly #idle: StockEntry<T>[] = []
  #lentBroken = 0

  constructor(
    lifecycle: ResourceLifecycle<T>,
    options: ResourcePoolOptions,
    random: () => number,
    counters: ResourcePoolCounters,
  ) {
    this.#lifecycle = lifecycle
    this.#options = options
    this.#random = random
    this.#counters = counters
  }

  /** All open resources. */
  get size(): number {
    return this.#entries.size
  }

  get idle(): number {
    return this.#idle.length
  }

  get lent(): number {
    return this.#entries.size - this.#idle.length
  }

  /** Whether anything is open that is not known to be broken. */
  get hasSound(): boolean {
    return this.#entries.size > this.#lentBroken
  }

  /** Adds a new resource, idle. Returns when it is due, as {@link putIdle} does. */
  add(resource: T, nowMs: number): number {
    const { maxLifetimeMs, lifetimeJitter } = this.#options
    const entry: StockEntry<T> = {
      resource,
      expiresAtMs: nowMs + maxLifetimeMs * (1 - lifetimeJitter * this.#random()),
      isLent: false,
      idleSinceMs: nowMs,
      uses: 0,
      isBroken: false,
    }
    this.#entries.set(resource, entry)
    return this.putIdle(entry, nowMs)
  }

  /** Destroys unfit resources from the top of the stack until one may be lent. False if none may. */
  dropUnfit(nowMs: number): boolean {
    for (let top = this.#idle.at(-1); top !== undefined; top = this.#idle.at(-1)) {
      const unfitness = this.findUnfitness(top, nowMs)
      if (unfitness === undefined) return true
      this.#idle.pop()
      this.destroy(top, unfitness)
    }
    return false
  }

  /** Lends the resource that was used last. To be called after {@link dropUnfit}. */
  lend(): T | undefined {
    const entry = this.#idle.pop()
    if (entry === undefined) return undefined
    entry.isLent = true
    entry.uses += 1
    this.#counters.acquired += 1
    return entry.resource
  }

  /**
   * Notes that a resource came back, to be passed to {@link putIdle} or {@link destroy}.
   *
   * @throws {InterfaceError} if it is not lent
   */
  takeBack(resource: T): StockEntry<T> {
    const entry = this.#entries.get(resource)
    if (entry === undefined || !entry.isLent) {
      throw new InterfaceError('only what the pool has lent can be given back, and only once')
    }
    entry.isLent = false
    if (entry.isBroken) this.#lentBroken -= 1
    this.#counters.released += 1
    return entry
  }

  /** Why a resource must not be lent any more. */
  findUnfitness(entry: StockEntry<T>, nowMs: number): DestroyReason | undefined {
    if (entry.isBroken || !this.#lifecycle.isUsable(entry.resource)) return 'broken'
    if (entry.uses >= this.#options.maxUses) return 'maxUses'
    return entry.expiresAtMs <= nowMs ? 'maxLifetime' : undefined
  }

  /** Puts a resource on top of the stack. Returns when it is due to be destroyed, if it stays. */
  putIdle(entry: StockEntry<T>, nowMs: number): number {
    entry.idleSinceMs = nowMs
    this.#idle.push(entry)
    return Math.min(entry.expiresAtMs, nowMs + this.#options.idleTimeoutMs)
  }

  /** Destroys a broken resource, or sees to it that it is destroyed when it comes back. */
  remove(resource: T): void {
    const entry = this.#entries.get(resource)
    if (entry === undefined) return
    if (!entry.isLent) {
      this.#retire(entry, 'broken')
    } else if (!entry.isBroken) {
      entry.isBroken = true
      this.#lentBroken += 1
    }
  }

  /** Destroys what is idle and too old, and what has been idle for too long beyond `minSize`. */
  destroyDue(nowMs: number): void {
    const expired = this.#idle.filter((entry) => entry.expiresAtMs <= nowMs)
    for (const entry of expired) this.#retire(entry, 'maxLifetime')

    const { minSize, idleTimeoutMs } = this.#options
    const surplus = Math.max(this.#entries.size - minSize, 0)
    const unneeded = this.#idle.filter((entry) => entry.idleSinceMs + idleTimeoutMs <= nowMs)
    for (const entry of unneeded.slice(0, surplus)) this.#retire(entry, 'idleTimeout')
  }

  /** When {@link destroyDue} will find something; `Infinity` if never. */
  nextDueAtMs(): number {
    const { minSize, idleTimeoutMs } = this.#options
    let dueAtMs = Number.POSITIVE_INFINITY
    for (const entry of this.#idle) dueAtMs = Math.min(dueAtMs, entry.expiresAtMs)
    const oldest = this.#idle[0]
    if (oldest === undefined || this.#entries.size <= minSize) return dueAtMs
    return Math.min(dueAtMs, oldest.idleSinceMs + idleTimeoutMs)
  }

  /** Destroys all that is idle. */
  destroyIdle(reason: DestroyReason): void {
    for (const entry of [...this.#idle]) this.#retire(entry, reason)
  }

  /** Destroys everything. */
  destroyAll(reason: DestroyReason): void {
    this.#idle.length = 0
    for (const entry of [...this.#entries.values()]) this.destroy(entry, reason)
  }

  /** Destroys a resource that is not in the stack. */
  destroy(entry: StockEntry<T>, reason: DestroyReason): void {
    this.#entries.delete(entry.resource)
    this.#counters.destroyed[reason] += 1
    this.#lifecycle.destroy(entry.resource, reason)
  }

  /** Destroys an idle resource, unless code called meanwhile has taken it. */
  #retire(entry: StockEntry<T>, reason: DestroyReason): void {
    const index = this.#idle.indexOf(entry)
    if (index < 0) return
    this.#idle.splice(index, 1)
    this.destroy(entry, reason)
  }
}
