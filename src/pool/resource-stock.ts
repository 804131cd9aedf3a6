import { InterfaceError } from '../base/errors.js'
import type { DestroyReason, ResourceLifecycle } from './resource-lifecycle.js'
import type { ResourcePoolOptions } from './resource-pool-options.js'
import type { ResourcePoolCounters } from './resource-pool-stats.js'

/** An open resource. */
export interface StockEntry<T> {
  readonly resource: T
  /** When it is too old, in ms of the clock. */
  expiresAtMs: number
  /** That time was set by {@link ResourceStock.expire}. */
  isExpiring: boolean
  state: 'idle' | 'validating' | 'lent'
  /** Since when it is in its state, in ms of the clock. */
  sinceMs: number
  /** How often it was lent. */
  uses: number
  /** It broke while it was lent. */
  isBroken: boolean
}

/**
 * The open resources of a pool: those lent, those being validated, and a stack of those idle. Whatever
 * leaves the stock is destroyed, once. It is out of the books by then, so `destroy` may call back into
 * the pool.
 */
export class ResourceStock<T extends object> {
  readonly #lifecycle: ResourceLifecycle<T>
  /** May change meanwhile. */
  readonly #options: ResourcePoolOptions
  readonly #random: () => number
  readonly #counters: ResourcePoolCounters
  readonly #entries = new Map<T, StockEntry<T>>()
  /** Entries are pushed when they become idle, so the one that has been idle for longest is first. */
  readonly #idle: StockEntry<T>[] = []
  #validating = 0
  #lentBroken = 0
  /** Sum of the times at which what is lent was lent. */
  #lentSinceMs = 0

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

  get validating(): number {
    return this.#validating
  }

  get lent(): number {
    return this.#entries.size - this.#idle.length - this.#validating
  }

  /** What is lent and not known to be broken. */
  get lentSound(): number {
    return this.lent - this.#lentBroken
  }

  /** Whether anything is open that is not known to be broken. */
  get hasSound(): boolean {
    return this.#entries.size > this.#lentBroken
  }

  /** For how long what is lent has been lent, on average, in ms; 0 if nothing is. */
  loanAgeMs(nowMs: number): number {
    const { lent } = this
    return lent === 0 ? 0 : nowMs - this.#lentSinceMs / lent
  }

