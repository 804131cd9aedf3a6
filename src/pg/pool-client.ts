import type { Client } from './client.js'

/** Gives a client back; with an error (or `true`) it is closed instead. Throws when called again. */
export type Release = (error?: Error | boolean) => void

/** A client on loan from a pool. */
export interface PoolClient extends Client {
  release: Release
  [Symbol.asyncDispose](): Promise<void>
}

/** What `connect` calls. */
export type CheckoutCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: Release,
) => void

/** Somebody who waits for a client. */
export interface Waiter {
  readonly callback: CheckoutCallback
  timer: NodeJS.Timeout | undefined
}

/** A client that nobody has. */
export interface Idle {
  readonly client: PooledClient
  readonly onError: (error: Error) => void
  timer: NodeJS.Timeout | undefined
}

/** A client and what its pool remembers of it. */
export type PooledClient = PoolClient & { _poolUseCount?: number }
