import { addAbortListener, removeAbortListener } from '../base/abort-listeners.js'
import { systemClock } from '../base/clock.js'
import { AuthenticationError, ConnectionError, PostgresError, TlsError } from '../base/errors.js'
import { type PoolSnapshot, PoolTimeoutError } from '../base/pool-errors.js'
import { releases } from '../base/telemetry.js'
import type { ConnectionConfig } from '../config/resolve.js'
import { startCloseTimer } from '../connection/close-timer.js'
import { Connection } from '../connection/connection.js'
import { TypeCatalogue } from '../types/type-catalogue.js'
import { Connector } from '../wire/connector.js'
import type { Request } from '../wire/request.js'
import { readServerRole, type ServerRole } from '../wire/server-role.js'
import type { ConnectionHandler, WireConnection } from '../wire/wire-connection.js'
import { abandonmentOf } from './abandonment.js'
import { FewATurn } from './few-a-turn.js'
import { OneShots } from './one-shots.js'
import type { PoolBackend } from './pool-backend.js'
import { PoolConnection } from './pool-connection.js'
import type { PoolConfig, PoolHook } from './pool-options.js'
import { PooledConnection, type PooledConnectionOwner } from './pooled-connection.js'
import type { DestroyReason, ResourceLifecycle } from './resource-lifecycle.js'
import { ResourcePool } from './resource-pool.js'
import type { ResourcePoolLimits } from './resource-pool-options.js'
import type { ResourcePoolStats } from './resource-pool-stats.js'

/** A {@link ResourcePool} of connections that are made by one configuration. */
export class HostPool implements PoolBackend {
  readonly resources: ResourcePool<PooledConnection>
  readonly #options: PoolConfig
  readonly #oneShots: OneShots
  #config: ConnectionConfig
  #types: TypeCatalogue
  #connector: Connector
  readonly #beginnings = new FewATurn(systemClock)
  /** Connections that the pool has given up and whose sockets are still open. */
  readonly #closing = new Set<Promise<void>>()
  readonly #owner: PooledConnectionOwner

  readonly #onRole: (() => void) | undefined
  #role: ServerRole | undefined

  /** @param onRole called when the role of the server is known or has changed; without it nobody asks */
  constructor(config: ConnectionConfig, options: PoolConfig, onRole?: () => void) {
    this.#onRole = onRole
    this.#config = config
    this.#options = options
    this.#types = new TypeCatalogue(config.types)
    this.#connector = new Connector(config)
    this.#owner = {
      unref: options.unref,
      hasResetHook: options.reset !== undefined,
      runResetHook: (connection) => runHook(options.reset, connection),
      onReturned: (connection) => {
        this.#oneShots.onReturned(connection)
        this.resources.release(connection)
      },
      onBroken: (connection) => this.resources.remove(connection),
      // Behind the message, so that a callback that throws cannot disturb the reading of the next.
      onNotice: (notice) => process.nextTick(() => this.#config.onNotice?.(notice)),
      onParameterStatus: (connection, name) => {
        // At startup the role is read when all is reported.
        if (onRole === undefined || name !== 'in_hot_standby' || !connection.isUsable) return
        this.#readRole(connection).catch(() => this.forgetRole())
      },
    }
    const lifecycle: ResourceLifecycle<PooledConnection> = {
      create: (signal) => this.#open(signal),
      destroy: (connection, reason) => this.#discard(connection, reason),
      isUsable: (connection) => connection.isUsable,
      validate: (connection) => connection.validate(),
      onReturned(duration) {
        if (releases.hasSubscribers) releases.publish({ pool: options.name, duration })
      },
      isTransient,
    }
    this.resources = new ResourcePool(lifecycle, options.resources, systemClock, Math.random)
    // The hook is to run behind each query.
    const depth = options.reset === undefined ? options.pipelining : 1
    this.#oneShots = new OneShots(this.resources, depth)
  }

  /** Makes connections from now on in another way. */
  setConfig(config: ConnectionConfig): void {
    this.#config = config
    // It may be another database.
    this.#types = this.#types.another(config.types)
    this.#connector = new Connector(config)
  }

  /** What the server was when it was last asked; undefined when it is not known. */
  get role(): ServerRole | undefined {
    return this.#role
  }

  forgetRole(): void {
    this.#role = undefined
  }

  /** Asks the server for its role, by a connection that is free or can be opened. Rejects when there is none. */
  async checkRole(): Promise<void> {
    const { validationTimeoutMs } = this.#options.resources
    const pooled = await this.resources.acquire(validationTimeoutMs)
    pooled.lend()
    const timer = startCloseTimer(validationTimeoutMs, () => pooled.wire.destroy())
    try {
      // A standby that was promoted says so with its next answer.
      await pooled.validate()
      await this.#readRole(pooled)
    } finally {
      clearTimeout(timer)
      pooled.giveBack()
    }
  }

  /** Whether an error tells that the server cannot be reached or lets nobody in. */
  isConnectFailure(error: unknown): boolean {
    if (error instanceof PoolTimeoutError) return error.cause !== undefined
    return error instanceof ConnectionError || error instanceof PostgresError
  }

  setCodec(name: string, codec: unknown): void {
    this.#types.setCodec(name, codec)
  }

  resetCodec(name: string): void {
    this.#types.resetCodec(name)
  }

  reloadTypes(): void {
    this.#types.reload()
  }

  tryAcquire(): PooledConnection | undefined {
    return this.#options.setup === undefined ? this.resources.tryAcquire() : undefined
  }

