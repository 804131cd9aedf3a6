import type { PoolSnapshot } from '../base/errors.js'
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
  /** Callers refused because the pool was closed or overloaded, or could create nothing. */
  refused = 0
  /** Resources destroyed, by reason. */
  readonly destroyed: Record<DestroyReason, number> = {
    broken: 0,
    discarded: 0,
    idleTimeout: 0,
    maxLifetime: 0,
    maxUses: 0,
    closed: 0,
    terminated: 0,
  }
}

/** Figures of a pool: gauges of one moment, and counters since it was made. */
export interface ResourcePoolStats extends PoolSnapshot, Readonly<ResourcePoolCounters> {
  readonly minSize: number
}
