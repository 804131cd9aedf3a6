import type { BackoffOptions } from './backoff.js'
import type { SheddingOptions } from './overload-gauge.js'

/** How many resources a pool holds. May change while it lives. */
export interface ResourcePoolLimits {
  /** Resources kept open, also when nobody needs them; at most `maxSize`. */
  readonly minSize: number
  /** Most resources open or opening at once; at least 1. */
  readonly maxSize: number
}

/** The numbers of a pool. All are required; `Infinity` sets no limit. */
export interface ResourcePoolOptions extends ResourcePoolLimits {
  /** How often a resource is lent before it is replaced. */
  readonly maxUses: number
  /** How long a resource beyond `minSize` may be idle, in ms. */
  readonly idleTimeoutMs: number
  /** How old a resource may get, in ms. One that is lent then is replaced when it comes back. */
  readonly maxLifetimeMs: number
  /** Share of `maxLifetimeMs`, 0 to 1, that chance may take off, so that not all end together. */
  readonly lifetimeJitter: number
  /** Most waiters at once; further callers are refused. */
  readonly maxWaiting: number
  /** A resource that was idle for longer is validated before it is lent, in ms. */
  readonly validateAfterIdleMs: number
  /** How long a validation may take, in ms. */
  readonly validationTimeoutMs: number
  /** Pauses between creations while they fail. */
  readonly retryBackoff: BackoffOptions
  /** Whom to refuse under overload; undefined refuses nobody. */
  readonly shedding: SheddingOptions | undefined
}
