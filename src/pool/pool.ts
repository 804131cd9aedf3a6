import { SluiceError } from '../base/errors.js'
import { PoolTimeoutError } from '../base/pool-errors.js'
import { channels, isTraced, traced } from '../base/telemetry.js'
import { TARGET_SESSION_ATTRS, type TargetSessionAttrs } from '../config/connect-options.js'
import type { ConnectionConfig } from '../config/resolve.js'
import { startCloseTimer } from '../connection/close-timer.js'
import type { ConnectOptions } from '../connection/connect.js'
import type { CloseOptions } from '../connection/connection.js'
import type { CursorSession } from '../connection/cursor.js'
import { OwnCursorSession } from '../connection/cursor-session.js'
import type { HeldConnection, HoldOptions } from '../connection/held-connection.js'
import type { QueryDefaults } from '../connection/query-options.js'
import { Transactional } from '../connection/transaction.js'
import { resetTypeCodec, setTypeCodec, type TypeCodecOptions } from '../connection/type-codecs.js'
import type { GivenCodec } from '../types/type-options.js'
import type { Request } from '../wire/request.js'
import { Loan, watchNested } from './loan.js'
import type { NotificationStream, PoolListenOptions } from './notification-stream.js'
import type { PoolBackend } from './pool-backend.js'
import { PoolConnection } from './pool-connection.js'
import { type PoolConfig, resolveConnectOptions, resolveLimits } from './pool-options.js'
import type { PooledConnection } from './pooled-connection.js'
import type { ResourcePoolLimits } from './resource-pool-options.js'
import type { ResourcePoolStats } from './resource-pool-stats.js'
import { SharedListener } from './shared-listener.js'

/** Options of {@link Pool.acquire} and {@link Pool.use}. */
export interface AcquireOptions {
  /** How long to wait for a connection, in ms. Default: the pool's `acquireTimeout`. */
  readonly timeout?: number | undefined
  /** Gives up the waiting when it is aborted. */
  readonly signal?: AbortSignal | undefined
  /** What kind of server, where there are several. Default: the pool's `targetSessionAttrs`. */
  readonly target?: TargetSessionAttrs | undefined
}

/** Options of {@link Pool.expireConnections}. */
export interface ExpireOptions {
  /** Over how long the replacements are spread, in ms. Default 0: all that is idle at once. */
  readonly spread?: number | undefined
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
  /** What metrics and errors call it. */
  readonly name: string
  readonly #config: ConnectionConfig
  readonly #options: PoolConfig
  protected readonly queryDefaults: QueryDefaults
  readonly #backend: PoolBackend
  /** Who has what, as far as it is remembered: see {@link Loan}. */
  readonly #loans = new Map<PoolConnection, Loan>()
  readonly #listener: SharedListener

