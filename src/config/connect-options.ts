import type { GssProvider } from '../auth/gss.js'
import type { OAuthTokenProvider } from '../auth/oauth.js'
import type { Notice } from '../base/errors.js'
import type { QueryListener } from '../base/telemetry.js'
import type { SslMode, SslOptions } from './tls-options.js'
import type { TraceOptions, TraceStream } from './trace-option.js'

/** Gives the password; asked at each connect whose server wants one. */
export type PasswordProvider = () => string | Promise<string>

/** Which servers will do; see the option `targetSessionAttrs`. */
export type TargetSessionAttrs = (typeof TARGET_SESSION_ATTRS)[number]

/** The values of the option `targetSessionAttrs`. */
export const TARGET_SESSION_ATTRS = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
] as const

/** In which order hosts and their addresses are tried; see the option `loadBalanceHosts`. */
export type LoadBalanceHosts = (typeof LOAD_BALANCE_HOSTS)[number]

/** The values of the option `loadBalanceHosts`. */
export const LOAD_BALANCE_HOSTS = ['disable', 'random'] as const

/** How the text of a query becomes a statement; see the option `statementMode`. */
export type StatementMode = (typeof STATEMENT_MODES)[number]

/** The values of the option `statementMode`. */
export const STATEMENT_MODES = ['named', 'describe', 'unnamed', 'simple'] as const

/** Whether authentication is tied to the TLS connection; see the option `channelBinding`. */
export type ChannelBinding = (typeof CHANNEL_BINDINGS)[number]

/** The values of the option `channelBinding`. */
export const CHANNEL_BINDINGS = ['disable', 'prefer', 'require'] as const

/** A version of PostgreSQL's protocol. `3.2` is of PostgreSQL 18. */
export type ProtocolVersion = (typeof PROTOCOL_VERSIONS)[number]

/** The values of the options `minProtocolVersion` and `maxProtocolVersion`, in order. */
export const PROTOCOL_VERSIONS = ['3.0', '3.2'] as const

/**
 * How to connect. What is absent is read from the connection string, then from the environment (`PG*`),
 * then has a default. `undefined` and an empty string count as absent; every value is checked.
 */
