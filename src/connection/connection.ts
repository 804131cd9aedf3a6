import type { EventEmitter } from 'node:events'
import type { ProtocolVersion } from '../config/connect-options.js'
import type { TransactionStatus } from '../protocol/messages.js'
import type { GivenCodec } from '../types/type-options.js'
import type { Request } from '../wire/request.js'
import type { TextRowsRequest } from '../wire/requests/text-rows.js'
import type { ConnectionHandler, WireConnection } from '../wire/wire-connection.js'
import { startCloseTimer } from './close-timer.js'
import { addListener, type ConnectionEvents } from './connection-events.js'
import { HeldConnection, type HoldOptions } from './held-connection.js'
import {
  ChannelListeners,
  checkChannel,
  type NotificationListener,
  type Subscription,
} from './listener.js'
import { PreparedStatement, type PrepareOptions } from './prepared-statement.js'
import {
  type LimitOptions,
  limitsOf,
  type QueryDefaults,
  type QueryOptions,
} from './query-options.js'
import { replicationQuery, submitToReplication } from './replication-query.js'
import type { QueryResult } from './result.js'
import { resetScript } from './session-reset.js'
import type { Sql } from './sql.js'
import { Transactional } from './transaction.js'
import { resetTypeCodec, setTypeCodec, type TypeCodecOptions } from './type-codecs.js'

/** Options of {@link Connection.close}. */
export interface CloseOptions {
  /** How long to wait for what is still running, in ms. Default: as long as it takes. */
  readonly timeout?: number | undefined
}

/** The version of a server. */
export interface ServerVersion {
  readonly major: number
  readonly minor: number
  /** As the server spells it, such as `18.4 (Debian 18.4-1)`. */
  readonly text: string
}

/** A connection to a server. Made by {@link connect}. */
export class Connection extends Transactional implements AsyncDisposable {
  readonly #wire: WireConnection
  readonly #events: EventEmitter<ConnectionEvents>
  /** Since the first transaction or cursor. */
  #held: HeldConnection | undefined
  /** Since the first `listen()`. */
  #listeners: ChannelListeners | undefined

  /** For {@link connect}. */
  constructor(wire: WireConnection, events: EventEmitter<ConnectionEvents>) {
    super()
    this.#wire = wire
    this.#events = events
  }

  /** @internal Gives what a connection is made of, which tells `handler` from now on. For pools. */
  static handOver(connection: Connection, handler: ConnectionHandler): WireConnection {
    const { wire } = connection
    wire.handler = handler
    return wire
  }

  /** @internal */
  protected get wire(): WireConnection {
    return this.#wire
  }

  /** @internal */
  protected get events(): EventEmitter<ConnectionEvents> {
    return this.#events
  }

