import type { PoolSnapshot } from '../base/pool-errors.js'
import { Histogram, type HistogramSnapshot } from './histogram.js'
import type { DestroyReason } from './resource-lifecycle.js'

/** What a pool has done since it was made. Counts only ever grow. */
export class ResourcePoolCounters {
  /** Resources lent. */
  acquired = 0
  /** Resources given back, by `release` or `discard`. */
  released = 0
  /** Resources made: those that are open and those destroyed. */
  created = 0
  /** Creations that gave no usable resource, without those that the closing of the pool aborted. */
  createFailed = 0
  /** Callers whose deadline passed. */
  timedOut = 0
  /** Callers that cancelled. */
  aborted = 0
  /** Callers refused because of overload, by `shedding`. */
  shed = 0
  /** Callers refused because the pool was closed or full of waiters, or could create nothing. */
  refused = 0
  /** Resources destroyed, by reason. */
  readonly destroyed: Record<DestroyReason, number> = {
    broken: 0,
    discarded: 0,
    idleTimeout: 0,
    maxLifetime: 0,
    maxUses: 0,
    expired: 0,
    resized: 0,
    closed: 0,
    terminated: 0,
  }
  /** How long callers waited that were served. */
  readonly waitTime: Histogram = new Histogram()
  /** How long resources were lent. */
  readonly useTime: Histogram = new Histogram()
  /** How long creations took that succeeded. */
  readonly createTime: Histogram = new Histogram()
}

type Durations = 'waitTime' | 'useTime' | 'createTime'

/** Figures of a pool: gauges of one moment, and counters and durations since it was made. */
export interface ResourcePoolStats
  extends PoolSnapshot,
    Readonly<Omit<ResourcePoolCounters, Durations | 'destroyed'>>,
    Readonly<Record<Durations, HistogramSnapshot>> {
  readonly minSize: number
  readonly destroyed: Readonly<Record<DestroyReason, number>>
}

/** The figures of several pools, added. There is at least one. */
export function sumStats(all: readonly ResourcePoolStats[]): ResourcePoolStats {
  return all.reduce((sum, each) => add(sum, each))
}

function add<T extends object>(a: T, b: T): T {
  const sum: Record<string, unknown> = {}
  for (const [name, left] of Object.entries(a)) {
    const right = (b as Record<string, unknown>)[name]
    sum[name] = name === 'bounds' ? left : addValues(left, right)
  }
  return sum as T
}

function addValues(left: unknown, right: unknown): unknown {
  if (typeof left === 'number' && typeof right === 'number') return left + right
  if (Array.isArray(left) && Array.isArray(right)) return left.map((value, i) => value + right[i])
  return add(left as object, right as object)
}

/** A copy of `counters`, beside the gauges. */
export function copyStats(
  counters: ResourcePoolCounters,
  snapshot: PoolSnapshot,
  minSize: number,
): ResourcePoolStats {
  return {
    ...snapshot,
    minSize,
    ...counters,
    destroyed: { ...counters.destroyed },
    waitTime: counters.waitTime.snapshot(),
    useTime: counters.useTime.snapshot(),
    createTime: counters.createTime.snapshot(),
  }
}
