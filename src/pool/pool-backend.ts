import type { PoolSnapshot } from '../base/pool-errors.js'
import type { TargetSessionAttrs } from '../config/connect-options.js'
import type { ConnectionConfig } from '../config/resolve.js'
import type { CodecOwner } from '../connection/type-codecs.js'
import type { Request } from '../wire/request.js'
import type { ConnectionHandler, WireConnection } from '../wire/wire-connection.js'
import type { PooledConnection } from './pooled-connection.js'
import type { ResourcePoolLimits } from './resource-pool-options.js'
import type { ResourcePoolStats } from './resource-pool-stats.js'

/** Where a {@link Pool} has its connections from: one server, or several. */
export interface PoolBackend extends CodecOwner {
  readonly snapshot: PoolSnapshot
  readonly limits: ResourcePoolLimits
  /** Whether as many are lent as there may be. */
  readonly isExhausted: boolean
  stats(): ResourcePoolStats
  /** Opens the first connections. Rejects when it cannot. */
  warmUp(): Promise<void>
  /** A connection that is free now, without waiting. */
  tryAcquire(target: TargetSessionAttrs | undefined): PooledConnection | undefined
  /** @param timeoutMs `Infinity` for no deadline */
  acquire(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    target: TargetSessionAttrs | undefined,
  ): Promise<PooledConnection>
  /** Runs a request on a connection that is free, which settles it in all cases. */
  runOnce(request: Request, timeoutMs: number): void
  /**
   * Opens a connection beside those that are lent, to whom LISTEN is possible. Rejects when it cannot.
   *
   * @param handler whom it tells; the connection is the caller's
   */
  connectApart(handler: ConnectionHandler, signal: AbortSignal): Promise<WireConnection>
  /** Makes connections from now on in another way. */
  setConfig(config: ConnectionConfig): void
  /** Forgets what is known of the types of the database. */
  reloadTypes(): void
  resize(limits: ResourcePoolLimits): void
  expire(spreadMs: number): void
  pause(): Promise<void>
  resume(): void
  /** Resolves when nothing is lent and nothing open any more. */
  close(): Promise<void>
  terminate(): void
}
