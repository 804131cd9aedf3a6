import { systemClock } from '../base/clock.js'
import { AuthenticationError, PostgresError, SluiceError, TlsError } from '../base/errors.js'
import type { ConnectionConfig } from '../config/resolve.js'
import { startCloseTimer } from '../connection/close-timer.js'
import type { CloseOptions } from '../connection/connection.js'
import type { HeldConnection, HoldOptions } from '../connection/held-connection.js'
import { Transactional } from '../connection/transaction.js'
import { TypeMap } from '../types/type-map.js'
import { Connector } from '../wire/connector.js'
import type { Request } from '../wire/request.js'
import { PoolConnection } from './pool-connection.js'
import type { PoolConfig } from './pool-options.js'
import { PooledConnection, type PooledConnectionOwner } from './pooled-connection.js'
import type { DestroyReason, ResourceLifecycle } from './resource-lifecycle.js'
import { ResourcePool } from './resource-pool.js'
import type { ResourcePoolStats } from './resource-pool-stats.js'

/** Options of {@link Pool.acquire} and {@link Pool.use}. */
export interface AcquireOptions {
  /** How long to wait for a connection, in ms. Default: the pool's `acquireTimeout`. */
  readonly timeout?: number
  /** Gives up the waiting when it is aborted. */
  readonly signal?: AbortSignal
}

/**
 * Connections to lend, made by {@link createPool}.
 *
 * The query methods run one query on whatever connection is free. Whoever needs the same connection for
 * several queries, or a transaction, acquires one.
 *
 * Callers wait in order of arrival; connections are lent last in, first out. A connection that breaks
 * is replaced and never lent again. Callers wait for any connection, not for one opened for them.
 */
export class Pool extends Transactional implements AsyncDisposable {
  readonly #config: ConnectionConfig
  readonly #options: PoolConfig
  readonly #types: TypeMap
  readonly #connector: Connector
  readonly #resources: ResourcePool<PooledConnection>
  /** Connections that the pool has given up and whose sockets are still open. */
  readonly #closing = new Set<Promise<void>>()
  readonly #owner: PooledConnectionOwner = {
    onReturned: (connection) => this.#resources.release(connection),
    onBroken: (connection) => this.#resources.remove(connection),
    // Behind the message, so that a callback that throws cannot disturb the reading of the next.
    onNotice: (notice) => process.nextTick(() => this.#config.onNotice?.(notice)),
  }

  /** For {@link createPool}. */
  constructor(config: ConnectionConfig, options: PoolConfig) {
    super()
    this.#config = config
    this.#options = options
    this.#types = TypeMap.builtin.with(config.types)
    this.#connector = new Connector(config)
    const lifecycle: ResourceLifecycle<PooledConnection> = {
      create: (signal) => this.#open(signal),
      destroy: (connection, reason) => this.#discard(connection, reason),
      isUsable: (connection) => connection.isUsable,
      validate: (connection) => connection.validate(),
      isTransient,
    }
    this.#resources = new ResourcePool(lifecycle, options.resources, systemClock, Math.random)
  }

  /** Connections open or being opened. */
  get size(): number {
    return this.#resources.snapshot.size
  }

  /** Open connections that nobody uses. */
  get idleSize(): number {
    return this.#resources.snapshot.idle
  }

  get minSize(): number {
    return this.#options.resources.minSize
  }

  get maxSize(): number {
    return this.#options.resources.maxSize
  }

  /** Callers that wait for a connection. */
  get waiting(): number {
    return this.#resources.snapshot.waiting
  }

  /** Sizes of this moment, and counts since the pool was made. */
  stats(): ResourcePoolStats {
    return this.#resources.stats()
  }

  /**
   * Borrows a connection, to be released at the end of the scope or by `release()`.
   *
   * @throws {PoolTimeoutError} when none became free in time; its message tells the state of the pool
   * @throws {PoolOverloadedError} when `maxWaiting` callers wait already
   * @throws {PoolClosedError} when the pool is closed, or closes meanwhile
   * @throws the reason of `signal` when it is aborted; why no connection could be opened, for a caller
   * without a deadline
   */
  async acquire(options: AcquireOptions = {}): Promise<PoolConnection> {
    const { timeout = this.#options.acquireTimeout, signal } = options
    if (typeof timeout !== 'number' || !(timeout >= 0)) {
      throw new TypeError('the option "timeout" must be a number of milliseconds, at least 0')
    }
    try {
      return new PoolConnection(await this.#resources.acquire(timeout, signal))
    } catch (error) {
      // From here the stack leads to whoever awaits; where the error was made it led to a timer.
      if (error instanceof SluiceError) Error.captureStackTrace(error)
      throw error
    }
  }

  /** Runs `fn` with a borrowed connection, and releases it whatever happens. Rejects as {@link acquire}, or with what `fn` throws. */
  async use<T>(
    fn: (connection: PoolConnection) => T | PromiseLike<T>,
    options?: AcquireOptions,
  ): Promise<T> {
    const connection = await this.acquire(options)
    try {
      return await fn(connection)
    } finally {
      connection.release()
    }
  }

  /**
   * Refuses new callers and those that wait, lets the borrowers finish, and closes all connections.
   * Past `timeout` it closes what is left as {@link terminate} does. Again waits for the same.
   *
   * @throws {TypeError} if `timeout` is no number of at least 0; nothing was closed then
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const timer = startCloseTimer(options.timeout, () => this.terminate())
    await this.#resources.close()
    while (this.#closing.size > 0) await Promise.all(this.#closing)
    clearTimeout(timer)
  }

  /** Closes everything at once. What is running rejects with {@link ConnectionClosedError}. */
  terminate(): void {
    this.#resources.terminate()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal Opens `minSize` connections, or none at all. */
  async open(): Promise<this> {
    const { signal } = this.#config
    const onAbort = () => this.terminate()
    try {
      signal?.throwIfAborted()
      signal?.addEventListener('abort', onAbort)
      await this.#resources.warmUp()
      return this
    } catch (error) {
      this.terminate()
      await this.close()
      throw signal?.aborted ? signal.reason : error
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  protected submit(request: Request): void {
    const waiter = {
      onResource: (connection: PooledConnection) => connection.runOnce(request),
      onRefused: (error: unknown) => request.onRefused(error),
    }
    this.#resources.enqueue(waiter, this.#options.acquireTimeout)
  }

  protected hold<T>(
    fn: (connection: HeldConnection) => Promise<T>,
    options: HoldOptions = {},
  ): Promise<T> {
    return this.use((connection) => connection.hold(fn), options)
  }

  async #open(signal: AbortSignal): Promise<PooledConnection> {
    const connection = new PooledConnection(this.#owner)
    connection.attach(await this.#connector.connect(this.#types, connection, signal))
    return connection
  }

  #discard({ wire }: PooledConnection, reason: DestroyReason): void {
    if (reason === 'terminated') wire.destroy()
    const closed = wire.close().then(() => {
      this.#closing.delete(closed)
    })
    this.#closing.add(closed)
  }
}

/** What a later attempt may not meet again: all but a server, or us, refusing what the configuration says. */
function isTransient(error: unknown): boolean {
  if (error instanceof PostgresError) return !/^(?:28|3D|42|22)/.test(error.code)
  if (error instanceof AuthenticationError || error instanceof TlsError) return false
  return true
}