export interface ConnectOptions {
  /**
   * Host name or address, or several of them to be tried in turn; one that starts with `/` is a directory
   * of unix sockets. Default: the usual socket directories where a server's socket is, then `localhost`.
   */
  readonly host?: string | readonly string[] | undefined
  /** One for all hosts, or one for each. Default 5432. */
  readonly port?: number | readonly number[] | undefined
  /**
   * Addresses of the hosts, one for each, so that nothing is looked up; `host` then is the name that the
   * certificate is for. An empty one is looked up all the same.
   */
  readonly hostAddress?: string | readonly string[] | undefined
  /**
   * Which servers will do, as libpq's `target_session_attrs`:
   *
   * - `any`: the first that lets us in (the default)
   * - `read-write`, `read-only`: one whose transactions can or cannot write by default
   * - `primary`, `standby`: one that follows no other, or one that does
   * - `prefer-standby`: a standby, or any if there is none
   */
  readonly targetSessionAttrs?: TargetSessionAttrs | undefined
  /** `random`: hosts, and the addresses of each, are tried in random order. Default `disable`. */
  readonly loadBalanceHosts?: LoadBalanceHosts | undefined
  /**
   * For how long a pool remembers which hosts are down and which are standbys, in ms, so that the others are
   * tried first; 0 remembers nothing. Default 10,000.
   */
  readonly hostRecheck?: number | undefined
  /** Default: the user of the operating system. */
  readonly user?: string | undefined
  /** Default: what the passfile has for host, port, database and user. */
  readonly password?: string | PasswordProvider | undefined
  /** Default: the name of the user. */
  readonly database?: string | undefined
  /** File of passwords in libpq's format. Default `~/.pgpass`. */
  readonly passfile?: string | undefined
  /** A section of the service file to read options from, by the keys of connection strings. */
  readonly service?: string | undefined
  /** Default `~/.pg_service.conf`, then `pg_service.conf` in the folder that `PGSYSCONFDIR` names. */
  readonly serviceFile?: string | undefined
  /** `true` is `verify-full`, `false` is `disable`. Default `prefer`. */
  readonly ssl?: boolean | SslMode | SslOptions | undefined
  /**
   * Authentication methods that the server may ask for, as libpq's `require_auth`: names of `password`,
   * `md5`, `gss`, `sspi`, `scram-sha-256`, `oauth`, `none` with commas between, all or none behind a `!`.
   * Default: all, but `password` only over TLS or a unix socket.
   */
  readonly requireAuth?: string | undefined
  /**
   * Whether SCRAM is tied to the TLS connection (`scram-sha-256-plus`), so that nobody in between can pass it
   * on: not at all, where the server can, or else not connecting. Default `prefer`.
   */
  readonly channelBinding?: ChannelBinding | undefined
  /** The most iterations of SCRAM that a server may ask for. Default 100,000. */
  readonly scramMaxIterations?: number | undefined
  /**
   * The ClientKey of SCRAM in the place of a password, for middleware that has it from its own client: 32
   * bytes, or their base64. It is worth as much as the password. Goes with `scramServerKey`.
   */
  readonly scramClientKey?: string | Uint8Array | undefined
  /** The ServerKey of SCRAM, by which the server proves itself. */
  readonly scramServerKey?: string | Uint8Array | undefined
  /** Gives a bearer token to a server that wants OAuth (PostgreSQL 18). Sent over TLS or a unix socket only. */
  readonly oauthToken?: OAuthTokenProvider | undefined
  /** Makes a GSSAPI context for a server that wants one, from a library of yours. */
  readonly gssProvider?: GssProvider | undefined
  /** The service in the server's Kerberos principal. Default `postgres`. */
  readonly gssServiceName?: string | undefined
  /** The oldest version of the protocol to accept from the server. Default `3.0`. */
  readonly minProtocolVersion?: ProtocolVersion | undefined
  /** The version of the protocol to ask for; a server without it answers with its own. Default `3.2`. */
  readonly maxProtocolVersion?: ProtocolVersion | 'latest' | undefined
  /** Time for each attempt to connect, in ms; 0 for no limit. Default 10,000. */
  readonly connectTimeout?: number | undefined
  /** Time for each query, in ms, unless it has a timeout of its own; 0 for no limit. Default 0. */
  readonly queryTimeout?: number | undefined
  /** Whether TCP asks an idle peer if it is still there. Default true. */
  readonly keepAlive?: boolean | undefined
  /** After how long a silence it asks first, in ms; 0 leaves that to the system. Default 60,000. */
  readonly keepAliveIdle?: number | undefined
  /** What the server shows in `pg_stat_activity` and its log. */
  readonly applicationName?: string | undefined
  /** The same, where nobody gives `applicationName`: for programs that have a name of their own. */
  readonly fallbackApplicationName?: string | undefined
  /** Server settings for the session, sent at startup; they win over `applicationName` and `options`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>> | undefined
  /**
   * How the text of a query becomes a statement:
   *
   * - `named`: a prepared statement of the session, kept for the next time (the default)
   * - `describe`: only the description is kept, and the statement is unnamed
   * - `unnamed`: nothing is kept, as poolers in transaction mode want it
   * - `simple`: the simple protocol, as some proxies want it; queries with parameters are refused
   */
  readonly statementMode?: StatementMode | undefined
  /** Most prepared statements kept per connection; 0 keeps none. Default 256. */
  readonly statementCacheSize?: number | undefined
  /** Largest message to accept from the server, in bytes. Default 1,073,741,822, the most it can send. */
  readonly maxMessageSize?: number | undefined
  /** How values of types become JavaScript values, by name or OID of the type. */
  readonly types?: Readonly<Record<string, unknown>> | undefined
  /** Aborts connecting. */
  readonly signal?: AbortSignal | undefined
  /**
   * A stream that gets the conversation with the server in the format of libpq's PQtrace, from the startup
   * message on. It shows queries and their values, but no passwords or keys unless asked for.
   */
  readonly trace?: TraceStream | TraceOptions | undefined
  /** Called with each notice of the server. */
  readonly onNotice?: ((notice: Notice) => void) | undefined
  /**
   * Called after each query and COPY, for logging: with its text, how long it took, how many rows there
   * were, and what it failed with, but no values.
   */
  readonly onQuery?: QueryListener | undefined
  /** Command-line options for the server process, such as `-c geqo=off`. */
  readonly options?: string | undefined
  /** Makes this a replication connection: physical, or logical in the database. Default false. */
  readonly replication?: boolean | 'database' | undefined
}
