import { systemClock } from '../base/clock.js'
import { TargetSessionAttrsError } from '../base/errors.js'
import { PoolClosedError, type PoolSnapshot, PoolTimeoutError } from '../base/pool-errors.js'
import type { TargetSessionAttrs } from '../config/connect-options.js'
import { hide } from '../config/hidden.js'
import type { ConnectHost } from '../config/hosts.js'
import type { ConnectionConfig } from '../config/resolve.js'
import type { Request } from '../wire/request.js'
import { whyUnfit } from '../wire/server-role.js'
import type { ConnectionHandler, WireConnection } from '../wire/wire-connection.js'
import { abandonmentOf } from './abandonment.js'
import { HostPool } from './host-pool.js'
import { pause } from './pause.js'
import type { PoolBackend } from './pool-backend.js'
import type { PoolConfig } from './pool-options.js'
import type { PooledConnection } from './pooled-connection.js'
import type { ResourcePoolLimits } from './resource-pool-options.js'
import { type ResourcePoolStats, sumStats } from './resource-pool-stats.js'

/** One server of several. */
interface Member {
  /** What tells it from the others. */
  readonly address: string
  readonly pool: HostPool
  /** Connecting failed; until then others are asked first, in ms of the clock. */
  downUntilMs: number
  /** Its role is being asked for. */
  checking: Promise<void> | undefined
}

/** One name may stand for several servers, each with an address of its own. */
function addressOf({ address, hostAddress }: ConnectHost): string {
  return hostAddress === undefined ? address : `${address} (${hostAddress})`
}

/** How often those are asked again of whom none will do, in ms. */
const RETRY_MS = 100

/**
 * Several servers, each with a pool of its own. Every connection tells the role of its server when it
 * is opened, and a standby that was promoted says so with its next answer; every `hostRecheck` ms one
 * connection of each server is asked. Whoever acquires gets a connection of the least busy server that
 * will do.
 */
export class HostGroup implements PoolBackend {
  readonly #options: PoolConfig
  readonly #members = new Map<string, Member>()
  /** Those that were set, for servers to come. */
  readonly #codecs = new Map<string, unknown>()
  #limits: ResourcePoolLimits
  #config: ConnectionConfig
  #timer: NodeJS.Timeout | undefined
  /** Of those who wait until some server will do. */
  readonly #deadlines = new Set<AbortController>()
  #isClosed = false
  #lastError: unknown
  #turn = 0

  constructor(config: ConnectionConfig, options: PoolConfig) {
    this.#config = config
    this.#options = options
    const { minSize, maxSize } = options.resources
    this.#limits = { minSize, maxSize }
    this.setConfig(config)
  }

  get snapshot(): PoolSnapshot {
    return this.stats()
  }

  get limits(): ResourcePoolLimits {
    return this.#limits
  }

  get isExhausted(): boolean {
    return this.#list().some(({ pool }) => pool.isExhausted)
  }

