import { EventEmitter } from 'node:events'
import { PostgresError } from '../base/errors.js'
import type { TransactionStatus } from '../protocol/messages.js'
import type { ConnectionHandler, WireConnection } from '../wire/wire-connection.js'
import type { ClientConfig } from './client-config.js'
import { Connection } from './connection.js'
import { ConnectionParameters } from './connection-parameters.js'
import { DatabaseError, noticeMessage } from './database-error.js'
import { defaults } from './defaults.js'
import { escapeIdentifier, escapeLiteral } from './escape.js'
import { asError, attempt, throwLater } from './foreign.js'
import type { Submittable } from './messages.js'
import { nativeTypes } from './native-types.js'
import { Query } from './query.js'
import { type QueryLimits, QueryQueue } from './query-queue.js'
import { openSession } from './session.js'
import { TypeOverrides } from './type-overrides.js'
import type { TypeFormat, TypeParser } from './types.js'

/** What `connect` calls. */
type ConnectCallback = (error: Error | null, client?: Client) => void

const STATUS_LETTERS = { idle: 'I', transaction: 'T', failed: 'E' } as const

/** A connection to a server, with pg's interface. */
export class Client extends EventEmitter {
  /** The class of its queries. */
  static readonly Query: typeof Query = Query

  connectionParameters: ConnectionParameters
  /** What it was made with, as far as it is no text. @internal */
  declare readonly config: ClientConfig
  user: string | undefined
  database: string | undefined
  port: number
  host: string
  /** Not enumerable, so that it shows in no log. */
  declare password: ConnectionParameters['password']
  replication: string | boolean | undefined
  connection: Connection
  processID: number | null = null
  secretKey: number | null = null
  ssl: unknown
  sslNegotiation: 'postgres' | 'direct'
  pipeline: boolean
  binary: boolean
  enableChannelBinding: boolean
  scramMaxIterations: number
  /** Whether the server waits for a query. */
  readyForQuery = false
  _types: TypeOverrides
  _ending = false
  _ended = false
  _connected = false
  _queryable = true
  _Promise: PromiseConstructor
  readonly #connectTimeoutMs: number
  readonly #queue: QueryQueue
  #wire: WireConnection | undefined
  #isConnecting = false
  #status: TransactionStatus | undefined
  /** The requests that are told why the connection was lost; later ones learn that it was. */
  #isLossTold = false
  readonly #whenEnded: Promise<void>
  #onEnded!: () => void

