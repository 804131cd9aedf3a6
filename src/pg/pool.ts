import { AsyncResource } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { rejectInCaller } from '../base/caller-stack.js'
import type { Any, QueryConfigValues, QueryResultRow } from './any.js'
import { Client } from './client.js'
import type {
  CheckoutCallback,
  Idle,
  PoolClient,
  PooledClient,
  Release,
  Waiter,
} from './pool-client.js'
import { type PoolConfig, type PoolOptions, poolOptions } from './pool-config.js'
import { openClient } from './pool-opening.js'
import { type QueryOutcome, queryOnce } from './pool-query.js'
import type { QueryArrayConfig, QueryConfig } from './query-config.js'
import type { Done, QueryArrayResult, QueryResult, Submittable } from './query-types.js'

const noRelease: Release = () => {}

/** Clients to lend, with the interface of pg-pool. */
export class Pool extends EventEmitter {
  options: PoolOptions
  readonly Client: new (
    config: never,
  ) => Client
  readonly Promise: PromiseConstructor
  readonly log: (...messages: unknown[]) => void
  ending = false
  ended = false
  _clients: PooledClient[] = []
  _idle: Idle[] = []
  _pendingQueue: Waiter[] = []
  readonly _expired: WeakSet<object> = new WeakSet()
  #onEnded: () => void = () => {}

  constructor(options?: PoolConfig | null, ClientClass?: new (config: never) => Client) {
    super()
    const given: PoolConfig = options ?? {}
    this.options = poolOptions(given)
    this.log = given.log ?? (() => {})
    this.Client = given.Client ?? ClientClass ?? Client
    this.Promise = (given.Promise ?? Promise) as PromiseConstructor
  }

  get totalCount(): number {
    return this._clients.length
  }

  get idleCount(): number {
    return this._idle.length
  }

  get waitingCount(): number {
    return this._pendingQueue.length
  }

  /** Clients past their lifetime that are still in use. */
  get expiredCount(): number {
    return this._clients.filter((client) => this._expired.has(client)).length
  }