  /** For {@link createPool}. */
  constructor(
    config: ConnectionConfig,
    options: PoolConfig,
    Backend: new (config: ConnectionConfig, options: PoolConfig) => PoolBackend,
  ) {
    super()
    this.#config = config
    this.#options = options
    this.queryDefaults = {
      queryTimeoutMs: config.queryTimeout,
      usesStatements: config.statementMode !== 'simple',
      onQuery: config.onQuery,
    }
    this.name = options.name ?? `${config.hosts[0]?.address}/${config.database}`
    this.#backend = new Backend(config, { ...options, name: this.name })
    const { retryBackoff, validationTimeoutMs } = options.resources
    this.#listener = new SharedListener({
      open: (handler, signal) => this.#backend.connectApart(handler, signal),
      retryBackoff,
      heartbeatMs: HEARTBEAT_MS,
      answerMs: validationTimeoutMs,
    })
  }

  /** Connections open or being opened. */
  get size(): number {
    return this.#backend.snapshot.size
  }

  /** Open connections that nobody uses. */
  get idleSize(): number {
    return this.#backend.snapshot.idle
  }

  get minSize(): number {
    return this.#backend.limits.minSize
  }

  get maxSize(): number {
    return this.#backend.limits.maxSize
  }

  /** Callers that wait for a connection. */
  get waiting(): number {
    return this.#backend.snapshot.waiting
  }

  /** Sizes of this moment, and counts and durations since the pool was made. */
  stats(): ResourcePoolStats {
    return this.#backend.stats()
  }

  /**
   * Borrows a connection, to be released at the end of the scope or by `release()`.
   *
   * @throws {PoolTimeoutError} when none became free in time; its message tells the state of the pool
   * @throws {PoolOverloadedError} when `maxWaiting` callers wait already, or by `shedding`
   * @throws {PoolClosedError} when the pool is closed, or closes meanwhile
   * @throws the reason of `signal` when it is aborted; why no connection could be opened, for a caller
   * without a deadline; what the `setup` hook throws
   */
  acquire(options: AcquireOptions = NO_OPTIONS): Promise<PoolConnection> {
    const { timeout = this.#options.acquireTimeout, signal, target } = options
    try {
      checkAcquireOptions(timeout, target)
    } catch (error) {
      return Promise.reject(error)
    }
    if (isTraced(channels.acquire)) {
      const run = () => this.#acquireLater(timeout, signal, target)
      return traced(channels.acquire, { pool: this.name }, run)
    }
    const pooled = signal === undefined ? this.#backend.tryAcquire(target) : undefined
    if (pooled !== undefined) return Promise.resolve(this.#lend(pooled))
    return this.#acquireLater(timeout, signal, target)
  }

  /** Runs `fn` with a borrowed connection, and releases it whatever happens. Rejects as {@link acquire}, or with what `fn` throws. */
  async use<T>(
    fn: (connection: PoolConnection) => T | PromiseLike<T>,
    options?: AcquireOptions,
  ): Promise<T> {
    const connection = await this.acquire(options)
    const loan = this.#loans.get(connection)
    try {
      return await (loan === undefined ? fn(connection) : loan.run(() => fn(connection)))
    } finally {
      connection.release()
    }
  }

  /**
   * The notifications on a channel, and gaps where some may have been missed, until the loop over them
   * ends, or the pool, or the signal is aborted.
   *
   * ```ts
   * for await (const event of pool.listen('orders')) {
   *   if (event.type === 'gap') await readAllOrders()
   *   else await readOrder(event.payload)
   * }
   * ```
   *
   * All listening of a pool shares one connection, beside those that are lent; it is open while anybody
   * listens. Lost, it is opened anew with pauses as `retryBackoff` has them, and each loop gets a gap
   * once the server listens again. The loop throws what the first connecting or LISTEN fails with.
   *
   * @param channel the name, as it is: upper case and spaces are kept
   * @throws {RangeError} when the name is empty, longer than 63 bytes, or contains NUL
   * @throws {PoolClosedError} when the pool is closed
   */
  listen(channel: string, options: PoolListenOptions = {}): NotificationStream {
    return this.#listener.listen(channel, options)
  }

  /**
   * Changes how many connections there are. What is beyond a smaller `maxSize` is closed: idle at once,
   * in use when it comes back.
   *
   * @throws {TypeError} or `RangeError` when a limit is wrong; nothing changes then
   */
  resize(limits: Partial<ResourcePoolLimits>): void {
    this.#backend.resize(resolveLimits(limits, this.#backend.limits))
  }

  /**
   * Replaces all connections: those idle at once or spread over some time, those in use when they come
   * back. asyncpg: `expire_connections`.
   */
  expireConnections(options: ExpireOptions = {}): void {
    const { spread = 0 } = options
    if (typeof spread !== 'number' || !(spread >= 0)) {
      throw new TypeError('the option "spread" must be a number of milliseconds, at least 0')
    }
    this.#backend.expire(spread)
  }

  /**
   * Opens connections from now on with other options, such as new credentials; those open stay as they
   * are: see {@link expireConnections}. asyncpg: `set_connect_args`.
   *
   * @param dsn as for {@link connect}; what `createPool` was given counts no more
   * @throws {TypeError} or `RangeError` when an option is unknown or wrong; nothing changes then
   */
  setConnectOptions(dsn?: string | ConnectOptions, options?: ConnectOptions): void {
    this.#backend.setConfig(resolveConnectOptions(dsn, options))
  }

  /**
   * Lends and opens nothing until {@link resume}: callers wait, within their deadlines. Resolves when
   * nobody uses a connection any more, which may then be expired or the server replaced.
   */
  pause(): Promise<void> {
    return this.#backend.pause()
  }

  /** Ends a {@link pause}. */
  resume(): void {
    this.#backend.resume()
  }

  /**
   * Has values of a type encoded and decoded by a codec of yours, on all connections of the pool. See
   * {@link Connection.setTypeCodec}.
   */
  async setTypeCodec<T>(
    typename: string,
    codec: GivenCodec<T>,
    options: TypeCodecOptions = {},
  ): Promise<void> {
    await setTypeCodec(this.#backend, this.runner.run, typename, codec, options)
  }

  /** Takes back what {@link setTypeCodec} did. */
  async resetTypeCodec(typename: string, options: TypeCodecOptions = {}): Promise<void> {
    await resetTypeCodec(this.#backend, this.runner.run, typename, options)
  }

  /** Forgets what is known of the types of the database. See {@link Connection.reloadSchema}. */
  async reloadSchema(): Promise<void> {
    this.#backend.reloadTypes()
  }

  /**
   * Refuses new callers and those that wait, lets the borrowers finish, and closes all connections.
   * Past `timeout` it closes what is left as {@link terminate} does. Again waits for the same.
   *
   * @throws {TypeError} if `timeout` is no number of at least 0; nothing was closed then
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const timer = startCloseTimer(options.timeout, () => this.terminate())
    await Promise.all([this.#listener.close(), this.#backend.close()])
    clearTimeout(timer)
  }

  /** Closes everything at once. What is running rejects with {@link ConnectionClosedError}. */
  terminate(): void {
    this.#listener.terminate()
    this.#backend.terminate()
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
      await this.#backend.warmUp()
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
    // A signal that was aborted already has ended it.
    if (!request.isSettled) this.#backend.runOnce(request, this.#options.acquireTimeout)
  }

  protected hold<T>(
    fn: (connection: HeldConnection) => Promise<T>,
    options: HoldOptions = {},
  ): Promise<T> {
    return this.use((connection) => connection.hold(fn), options)
  }

  /** A cursor of the pool has a transaction of its own. */
  protected override cursorSession(): CursorSession {
    return new OwnCursorSession((fn, options) => this.hold(fn, options), this.runner)
  }

  async #acquireLater(
    timeout: number,
    signal: AbortSignal | undefined,
    target: TargetSessionAttrs | undefined,
  ): Promise<PoolConnection> {
    const held = Loan.heldFrom(this)
    try {
      const waiting = this.#backend.acquire(timeout, signal, target)
      return this.#lend(await (held.length > 0 ? watchNested(this, waiting, held) : waiting))
    } catch (reason) {
      const error = reason instanceof PoolTimeoutError ? this.#explain(reason, held) : reason
      // From here the stack leads to whoever awaits; where the error was made it led to a timer.
      if (error instanceof SluiceError) Error.captureStackTrace(error)
      throw error
    }
  }

  #lend(pooled: PooledConnection): PoolConnection {
    pooled.lend()
    const { leakThresholdMs } = this.#options
    // Only who takes the last one can make others, or itself, wait for ever.
    if (!this.#backend.isExhausted && leakThresholdMs === Number.POSITIVE_INFINITY) {
      return new PoolConnection(pooled)
    }
    const loan = new Loan(this, leakThresholdMs)
    const connection: PoolConnection = new PoolConnection(pooled, () => {
      this.#loans.delete(connection)
      loan.end()
      pooled.giveBack()
    })
    this.#loans.set(connection, loan)
    return connection
  }

  /** The error with what is known of those who have the connections. */
  #explain(error: PoolTimeoutError, heldByCaller: readonly string[]): PoolTimeoutError {
    const cause = error.cause === undefined ? {} : { cause: error.cause }
    const stacks = new Set([...this.#loans.values()].map(({ stack }) => stack))
    for (const stack of heldByCaller) stacks.delete(stack)
    return new PoolTimeoutError(error.timeout, error.pool, {
      ...cause,
      heldByCaller,
      heldByOthers: [...stacks].slice(0, MAX_STACKS),
    })
  }
}

const NO_OPTIONS: AcquireOptions = Object.freeze({})

/** How often the connection that listens is asked for a sign of life, in ms. */
const HEARTBEAT_MS = 30_000

/** More stacks would make a message that nobody reads. */
const MAX_STACKS = 3

function checkAcquireOptions(timeout: number, target: TargetSessionAttrs | undefined): void {
  if (typeof timeout !== 'number' || !(timeout >= 0)) {
    throw new TypeError('the option "timeout" must be a number of milliseconds, at least 0')
  }
  if (target !== undefined && !TARGET_SESSION_ATTRS.includes(target)) {
    const known = TARGET_SESSION_ATTRS.join(', ')
    throw new TypeError(`the option "target" must be one of ${known}`)
  }
}