  constructor(config?: string | ClientConfig | null) {
    super()
    const given: ClientConfig = typeof config === 'object' && config !== null ? config : {}
    // Not enumerable: it may hold secrets.
    Object.defineProperty(this, 'config', { value: given, enumerable: false })
    const parameters = new ConnectionParameters(config)
    this.connectionParameters = parameters
    this.user = parameters.user
    this.database = parameters.database
    this.port = parameters.port
    this.host = parameters.host
    Object.defineProperty(this, 'password', {
      value: parameters.password,
      configurable: true,
      enumerable: false,
      writable: true,
    })
    this.replication = parameters.replication
    this.ssl = parameters.ssl || false
    this.sslNegotiation = parameters.sslnegotiation ?? 'postgres'
    this.pipeline = Boolean(given.pipeline)
    this.binary = false
    this.enableChannelBinding = Boolean(given.enableChannelBinding)
    this.scramMaxIterations = finiteNumber(given.scramMaxIterations) ?? 100_000
    this._types = new TypeOverrides(
      given.types ?? ((given.nativeTypes ?? defaults.nativeTypes) ? nativeTypes : undefined),
    )
    this._Promise = (given.Promise ?? Promise) as PromiseConstructor
    this.#connectTimeoutMs = given.connectionTimeoutMillis ?? parameters.connect_timeout * 1000
    this.connection =
      given.connection ??
      new Connection({
        stream: given.stream,
        ssl: parameters.ssl,
        sslNegotiation: this.sslNegotiation,
        keepAlive: given.keepAlive ?? true,
        keepAliveInitialDelayMillis: given.keepAliveInitialDelayMillis ?? 0,
        statementCacheSize: given.statementCacheSize ?? defaults.statementCacheSize,
      })
    this.#whenEnded = new Promise((resolve) => {
      this.#onEnded = resolve
    })
    this.#queue = new QueryQueue(this.connection, this.pipeline, {
      onReady: (status) => this.#onReady(status),
      onBusy: () => {
        this.readyForQuery = false
      },
      onDrain: () => this.emit('drain'),
      lossOf: (error) => this.#lossOf(error),
    })
  }

  /** The query that the server is at. */
  get activeQuery(): Submittable | null {
    return this.#queue.active
  }

  /** Queries that wait to be sent. */
  get queryQueue(): Submittable[] {
    return this.#queue.waiting
  }

  /** As {@link queryQueue}; the name that tools look at. */
  get _queryQueue(): Submittable[] {
    return this.queryQueue
  }

  _getActiveQuery(): Submittable | null {
    return this.activeQuery
  }

  /** Connects; resolves to the client. A second time is an error. */
  connect(): Promise<Client>
  connect(callback: ConnectCallback): void
  connect(callback?: ConnectCallback): Promise<Client> | undefined {
    if (callback) {
      this.#connect(() => callback(null, this))
        .catch(callback)
        .catch(throwLater)
      return undefined
    }
    return new this._Promise((resolve, reject) => {
      this.#connect(() => resolve(this)).catch(reject)
    })
  }

  /** Tells who connects before the listeners of `connect`, both before the first query is sent. */
  async #connect(tell: () => void): Promise<void> {
    if (this.#isConnecting || this._connected || this._ended) {
      throw new Error('Client has already been connected. You cannot reuse a client.')
    }
    this.#isConnecting = true
    const timer =
      this.#connectTimeoutMs > 0
        ? setTimeout(
            () => this.connection.stream.destroy(new Error('timeout expired')),
            this.#connectTimeoutMs,
          )
        : undefined
    try {
      this.#wire = await openSession(this, this.connection, this.#handler())
    } catch (error) {
      this._queryable = false
      this.connection.stream.destroy()
      this.#queue.stop(asError(error))
      this.#end()
      throw this._ending ? new Error('Connection terminated') : error
    } finally {
      clearTimeout(timer)
      this.#isConnecting = false
    }
    this.#onConnected(this.#wire, tell)
  }

  #onConnected(wire: WireConnection, tell: () => void): void {
    const { key } = wire.session
    this.processID = key?.processId ?? null
    this.secretKey = key === undefined ? null : Buffer.from(key.secretKey).readInt32BE()
    this._connected = true
    this.#onReady('idle')
    attempt(tell)
    attempt(() => this.emit('connect'))
    if (this._ending) this.#sayGoodbye()
    else this.#queue.start(wire)
  }

  #handler(): ConnectionHandler {
    const { connection } = this
    return {
      onNotice: (notice) => {
        const message = noticeMessage(notice)
        connection._tell('notice', message)
        process.nextTick(() => this.emit('notice', message))
      },
      onNotification: ({ processId, channel, payload }) => {
        const message = { name: 'notification', length: 0, processId, channel, payload }
        connection._tell('notification', message)
        process.nextTick(() => this.emit('notification', message))
      },
      onParameterStatus: (parameterName, parameterValue) => {
        connection._tell('parameterStatus', {
          name: 'parameterStatus',
          length: 0,
          parameterName,
          parameterValue,
        })
      },
      onIdle: () => {},
      onClosed: (error) => this.#onClosed(error),
    }
  }

  #onReady(status: TransactionStatus): void {
    this.#status = status
    this.readyForQuery = true
  }

  #onClosed(error: Error | undefined): void {
    this._queryable = false
    const isExpected = this._ending || error === undefined
    const reason = isExpected ? new Error('Connection terminated') : this.#lossOf(error)
    this.#queue.stop(reason)
    this.#end()
    if (isExpected) return
    process.nextTick(() => {
      // Its queries tell; who listens to nothing should not lose the process for it.
      if (this.listenerCount('error') > 0) this.emit('error', reason)
    })
  }

  /** What pg tells of a lost connection: what the server said, Node's error, or that it is gone. */
  #lossOf(error: Error): Error {
    if (this._ending) return new Error('Connection terminated')
    const cause = (error as { cause?: unknown }).cause
    if (cause instanceof PostgresError) {
      const isFirst = !this.#isLossTold
      this.#isLossTold = true
      if (isFirst) return DatabaseError.from({ ...cause, message: cause.message, code: cause.code })
    } else if (cause instanceof Error) {
      return cause
    }
    return new Error('Connection terminated unexpectedly', { cause: error })
  }

  #end(): void {
    this._ended = true
    process.nextTick(() => {
      this.connection._tell('end', undefined)
      this.emit('end')
      this.#onEnded()
    })
  }

  /** Runs a query in any of pg's forms, or a Submittable. */
  query(config: unknown, values?: unknown, callback?: unknown): unknown {
    if (config === null || config === undefined) {
      throw new TypeError('Client was passed a null or undefined query')
    }
    const isSubmittable = typeof (config as Partial<Submittable>).submit === 'function'
    const submittable = isSubmittable
      ? (config as Submittable)
      : (new Query(config, values, callback) as Submittable)
    let result: unknown = isSubmittable ? submittable : undefined
    if (isSubmittable) {
      submittable.callback ??= (typeof values === 'function' ? values : callback) as never
    } else if (!submittable.callback) {
      result = this.#promiseOf(submittable)
    } else if (typeof submittable.callback !== 'function') {
      throw new TypeError('callback is not a function')
    }
    this.#submit(submittable, config as QueryLimits)
    return result
  }

  #promiseOf(submittable: Submittable): Promise<unknown> {
    return new this._Promise((resolve, reject) => {
      submittable.callback = (error, result) => {
        if (error) reject(error)
        else resolve(result)
      }
    }).catch((error: unknown) => {
      // From here the stack leads to whoever awaits.
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    })
  }

  #submit(submittable: Submittable, options: QueryLimits): void {
    const refusal = this.#refusalOf(submittable)
    if (refusal !== undefined) {
      process.nextTick(() => submittable.handleError?.(refusal, this.connection as never))
      return
    }
    const result = (submittable as { _result?: { _types?: unknown } })._result
    if (result !== undefined && !result._types) result._types = this._types
    const { query_timeout = this.connectionParameters.query_timeout, signal } = options
    this.#queue.add(submittable, { query_timeout: Number(query_timeout || 0), signal })
  }

  #refusalOf(submittable: Submittable): Error | undefined {
    if (this.pipeline) {
      const isForeign = !(submittable instanceof Query)
      const what = isForeign
        ? 'Custom query classes such as pg-cursor and pg-query-stream are'
        : submittable.rows
          ? 'The `rows` option is'
          : undefined
      if (what !== undefined) return new Error(`${what} not supported in pipeline mode`)
    }
    if (this._ending) return new Error('Client was closed and is not queryable')
    if (!this._queryable) {
      return new Error('Client has encountered a connection error and is not queryable')
    }
    return undefined
  }

  /** Closes the connection; with a query running at once, and that query fails. */
  end(): Promise<void>
  end(callback: (error?: Error) => void): void
  end(callback?: (error?: Error) => void): Promise<void> | undefined {
    const isFirst = !this._ending
    this._ending = this.#isConnecting || this._connected
    if (isFirst && this.#wire !== undefined) this.#sayGoodbye()
    else if (this.#isConnecting) this.connection.stream.destroy()
    const ended = this._ending && !this._ended ? this.#whenEnded : Promise.resolve()
    if (callback === undefined) return new this._Promise((resolve) => ended.then(() => resolve()))
    void ended.then(() => callback())
    return undefined
  }

  #sayGoodbye(): void {
    this.connection._ending = true
    const isBusy = this.activeQuery !== null
    if ((isBusy && !this.pipeline) || !this._queryable) this.#wire?.destroy()
    else void this.#wire?.close()
  }

  /** Cancels the query that `target` runs, or takes it out of its queue. */
  cancel(target: Client, query: Submittable): void {
    if (target.activeQuery === query) {
      void target.#wire?.cancel()
      return
    }
    target.#queue.remove(query)
  }

  /** `I` outside a transaction, `T` in one, `E` in one that failed; null before there was any. */
  getTransactionStatus(): 'I' | 'T' | 'E' | null {
    return this.#status === undefined ? null : STATUS_LETTERS[this.#status]
  }

  setTypeParser(oid: number, format: TypeFormat | TypeParser, parse?: TypeParser): void {
    this._types.setTypeParser(oid, format, parse)
  }

  getTypeParser(oid: number, format?: TypeFormat): TypeParser {
    return this._types.getTypeParser(oid, format)
  }

  escapeIdentifier(text: string): string {
    return escapeIdentifier(text)
  }

  escapeLiteral(text: string): string {
    return escapeLiteral(text)
  }

  ref(): void {
    this.connection.ref()
  }

  unref(): void {
    this.connection.unref()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end()
  }
}

function finiteNumber(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}