  /** Borrows a client: of the idle ones the one used last, else a new one, else the next that is given back. */
  connect(): Promise<PoolClient>
  connect(callback: CheckoutCallback): void
  connect(callback?: CheckoutCallback): Promise<PoolClient> | undefined {
    if (callback === undefined) {
      return this.#promise<PoolClient>((settle) => {
        this.#checkOut((error, client) => settle(error, client))
      })
    }
    // The callback belongs to who asked, not to who opened the connection or gave it back.
    this.#checkOut(inContextOfCaller(callback))
    return undefined
  }

  #checkOut(callback: CheckoutCallback): void {
    if (this.ending) {
      callback(new Error('Cannot use a pool after calling end on the pool'), undefined, noRelease)
      return
    }
    const waiter: Waiter = { callback, timer: undefined }
    if (this._idle.length === 0 && !this.#isFull) {
      this.#open(waiter)
      return
    }
    this._pendingQueue.push(waiter)
    if (this._idle.length > 0) process.nextTick(() => this.#pulse())
    const timeout = this.options.connectionTimeoutMillis
    if (!timeout) return
    waiter.timer = setTimeout(() => {
      this.#forget(waiter)
      callback(new Error('timeout exceeded when trying to connect'), undefined, noRelease)
    }, timeout)
    waiter.timer.unref()
  }

  get #isFull(): boolean {
    return this._clients.length >= Number(this.options.max)
  }

  get #isAboveMin(): boolean {
    return this._clients.length > Number(this.options.min)
  }

  #forget(waiter: Waiter): void {
    this._pendingQueue = this._pendingQueue.filter((each) => each !== waiter)
  }

  /** Serves who waits, as far as there are clients or room for new ones; ends the pool when its time has come. */
  #pulse(): void {
    if (this.ending) {
      for (const { client } of [...this._idle]) this._remove(client)
      if (this._clients.length === 0 && !this.ended) {
        this.ended = true
        this.#onEnded()
      }
      return
    }
    while (this._pendingQueue.length > 0 && (this._idle.length > 0 || !this.#isFull)) {
      const waiter = this._pendingQueue.shift() as Waiter
      clearTimeout(waiter.timer)
      const idle = this._idle.pop()
      if (idle === undefined) {
        this.#open(waiter)
        continue
      }
      clearTimeout(idle.timer)
      idle.client.ref()
      this.#lend(idle.client, idle.onError, waiter.callback)
    }
  }

  #open({ callback }: Waiter): void {
    const client = new this.Client(this.options as never) as PooledClient
    this._clients.push(client)
    const onError = this.#idleListener(client)
    openClient(client, this.options, onError, (error) => {
      if (error === undefined) {
        this.#welcome(client, onError, callback)
        return
      }
      this._clients = this._clients.filter((each) => each !== client)
      this.#pulse()
      callback(error, undefined, noRelease)
    })
  }

  #welcome(client: PooledClient, onError: Idle['onError'], callback: CheckoutCallback): void {
    const seconds = Number(this.options.maxLifetimeSeconds)
    if (seconds > 0) {
      const timer = setTimeout(() => this.#expire(client), seconds * 1000)
      timer.unref()
      client.once('end', () => clearTimeout(timer))
    }
    this.emit('connect', client)
    const { verify } = this.options
    if (verify === undefined) {
      this.#lend(client, onError, callback)
      return
    }
    this.#lend(client, onError, (_, lent, release) => {
      verify(client, (error) => {
        if (!error) {
          callback(undefined, lent, release)
          return
        }
        release(error)
        callback(error, undefined, noRelease)
      })
    })
  }

  /** An idle client is closed at once, one in use when it comes back. */
  #expire(client: PooledClient): void {
    this._expired.add(client)
    const idle = this._idle.find((each) => each.client === client)
    // Lent and given back, as pg does it: who counts events sees it go.
    if (idle !== undefined) this.#lend(client, idle.onError, (_, __, release) => release())
  }

  #lend(client: PooledClient, onError: Idle['onError'], callback: CheckoutCallback): void {
    this.emit('acquire', client)
    client.removeListener('error', onError)
    let isReleased = false
    client.release = (error) => {
      if (isReleased) {
        throw new Error('Release called on client which has already been released to the pool.')
      }
      isReleased = true
      this.#takeBack(client, onError, error)
    }
    client[Symbol.asyncDispose] = async () => {
      if (!isReleased) client.release()
    }
    callback(undefined, client, client.release)
  }

  #takeBack(client: PooledClient, onError: Idle['onError'], error?: Error | boolean): void {
    client.on('error', onError)
    client._poolUseCount = (client._poolUseCount ?? 0) + 1
    this.emit('release', error, client)
    const isSpent = client._poolUseCount >= Number(this.options.maxUses)
    const isUnusable = !client._queryable || client._ending
    if (error || this.ending || isUnusable || isSpent || this._expired.has(client)) {
      this._expired.delete(client)
      this._remove(client)
      return
    }
    // What the next borrower asks waits behind it.
    if (client.getTransactionStatus() !== 'I') this.#rollBack(client)
    const idle: Idle = { client, onError, timer: undefined }
    const timeout = this.options.idleTimeoutMillis
    // Whoever waits gets it at once.
    if (timeout && this.#isAboveMin && this._pendingQueue.length === 0) {
      idle.timer = setTimeout(() => {
        if (this.#isAboveMin) this._remove(client)
      }, timeout)
      if (this.options.allowExitOnIdle) idle.timer.unref()
    }
    if (this.options.allowExitOnIdle) client.unref()
    this._idle.push(idle)
    this.#pulse()
  }

  #rollBack(client: PooledClient): void {
    process.emitWarning(
      'a client was released to its pool inside a transaction, which was rolled back',
    )
    client.query('rollback', (error: Error | null) => {
      if (error !== null) this._remove(client)
    })
  }

  /** Closes a client and forgets it. */
  _remove(client: PooledClient, callback?: () => void): void {
    const idle = this._idle.find((each) => each.client === client)
    clearTimeout(idle?.timer)
    this._idle = this._idle.filter((each) => each !== idle)
    const wasOurs = this._clients.includes(client)
    this._clients = this._clients.filter((each) => each !== client)
    client.end(() => {
      if (wasOurs) this.emit('remove', client)
      callback?.()
      this.#pulse()
    })
    this.#pulse()
  }

  /** Of an idle client that breaks the pool tells; the client is gone by then. */
  #idleListener(client: PooledClient): Idle['onError'] {
    const onError = (error: Error): void => {
      Object.assign(error, { client })
      client.removeListener('error', onError)
      client.on('error', () => this.log('additional client error after disconnection', error))
      this._remove(client)
      if (this.listenerCount('error') > 0) this.emit('error', error, client)
    }
    return onError
  }

  /** Runs one query on whatever client is free. */
  query<T extends Submittable>(submittable: T): T
  query<Row extends Any[] = Any[], Values = Any[]>(
    config: QueryArrayConfig<Values>,
    values?: QueryConfigValues<Values>,
  ): Promise<QueryArrayResult<Row>>
  query<Row extends QueryResultRow = Any, Values = Any[]>(
    query: string | QueryConfig<Values>,
    values?: QueryConfigValues<Values>,
  ): Promise<QueryResult<Row>>
  query<Row extends Any[] = Any[], Values = Any[]>(
    config: QueryArrayConfig<Values>,
    callback: Done<QueryArrayResult<Row>>,
  ): void
  query<Row extends QueryResultRow = Any, Values = Any[]>(
    query: string | QueryConfig<Values>,
    callback: Done<QueryResult<Row>>,
  ): void
  query<Row extends QueryResultRow = Any, Values = Any[]>(
    query: string | QueryConfig<Values>,
    values: QueryConfigValues<Values>,
    callback: Done<QueryResult<Row>>,
  ): void
  query(text: unknown, values?: unknown, callback?: unknown): Any {
    if (typeof text === 'function') {
      const refusal = new Error(
        'Passing a function as the first parameter to pool.query is not supported',
      )
      setImmediate(() => text(refusal))
      return undefined
    }
    const [parameters, done] =
      typeof values === 'function' ? [undefined, values] : [values, callback]
    if (typeof done === 'function') {
      queryOnce(this, text, parameters, inContextOfCaller(done as QueryOutcome))
      return undefined
    }
    return this.#promise((settle) => queryOnce(this, text, parameters, settle))
  }

  /** Closes idle clients at once and those in use when they come back; refuses who waits. */
  end(): Promise<void>
  end(callback: (error?: Error) => void): void
  end(callback?: (error?: Error) => void): Promise<void> | undefined {
    const run = (settle: (error?: Error) => void): void => {
      if (this.ending) {
        settle(new Error('Called end on pool more than once'))
        return
      }
      this.ending = true
      this.#onEnded = () => settle()
      const refused = this._pendingQueue.splice(0)
      for (const { callback: tell, timer } of refused) {
        clearTimeout(timer)
        tell(new Error('Cannot use a pool after calling end on the pool'), undefined, noRelease)
      }
      this.#pulse()
    }
    if (callback === undefined) return this.#promise<void>((settle) => run(settle))
    run(callback)
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.ending) await this.end()
  }

  #promise<T>(start: (settle: (error?: Error | null, value?: T) => void) => void): Promise<T> {
    return new this.Promise<T>((resolve, reject) => {
      start((error, value) => {
        if (!error) resolve(value as T)
        else if (error instanceof Error) resolve(rejectInCaller(error))
        else reject(error)
      })
    })
  }
}

/** As `AsyncResource.bind`, which on Node.js 20 takes 17 µs for it. */
function inContextOfCaller<Args extends unknown[]>(
  callback: (...args: Args) => void,
): (...args: Args) => void {
  const resource = new AsyncResource('SLUICE_PG_POOL')
  return (...args) => resource.runInAsyncScope(callback, undefined, ...args)
}
