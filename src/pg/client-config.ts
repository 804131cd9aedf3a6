import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import type { Connection, ConnectionConfig } from './connection.js'
import type { CustomTypesConfig } from './type-overrides.js'

/** Configuration of a client, under pg's keys. */
export interface ClientConfig {
  user?: string | undefined
  database?: string | undefined
  /** Or a function that gives it, called per connection when the server asks. */
  password?: string | ((parameters: never) => string | Promise<string>) | undefined
  port?: number | undefined
  /** A name, an address, or a folder of unix sockets. */
  host?: string | undefined
  connectionString?: string | undefined
  keepAlive?: boolean | undefined
  /** In ms. */
  keepAliveInitialDelayMillis?: number | undefined
  /** A socket, or a function that makes one, instead of a TCP connection. */
  stream?: ((config: ConnectionConfig) => Duplex) | Duplex | undefined
  /** Setting of the server, in ms. */
  statement_timeout?: false | number | undefined
  lock_timeout?: false | number | undefined
  idle_in_transaction_session_timeout?: number | undefined
  ssl?: boolean | ConnectionOptions | undefined
  sslnegotiation?: 'postgres' | 'direct' | undefined
  /** How long the client waits for the result of a query, in ms. */
  query_timeout?: number | undefined
  application_name?: string | undefined
  fallback_application_name?: string | undefined
  /** How long connecting may take, in ms; 0 for ever. */
  connectionTimeoutMillis?: number | undefined
  types?: CustomTypesConfig | undefined
  options?: string | undefined
  /** Taken as UTF8, whatever it says. */
  client_encoding?: string | undefined
  replication?: string | boolean | undefined
  /** Of no effect: see docs/pg-compat.md. */
  binary?: boolean | undefined
  connection?: Connection | undefined
  /** The class of promises that are given; deprecated in pg. */
  Promise?: PromiseConstructorLike | undefined
  /** SCRAM-SHA-256-PLUS where the server offers it. Default false. */
  enableChannelBinding?: boolean | undefined
  /** Most iterations of SCRAM that a server may ask for. Default 100,000; 0 for any number. */
  scramMaxIterations?: number | undefined
  /**
   * Whether values are those of sluice's own API (docs/types.md) instead of pg's. Parsers that users set
   * stay above them. Default: `defaults.nativeTypes`, false.
   */
  nativeTypes?: boolean | undefined
  /** How many statements without a name are kept on the server, so that each is parsed once. Default 0. */
  statementCacheSize?: number | undefined
  /** Queries are sent without waiting for the results of those before. Default false. */
  pipeline?: boolean | undefined
}