  stats(): ResourcePoolStats {
    return sumStats(this.#list().map(({ pool }) => pool.stats()))
  }

  setConfig(config: ConnectionConfig): void {
    this.#config = config
    for (const [address, { pool }] of this.#members) {
      if (config.hosts.some((host) => addressOf(host) === address)) continue
      this.#members.delete(address)
      void pool.close()
    }
    for (const host of config.hosts) this.#setMember(host)
    this.#scheduleCheck()
  }

  async warmUp(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#list().map((member) => this.#check(member)))
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected')
    if (failures.length === outcomes.length) throw failures[0]?.reason
    if (this.#choose(undefined) === undefined) throw this.#nobodyServes(undefined)
    await Promise.all(this.#list().map(({ pool }) => pool.warmUp().catch(() => {})))
  }

  tryAcquire(target: TargetSessionAttrs | undefined): PooledConnection | undefined {
    const member = this.#choose(target)
    return member?.pool.role === undefined ? undefined : member.pool.tryAcquire()
  }

  async acquire(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    target: TargetSessionAttrs | undefined,
  ): Promise<PooledConnection> {
    if (this.#isClosed) throw new PoolClosedError()
    // A pool of one server lets callers with a deadline wait for it; here another may do.
    const deadline = timeoutMs < Number.POSITIVE_INFINITY ? new AbortController() : undefined
    const timer = deadline && setTimeout(() => deadline.abort(), Math.min(timeoutMs, 0x7fffffff))
    if (deadline !== undefined) this.#deadlines.add(deadline)
    const signals = [signal, deadline?.signal].filter((each) => each !== undefined)
    try {
      return await this.#acquire(AbortSignal.any(signals), target, deadline === undefined)
    } catch (error) {
      const isLate = deadline?.signal.aborted === true && !this.#isClosed
      if (!isLate || signal?.aborted === true) throw error
      const cause = this.#lastError === undefined ? {} : { cause: this.#lastError }
      throw new PoolTimeoutError(timeoutMs, this.snapshot, cause)
    } finally {
      clearTimeout(timer)
      if (deadline !== undefined) this.#deadlines.delete(deadline)
    }
  }

  runOnce(request: Request, timeoutMs: number): void {
    const member = this.#choose(undefined)
    if (member?.pool.role !== undefined && member.pool.tryRunOnce(request)) return
    this.acquire(timeoutMs, abandonmentOf(request), undefined).then(
      (connection) => connection.runOnce(request),
      (error: unknown) => request.onRefused(error),
    )
  }

  async connectApart(handler: ConnectionHandler, signal: AbortSignal): Promise<WireConnection> {
    for (;;) {
      // A standby neither listens nor is told, so one that may be anything will not do.
      while (this.#choose('primary')?.pool.role === undefined) {
        const isComplete = await this.#recheckBriefly(signal)
        signal.throwIfAborted()
        if (isComplete) break
      }
      const member = this.#choose('primary')
      if (member === undefined) throw this.#nobodyServes('primary')
      try {
        return await member.pool.connectApart(handler, signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!member.pool.isConnectFailure(error)) throw error
        this.#markDown(member, error)
      }
    }
  }

  setCodec(name: string, codec: unknown): void {
    this.#codecs.set(name, codec)
    for (const { pool } of this.#list()) pool.setCodec(name, codec)
  }

  resetCodec(name: string): void {
    this.#codecs.delete(name)
    for (const { pool } of this.#list()) pool.resetCodec(name)
  }

  reloadTypes(): void {
    for (const { pool } of this.#list()) pool.reloadTypes()
  }

  resize(limits: ResourcePoolLimits): void {
    this.#limits = limits
    this.#fitSizes()
  }

  expire(spreadMs: number): void {
    for (const { pool } of this.#list()) pool.expire(spreadMs)
  }

  async pause(): Promise<void> {
    await Promise.all(this.#list().map(({ pool }) => pool.pause()))
  }

  resume(): void {
    for (const { pool } of this.#list()) pool.resume()
  }

  async close(): Promise<void> {
    this.#stop()
    await Promise.all(this.#list().map(({ pool }) => pool.close()))
  }

  terminate(): void {
    this.#stop()
    for (const { pool } of this.#list()) pool.terminate()
  }

  #list(): Member[] {
    return [...this.#members.values()]
  }

  #setMember(host: ConnectHost): void {
    const { password, ...rest } = { ...this.#config, password: this.#config.password }
    const config = hide(
      { ...rest, hosts: [host], targetSessionAttrs: 'any' as const },
      'password',
      password,
    )
    const address = addressOf(host)
    const known = this.#members.get(address)
    if (known !== undefined) {
      known.pool.setConfig(config)
      return
    }
    // Opened when the server is known to be of use.
    const resources = { ...this.#options.resources, minSize: 0 }
    const pool = new HostPool(config, { ...this.#options, resources }, () => this.#fitSizes())
    for (const [name, codec] of this.#codecs) pool.setCodec(name, codec)
    this.#members.set(address, { address, pool, downUntilMs: 0, checking: undefined })
  }

  async #acquire(
    signal: AbortSignal,
    target: TargetSessionAttrs | undefined,
    isImpatient: boolean,
  ): Promise<PooledConnection> {
    for (;;) {
      signal.throwIfAborted()
      const member = this.#choose(target)
      if (member === undefined) {
        const isComplete = await this.#recheckBriefly(signal)
        if (!isComplete || this.#choose(target) !== undefined) continue
        if (isImpatient) throw this.#nobodyServes(target)
        await pause(RETRY_MS, signal)
        continue
      }
      try {
        const pooled = await member.pool.acquire(Number.POSITIVE_INFINITY, signal)
        if (this.#suits(member, target)) return pooled
        // It has changed its role meanwhile.
        member.pool.resources.release(pooled)
      } catch (error) {
        signal.throwIfAborted()
        const isMember = this.#isClosed || this.#members.get(member.address) === member
        // One that was taken out refuses those who wait for it; others may serve them.
        if (!isMember) continue
        if (!member.pool.isConnectFailure(error)) throw error
        this.#markDown(member, error)
      }
    }
  }

  /** The least busy server that will do, as far as is known. */
  #choose(wanted: TargetSessionAttrs | undefined): Member | undefined {
    const nowMs = systemClock.now()
    const up = this.#list().filter((member) => member.downUntilMs <= nowMs)
    const target = wanted ?? this.#config.targetSessionAttrs
    const fit = up.filter((member) => this.#suits(member, target))
    const standbys = target === 'prefer-standby' ? fit.filter(isStandby) : []
    const candidates = standbys.length > 0 ? standbys : fit
    this.#turn += 1
    const turn = this.#turn % Math.max(candidates.length, 1)
    // Whoever is next in turn comes first among those that are equally busy.
    return [...candidates.slice(turn), ...candidates.slice(0, turn)].reduce<Member | undefined>(
      (best, member) => (best === undefined || load(member) < load(best) ? member : best),
      undefined,
    )
  }

  /** A server that nobody has seen yet may be of any kind. */
  #suits({ pool }: Member, target: TargetSessionAttrs | undefined): boolean {
    const wanted = target ?? this.#config.targetSessionAttrs
    return pool.role === undefined || whyUnfit(pool.role, wanted) === undefined
  }

  /** Asks every server for its role. Resolves when each has answered, or cannot. */
  async #recheck(): Promise<void> {
    await Promise.allSettled(this.#list().map((member) => this.#check(member)))
  }

  /**
   * The same, for a while: one that is slow to fail, such as a primary that has died, keeps nobody from
   * one that has become what is wanted. Gives whether each has answered.
   */
  async #recheckBriefly(signal: AbortSignal): Promise<boolean> {
    const over = new AbortController()
    const stop = AbortSignal.any([signal, over.signal])
    const isComplete = this.#recheck().then(() => true)
    const isLate = pause(RETRY_MS, stop).then(() => false)
    try {
      return await Promise.race([isComplete, isLate])
    } finally {
      over.abort()
    }
  }

  /** Asks a server for its role, once for all who wait for it. */
  #check(member: Member): Promise<void> {
    member.checking ??= this.#askRole(member).finally(() => {
      member.checking = undefined
    })
    return member.checking
  }

  async #askRole(member: Member): Promise<void> {
    try {
      await member.pool.checkRole()
      member.downUntilMs = 0
    } catch (error) {
      if (member.pool.isConnectFailure(error)) this.#markDown(member, error)
      throw error
    }
  }

  #markDown(member: Member, error: unknown): void {
    this.#lastError = error
    member.downUntilMs = systemClock.now() + Math.max(this.#config.hostRecheck, RETRY_MS)
    member.pool.forgetRole()
  }

  #scheduleCheck(): void {
    clearTimeout(this.#timer)
    const { hostRecheck } = this.#config
    if (hostRecheck === 0) return
    this.#timer = setTimeout(() => {
      void this.#recheck()
      this.#scheduleCheck()
    }, hostRecheck)
    this.#timer.unref()
  }

  /** Keeps `minSize` open where the connections are of use to who names no target. */
  #fitSizes(): void {
    const { minSize, maxSize } = this.#limits
    const target = this.#config.targetSessionAttrs
    for (const member of this.#list()) {
      const isWanted = member.pool.role !== undefined && this.#suits(member, target)
      const limits = { minSize: isWanted ? minSize : 0, maxSize }
      const now = member.pool.limits
      if (now.minSize !== limits.minSize || now.maxSize !== maxSize) member.pool.resize(limits)
    }
  }

  #nobodyServes(target: TargetSessionAttrs | undefined): unknown {
    const wanted = target ?? this.#config.targetSessionAttrs
    const lines = this.#list().map(({ address, pool }) => {
      const problem = pool.role === undefined ? 'it cannot be reached' : whyUnfit(pool.role, wanted)
      return `\n  ${address}: ${problem ?? 'it was not asked'}`
    })
    return new TargetSessionAttrsError(
      `no server serves targetSessionAttrs "${wanted}":${lines.join('')}`,
      this.#lastError === undefined ? {} : { cause: this.#lastError },
    )
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isClosed = true
    for (const deadline of this.#deadlines) deadline.abort(new PoolClosedError())
  }
}

function load({ pool }: Member): number {
  const { lent, waiting } = pool.snapshot
  return lent + waiting
}

function isStandby({ pool }: Member): boolean {
  return pool.role?.isStandby === true
}