  /** Takes a new resource into the books, to be passed to {@link putIdle} or {@link destroy}. */
  add(resource: T, nowMs: number): StockEntry<T> {
    const { maxLifetimeMs, lifetimeJitter } = this.#options
    const entry: StockEntry<T> = {
      resource,
      expiresAtMs: nowMs + maxLifetimeMs * (1 - lifetimeJitter * this.#random()),
      isExpiring: false,
      state: 'idle',
      sinceMs: nowMs,
      uses: 0,
      isBroken: false,
    }
    this.#entries.set(resource, entry)
    return entry
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

  /** Whether all that is idle has been so for so long that it must be validated before it is lent. */
  mustValidate(nowMs: number): boolean {
    const top = this.#idle.at(-1)
    // Whole ms: what became idle just now is fit also where that is 0.
    return top !== undefined && Math.floor(nowMs - top.sinceMs) > this.#options.validateAfterIdleMs
  }

  /** Lends the resource that was used last. To be called after {@link dropUnfit}. */
  lend(nowMs: number): T | undefined {
    const entry = this.#idle.pop()
    if (entry === undefined) return undefined
    entry.state = 'lent'
    entry.sinceMs = nowMs
    entry.uses += 1
    this.#lentSinceMs += nowMs
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
    if (entry?.state !== 'lent') {
      throw new InterfaceError('only what the pool has lent can be given back, and only once')
    }
    entry.state = 'idle'
    this.#lentSinceMs = this.lent === 1 ? 0 : this.#lentSinceMs - entry.sinceMs
    if (entry.isBroken) this.#lentBroken -= 1
    this.#counters.released += 1
    return entry
  }

  /** Takes the resource that was used last out of the stack, to be validated. */
  startValidation(nowMs: number): StockEntry<T> | undefined {
    const entry = this.#idle.pop()
    if (entry === undefined) return undefined
    entry.state = 'validating'
    entry.sinceMs = nowMs
    this.#validating += 1
    return entry
  }

  /** Ends a validation: the entry is to be passed to {@link putIdle} or {@link destroy}. False if it is gone. */
  endValidation(entry: StockEntry<T>): boolean {
    if (entry.state !== 'validating') return false
    entry.state = 'idle'
    this.#validating -= 1
    return true
  }

  /** Why a resource must not be lent any more. */
  findUnfitness(entry: StockEntry<T>, nowMs: number): DestroyReason | undefined {
    if (entry.isBroken || !this.#lifecycle.isUsable(entry.resource)) return 'broken'
    if (entry.uses >= this.#options.maxUses) return 'maxUses'
    return entry.expiresAtMs <= nowMs ? lateness(entry) : undefined
  }

  /** Puts a resource on top of the stack. Returns when it is due to be destroyed, if it stays. */
  putIdle(entry: StockEntry<T>, nowMs: number): number {
    entry.sinceMs = nowMs
    this.#idle.push(entry)
    return Math.min(entry.expiresAtMs, nowMs + this.#options.idleTimeoutMs)
  }

  /** Destroys a broken resource, or sees to it that it is destroyed when it comes back. */
  remove(resource: T): void {
    const entry = this.#entries.get(resource)
    if (entry === undefined) return
    if (entry.state !== 'lent') {
      this.#retire(entry, 'broken')
    } else if (!entry.isBroken) {
      entry.isBroken = true
      this.#lentBroken += 1
    }
  }

  /** Everything open is to be replaced, within `spreadMs`, chance says when; at once if that is 0. */
  expire(nowMs: number, spreadMs: number): void {
    for (const entry of this.#entries.values()) {
      const expiresAtMs = nowMs + spreadMs * this.#random()
      if (expiresAtMs >= entry.expiresAtMs) continue
      entry.expiresAtMs = expiresAtMs
      entry.isExpiring = true
    }
  }

  /** Destroys what is idle and more than `maxSize` allows, used longest ago first. */
  shrink(surplus: number): void {
    if (surplus <= 0) return
    for (const entry of this.#idle.slice(0, surplus)) this.#retire(entry, 'resized')
  }

  /** Destroys what is idle and too old, and what has been idle for too long beyond `minSize`. */
  destroyDue(nowMs: number): void {
    const expired = this.#idle.filter((entry) => entry.expiresAtMs <= nowMs)
    for (const entry of expired) this.#retire(entry, lateness(entry))

    const { minSize, idleTimeoutMs } = this.#options
    const surplus = Math.max(this.#entries.size - minSize, 0)
    const unneeded = this.#idle.filter((entry) => entry.sinceMs + idleTimeoutMs <= nowMs)
    for (const entry of unneeded.slice(0, surplus)) this.#retire(entry, 'idleTimeout')
  }

  /** When {@link destroyDue} will find something; `Infinity` if never. */
  nextDueAtMs(): number {
    const { minSize, idleTimeoutMs } = this.#options
    let dueAtMs = Number.POSITIVE_INFINITY
    for (const entry of this.#idle) dueAtMs = Math.min(dueAtMs, entry.expiresAtMs)
    const oldest = this.#idle[0]
    if (oldest === undefined || this.#entries.size <= minSize) return dueAtMs
    return Math.min(dueAtMs, oldest.sinceMs + idleTimeoutMs)
  }

  /** Destroys all that is not lent. */
  destroyIdle(reason: DestroyReason): void {
    for (const entry of [...this.#entries.values()]) {
      if (entry.state !== 'lent') this.#retire(entry, reason)
    }
  }

  /** Destroys everything. */
  destroyAll(reason: DestroyReason): void {
    this.#idle.length = 0
    this.#validating = 0
    this.#lentSinceMs = 0
    for (const entry of [...this.#entries.values()]) this.destroy(entry, reason)
  }

  /** Destroys a resource that is not in the stack. */
  destroy(entry: StockEntry<T>, reason: DestroyReason): void {
    entry.state = 'idle'
    this.#entries.delete(entry.resource)
    this.#counters.destroyed[reason] += 1
    this.#lifecycle.destroy(entry.resource, reason)
  }

  /** Destroys a resource that is not lent, unless code called meanwhile has taken it. */
  #retire(entry: StockEntry<T>, reason: DestroyReason): void {
    if (!this.endValidation(entry)) {
      const index = this.#idle.indexOf(entry)
      if (index < 0) return
      this.#idle.splice(index, 1)
    }
    this.destroy(entry, reason)
  }
}

function lateness<T>(entry: StockEntry<T>): DestroyReason {
  return entry.isExpiring ? 'expired' : 'maxLifetime'
}