  async acquire(timeoutMs: number, signal: AbortSignal | undefined): Promise<PooledConnection> {
    const { setup } = this.#options
    if (setup === undefined) return this.resources.acquire(timeoutMs, signal)
    const startedMs = systemClock.now()
    const pooled = await this.resources.acquire(timeoutMs, signal)
    return this.#setUp(pooled, timeoutMs, systemClock.now() - startedMs, signal)
  }

  /** Runs a request on whatever connection is free. */
  runOnce(request: Request, timeoutMs: number): void {
    if (this.#options.setup !== undefined) {
      void this.#runOnceSetUp(request, timeoutMs)
      return
    }
    this.#oneShots.run(request, timeoutMs)
  }

  /** Runs a request if there is a connection for it now. */
  tryRunOnce(request: Request): boolean {
    return this.#options.setup === undefined && this.#oneShots.tryRun(request)
  }

  async connectApart(handler: ConnectionHandler, signal: AbortSignal): Promise<WireConnection> {
    const { connect } = this.#options
    if (connect === undefined) return this.#connector.connect(this.#types, handler, signal)
    const connection = await connect(signal)
    if (!(connection instanceof Connection)) {
      throw new TypeError('the option "connect" must give a Connection, as connect() does')
    }
    return Connection.handOver(connection, handler)
  }

  get snapshot(): PoolSnapshot {
    return this.resources.snapshot
  }

  get limits(): ResourcePoolLimits {
    return this.resources.limits
  }

  get isExhausted(): boolean {
    return this.resources.isExhausted
  }

  stats(): ResourcePoolStats {
    return this.resources.stats()
  }

  warmUp(): Promise<void> {
    return this.resources.warmUp()
  }

  resize(limits: ResourcePoolLimits): void {
    this.resources.resize(limits)
  }

  expire(spreadMs: number): void {
    this.resources.expire(spreadMs)
  }

  pause(): Promise<void> {
    return this.resources.pause()
  }

  resume(): void {
    this.resources.resume()
  }

  terminate(): void {
    this.resources.terminate()
  }

  async close(): Promise<void> {
    await this.resources.close()
    while (this.#closing.size > 0) await Promise.all(this.#closing)
  }

  async #runOnceSetUp(request: Request, timeoutMs: number): Promise<void> {
    let pooled: PooledConnection
    try {
      pooled = await this.acquire(timeoutMs, abandonmentOf(request))
    } catch (error) {
      request.onRefused(error)
      return
    }
    pooled.runOnce(request)
  }

  /** Runs the setup hook, within what is left of the deadline; a connection that it fails for is closed. */
  async #setUp(
    pooled: PooledConnection,
    timeoutMs: number,
    waitedMs: number,
    signal: AbortSignal | undefined,
  ): Promise<PooledConnection> {
    pooled.lend()
    let tooLate: PoolTimeoutError | undefined
    const onAbort = () => pooled.wire.destroy()
    const timer = startCloseTimer(Math.max(timeoutMs - waitedMs, 0), () => {
      tooLate = new PoolTimeoutError(timeoutMs, this.resources.snapshot)
      onAbort()
    })
    addAbortListener(signal, onAbort)
    try {
      await runHook(this.#options.setup, pooled)
      signal?.throwIfAborted()
      if (tooLate === undefined) return pooled
      throw tooLate
    } catch (error) {
      pooled.wire.destroy()
      this.resources.discard(pooled)
      throw tooLate ?? (signal?.aborted === true ? signal.reason : error)
    } finally {
      clearTimeout(timer)
      removeAbortListener(signal, onAbort)
    }
  }

  async #open(signal: AbortSignal): Promise<PooledConnection> {
    await this.#beginnings.next()
    signal.throwIfAborted()
    const pooled = new PooledConnection(this.#owner)
    pooled.attach(await this.connectApart(pooled, signal))
    const onAbort = () => pooled.wire.destroy()
    signal.addEventListener('abort', onAbort)
    try {
      if (this.#onRole !== undefined) await this.#readRole(pooled)
      await runHook(this.#options.init, pooled)
    } catch (error) {
      pooled.wire.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
    pooled.settle()
    return pooled
  }

  async #readRole({ wire }: PooledConnection): Promise<void> {
    const role = await readServerRole(wire)
    const former = this.#role
    this.#role = role
    const isNew = former?.isStandby !== role.isStandby || former.isReadOnly !== role.isReadOnly
    if (isNew) this.#onRole?.()
  }

  #discard({ wire }: PooledConnection, reason: DestroyReason): void {
    // Nothing pending on one that is broken will ever be answered.
    if (reason === 'terminated' || reason === 'broken') wire.destroy()
    const closed = wire.close().then(() => {
      this.#closing.delete(closed)
    })
    this.#closing.add(closed)
  }
}

/** Runs a hook with a handle of its own, dead when it ends. */
async function runHook(hook: PoolHook | undefined, pooled: PooledConnection): Promise<void> {
  if (hook === undefined) return
  const connection = new PoolConnection(pooled, () => {})
  try {
    await hook(connection)
  } finally {
    connection.release()
  }
}

/** What a later attempt may not meet again: all but a server, or us, refusing what the configuration says. */
function isTransient(error: unknown): boolean {
  if (error instanceof PostgresError) return !/^(?:28|3D|42|22)/.test(error.code)
  return !(
    error instanceof AuthenticationError ||
    error instanceof TlsError ||
    error instanceof TypeError
  )
}