  protected submit(request: Request): void {
    if (this.#held?.refusal === undefined) this.send(request)
    else request.onRefused(this.#held.refusal)
  }

  protected get queryDefaults(): QueryDefaults {
    return this.#wire.session
  }

  protected async hold<T>(
    fn: (connection: HeldConnection) => Promise<T>,
    _options?: HoldOptions,
  ): Promise<T> {
    this.#held ??= new HeldConnection(this.wire.session, (request) => this.send(request))
    return fn(this.#held)
  }

  /** @internal As `submit`, also while a transaction is open. */
  protected send(request: Request): void {
    if (this.wire.session.isReplication) submitToReplication(this.wire, request)
    else this.wire.submit(request)
  }

  /**
   * Prepares a statement to be used many times. Every query is prepared once per connection anyway; this
   * is for who wants to know its parameters and columns, or to have its errors early. asyncpg: `prepare`.
   *
   * While a transaction is open it is prepared, and used, by the transaction's own `prepare`.
   */
  prepare<Row = Record<string, unknown>>(
    query: string | Sql,
    options?: PrepareOptions,
  ): Promise<PreparedStatement<Row>> {
    return PreparedStatement.on(
      {
        session: this.wire.session,
        run: (request, limits) => this.run(request, limits),
        runner: this.runner,
        send: (request) => this.send(request),
        transactional: this,
      },
      query,
      options,
    )
  }

  /**
   * Asks the server to cancel the query that it is at, which then rejects with a {@link PostgresError}
   * (57014) unless it is done before. Nothing happens when none runs. Resolves when the server has been
   * told; queries made meanwhile wait for that, so that none of them is hit.
   */
  cancel(): Promise<void> {
    return this.wire.cancel()
  }

  /**
   * Undoes what the session keeps: rolls an open transaction back, and forgets settings, temporary tables,
   * advisory locks, cursors and listeners of channels; prepared statements stay. Takes effect behind the
   * queries that were made before. asyncpg: `reset`.
   *
   * While a transaction of `begin()` or `transaction()` is open it rejects with {@link InterfaceError}.
   */
  async reset(options?: LimitOptions): Promise<void> {
    const reset = () => this.execute(resetScript(true, true), undefined, options)
    await (this.#listeners?.endBy(reset) ?? reset())
  }

  /** Whether the connection is closed, or closing. */
  get isClosed(): boolean {
    return this.wire.state !== 'ready'
  }

  /** Whether a transaction is open, as the server said after the last query. */
  get transactionStatus(): TransactionStatus {
    return this.wire.session.transactionStatus
  }

  /** Process id of the server's side of the session; 0 when the server has not told. */
  get serverPid(): number {
    return this.wire.session.key?.processId ?? 0
  }

  /** The version of the server. */
  get serverVersion(): ServerVersion {
    const text = this.wire.session.parameters.get('server_version') ?? ''
    const [major = 0, minor = 0] = (/^\d+(\.\d+)?/.exec(text)?.[0] ?? '').split('.').map(Number)
    return { major, minor, text }
  }

  /** The version of the protocol that is spoken, such as `3.2`. */
  get protocolVersion(): ProtocolVersion {
    return this.wire.session.minorVersion === 0 ? '3.0' : '3.2'
  }

  /** The settings that the server reports, such as `TimeZone`, as they are now. */
  get settings(): ReadonlyMap<string, string> {
    return this.wire.session.parameters
  }

  /** The address of the server: `host:port`, or the path of its socket. */
  get address(): string {
    return this.wire.address
  }

  /** Whether TLS protects the connection. */
  get isEncrypted(): boolean {
    return this.wire.encrypted
  }

  /**
   * Rows, columns and command tag, for who needs all of it. On a replication connection it takes
   * commands such as `IDENTIFY_SYSTEM`, without parameters, and gives all values as text; there it and
   * `execute` without parameters are all that the server takes.
   */
  override query<Row = Record<string, unknown>>(
    query: string | Sql,
    params?: readonly unknown[],
    options: QueryOptions = {},
  ): Promise<QueryResult<Row>> {
    const { session } = this.wire
    if (!session.isReplication) return super.query(query, params, options)
    const run = (request: TextRowsRequest) => this.run(request, options)
    return replicationQuery(session, run, query, params, options)
  }

  /**
   * Calls `listener` with each notification on a channel, until what it gives is closed, or disposed of
   * at the end of its scope, or the connection closes. asyncpg: `add_listener`.
   *
   * ```ts
   * await using orders = await conn.listen('orders', ({ payload }) => console.log(payload))
   * ```
   *
   * A listener that throws does so on its own, as with any timer. While a transaction is open it cannot
   * be called; in one begun by a query it takes effect at the commit.
   *
   * @param channel the name, as it is: upper case and spaces are kept
   * @param options when to give up waiting for the server; they have no say once it listens
   * @throws {RangeError} when the name is empty, longer than 63 bytes, or contains NUL
   */
  listen(
    channel: string,
    listener: NotificationListener,
    options: LimitOptions = {},
  ): Promise<Subscription> {
    checkChannel(channel)
    const limits = limitsOf(options, this.queryDefaults.queryTimeoutMs)
    if (typeof listener !== 'function') throw new TypeError('the listener must be a function')
    if (this.#listeners === undefined) {
      const listeners = new ChannelListeners((text, limit) => this.execute(text, undefined, limit))
      this.on('notification', (notification) => listeners.dispatch(notification))
      this.#listeners = listeners
    }
    return this.#listeners.listen(channel, listener, limits)
  }

  /**
   * Takes a listener from a channel, or all that {@link listen} added: at once, and on the server in the
   * end, whether or not that is waited for. asyncpg: `remove_listener`.
   */
  async unlisten(
    channel: string,
    listener?: NotificationListener,
    options: LimitOptions = {},
  ): Promise<void> {
    checkChannel(channel)
    await this.#listeners?.unlisten(channel, listener, options)
  }

  /**
   * Has values of a type encoded and decoded by a codec of yours, wherever the type is part of another,
   * too. For this connection only; on one of a pool until it is released. asyncpg: `set_type_codec`.
   *
   * ```ts
   * await conn.setTypeCodec('price', {
   *   encode: (price: Price) => price.toString(),
   *   decode: (text) => Price.parse(text),
   * })
   * ```
   *
   * Rejects with {@link InterfaceError} when there is no such type, or it is an array or a domain, which
   * follow the types that they are made of.
   *
   * @param typename `pg_type.typname`, as it is
   * @throws {TypeError} if the codec is none
   */
  async setTypeCodec<T>(
    typename: string,
    codec: GivenCodec<T>,
    options: TypeCodecOptions = {},
  ): Promise<void> {
    const { catalogue } = this.wire.session
    await setTypeCodec(catalogue, this.runner.run, typename, codec, options)
  }

  /** Takes back what {@link setTypeCodec} did. Rejects as that does. asyncpg: `reset_type_codec`. */
  async resetTypeCodec(typename: string, options: TypeCodecOptions = {}): Promise<void> {
    const { catalogue } = this.wire.session
    await resetTypeCodec(catalogue, this.runner.run, typename, options)
  }

  /**
   * Forgets what is known of the types of the database, for the whole pool if it has one; they are looked
   * up again when they come. Needed only after types were changed over other connections than those of
   * the pool. asyncpg: `reload_schema_state`.
   */
  async reloadSchema(): Promise<void> {
    this.wire.session.catalogue.reload()
  }

  /**
   * Calls `listener` at every such event, in the async context of this call. A listener that throws does
   * so on its own, as with any timer.
   */
  on<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: (...args: ConnectionEvents[Name]) => void,
  ): this {
    addListener(this.events, event, listener)
    return this
  }

  /** As {@link on}, for the next such event only. */
  once<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: (...args: ConnectionEvents[Name]) => void,
  ): this {
    addListener(this.events, event, listener, true)
    return this
  }

  /** Takes a listener away. */
  off<Name extends keyof ConnectionEvents>(
    event: Name,
    listener: (...args: ConnectionEvents[Name]) => void,
  ): this {
    this.events.off(event, listener as never)
    return this
  }

  /**
   * Waits for what is running, takes nothing new, and closes. Past `timeout` it closes at once, and
   * what was running rejects with {@link ConnectionClosedError}. Again does no harm.
   *
   * @throws {TypeError} if `timeout` is no number of at least 0; nothing was closed then
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const { wire } = this
    const timer = startCloseTimer(options.timeout, () => this.terminate())
    await wire.close()
    clearTimeout(timer)
  }

  /** Closes at once. What is running rejects with {@link ConnectionClosedError}. */
  terminate(): void {
    this.wire.destroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
