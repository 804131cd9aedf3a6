/** Why a pool destroyed a resource. */
export type DestroyReason =
  /** It was unusable, reported as gone, or failed its validation. */
  | 'broken'
  /** Its borrower gave it up. */
  | 'discarded'
  /** It was idle for too long. */
  | 'idleTimeout'
  /** It was too old. */
  | 'maxLifetime'
  /** It was lent too often. */
  | 'maxUses'
  /** Everything open at some moment was to be replaced. */
  | 'expired'
  /** The pool became smaller. */
  | 'resized'
  /** The pool closed. */
  | 'closed'
  /** The pool was terminated. */
  | 'terminated'

/** What a pool must know of its resources. */
export interface ResourceLifecycle<T extends object> {
  /**
   * Makes a new resource, which no pool has held before. When `signal` is aborted nobody wants it any
   * more: reject soon. A resource that comes all the same is destroyed.
   */
  create(signal: AbortSignal): Promise<T>
  /** Ends a resource. Called exactly once for each that was created. Must not throw. */
  destroy(resource: T, reason: DestroyReason): void
  /** Whether it may be lent. Asked at every lend and release: synchronous, cheap, without effects. */
  isUsable(resource: T): boolean
  /** Rejects when a resource that was idle for long is dead, or is destroyed meanwhile. */
  validate(resource: T): Promise<unknown>
  /** A resource came back that had been lent for so long, in ms. Must not throw. */
  onReturned?(usedMs: number): void
  /**
   * Whether what `create` rejected with may pass by itself, as a refused connection may and a wrong
   * password does not. Without this method every failure may.
   */
  isTransient?(error: unknown): boolean
}

/** Somebody who wants a resource. Exactly one method is called, once, unless the waiter is cancelled. */
export interface Waiter<T extends object> {
  /** Here it is: to be given back with `release` or `discard`. Must not throw. */
  onResource(resource: T): void
  /**
   * There will be none. Must not throw. One error object may refuse several waiters.
   *
   * @param error PoolTimeoutError, PoolClosedError, PoolOverloadedError or what `create` failed with
   */
  onRefused(error: unknown): void
}
