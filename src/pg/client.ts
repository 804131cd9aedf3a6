import { rejectInCaller } from '../base/caller-stack.js'
import { PostgresError } from '../base/errors.js'
import type { TransactionStatus } from '../protocol/messages.js'
import type { ConnectionHandler, WireConnection } from '../wire/wire-connection.js'
import type { Any, QueryConfigValues, QueryResultRow } from './any.js'
import type { ClientConfig } from './client-config.js'
import { ConfiguredClient } from './configured-client.js'
import { DatabaseError, noticeMessage } from './database-error.js'
import { asError, attempt, throwLater } from './foreign.js'
import type { Submittable as MessageReader } from './messages.js'
import { STATUS_LETTERS } from './messages.js'
import { Query } from './query.js'
import type { QueryArrayConfig, QueryConfig } from './query-config.js'
import { type QueryLimits, QueryQueue } from './query-queue.js'
import type {
  Done,
  QueryArrayResult,
  QueryResult,
  TransactionStatus as SessionStatus,
  Submittable,
} from './query-types.js'
import { openSession } from './session.js'

/** What `connect` calls. */
type ConnectCallback = (error: Error | null, client?: Client) => void

/** A connection to a server, with pg's interface. */
export class Client extends ConfiguredClient {
  /** The class of its queries. */
  static readonly Query: typeof Query = Query

  processID: number | null = null
  secretKey: number | null = null
  /** Whether the server waits for a query. */
  readyForQuery = false
  _ending = false
  _ended = false
  _connected = false
  _queryable = true
  readonly #queue: QueryQueue
  #wire: WireConnection | undefined
  #isConnecting = false
  #status: TransactionStatus | undefined
  /** The requests that are told why the connection was lost; later ones learn that it was. */
  #isLossTold = false
  readonly #whenEnded: Promise<void>
  #onEnded!: () => void

  constructor(config?: string | ClientConfig | null) {
    super(config)
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
  get activeQuery(): MessageReader | null {
    return this.#queue.active
  }

  /** Queries that wait to be sent. */
  get queryQueue(): MessageReader[] {
    return this.#queue.waiting
  }

  /** As {@link queryQueue}; the name that tools look at. */
  get _queryQueue(): MessageReader[] {
    return this.queryQueue
  }

  _getActiveQuery(): MessageReader | null {
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
      this._connectTimeoutMs > 0
        ? setTimeout(
            () => this.connection.stream.destroy(new Error('timeout expired')),
            this._connectTimeoutMs,
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
        attempt(() => this.emit('notice', message))
      },
      onNotification: ({ processId, channel, payload }) => {
        const message = { name: 'notification', length: 0, processId, channel, payload }
        connection._tell('notification', message)
        attempt(() => this.emit('notification', message))
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
    if (!isExpected) {
      process.nextTick(() => {
        // Its queries tell; who listens to nothing should not lose the process for it.
        if (this.listenerCount('error') > 0) this.emit('error', reason)
      })
    }
    this.#end()
  }

  /** What pg tells of a lost connection: what the server said, Node's error, or that it is gone. */
  #lossOf(error: Error): Error {
    if (this._ending) return new Error('Connection terminated')
    const cause = (error as { cause?: unknown }).cause
    if (cause instanceof PostgresError) {
      const isFirst = !this.#isLossTold
      this.#isLossTold = true
      if (isFirst) return DatabaseError.fromCore(cause)
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
  query<T extends Submittable>(submittable: T, callback?: Done): T
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
  query(config: unknown, values?: unknown, callback?: unknown): Any {
    if (config === null || config === undefined) {
      throw new TypeError('Client was passed a null or undefined query')
    }
    const isSubmittable = typeof (config as Partial<MessageReader>).submit === 'function'
    const submittable = isSubmittable
      ? (config as MessageReader)
      : (new Query(config as string, values as never, callback as never) as MessageReader)
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

  #promiseOf(submittable: MessageReader): Promise<unknown> {
    return new this._Promise((resolve, reject) => {
      submittable.callback = (error, result) => {
        if (!error) resolve(result)
        else if (error instanceof Error) resolve(rejectInCaller(error))
        else reject(error)
      }
    })
  }

  #submit(submittable: MessageReader, options: QueryLimits): void {
    const refusal = this.#refusalOf(submittable)
    if (refusal !== undefined) {
      process.nextTick(() => submittable.handleError?.(refusal, this.connection as never))
      return
    }
    const result = (submittable as { _result?: { _types?: unknown } })._result
    if (result !== undefined && !result._types) result._types = this._types
    const { signal } = options
    const timeout = options.query_timeout || this.connectionParameters.query_timeout
    this.#queue.add(submittable, { query_timeout: Number(timeout || 0), signal })
  }

  #refusalOf(submittable: MessageReader): Error | undefined {
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
  end(callback: (error: Error) => void): void
  end(callback?: (error: Error) => void): Promise<void> | undefined {
    const isFirst = !this._ending
    this._ending = true
    if (isFirst && this.#wire !== undefined) this.#sayGoodbye()
    else if (this.#isConnecting) this.connection.stream.destroy()
    const isOpen = (this.#isConnecting || this._connected) && !this._ended
    const ended = isOpen ? this.#whenEnded : Promise.resolve()
    if (callback === undefined) return new this._Promise((resolve) => ended.then(() => resolve()))
    const tell = callback as () => void
    if (isOpen) this.connection.once('end', () => attempt(tell))
    else void ended.then(() => tell())
    return undefined
  }

  #sayGoodbye(): void {
    this.connection._ending = true
    const isBusy = this.activeQuery !== null
    if ((isBusy && !this.pipeline) || !this._queryable) this.#wire?.destroy()
    else void this.#wire?.close()
  }

  /** Cancels the query that `target` runs, or takes it out of its queue. */
  cancel(target: Client, query: MessageReader): void {
    if (target.activeQuery === query) {
      void target.#wire?.cancel()
      return
    }
    target.#queue.remove(query)
  }

  /** `I` outside a transaction, `T` in one, `E` in one that failed; null before there was any. */
  getTransactionStatus(): SessionStatus {
    return this.#status === undefined ? null : STATUS_LETTERS[this.#status]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end()
  }
}
