import { parseRequireAuth, type RequireAuth } from '../auth/require-auth.js'
import type { Notice } from '../base/errors.js'
import { optionError } from './option-error.js'
import {
  boolean,
  callback,
  integer,
  list,
  milliseconds,
  string,
  valueOnly,
  withoutNul,
  wrongType,
} from './option-parsers.js'
import type { OptionDefinition, OptionParser } from './option-table.js'
import { type SslInput, type SslMode, type SslOptions, sslInput } from './tls-options.js'

/** Gives the password; asked at each connect whose server wants one. */
export type PasswordProvider = () => string | Promise<string>

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
  /** Default: the user of the operating system. */
  readonly user?: string | undefined
  /** Default: what the passfile has for host, port, database and user. */
  readonly password?: string | PasswordProvider | undefined
  /** Default: the name of the user. */
  readonly database?: string | undefined
  /** File of passwords in libpq's format. Default `~/.pgpass`. */
  readonly passfile?: string | undefined
  /** `true` is `verify-full`, `false` is `disable`. Default `prefer`. */
  readonly ssl?: boolean | SslMode | SslOptions | undefined
  /**
   * Authentication methods that the server may ask for, as libpq's `require_auth`: names of `password`,
   * `md5`, `gss`, `sspi`, `scram-sha-256`, `oauth`, `none` with commas between, all or none behind a `!`.
   * Default: all, but `password` only over TLS or a unix socket.
   */
  readonly requireAuth?: string | undefined
  /** Time for each attempt to connect, in ms; 0 for no limit. Default 10,000. */
  readonly connectTimeout?: number | undefined
  /** Whether TCP asks an idle peer if it is still there. Default true. */
  readonly keepAlive?: boolean | undefined
  /** What the server shows in `pg_stat_activity` and its log. */
  readonly applicationName?: string | undefined
  /** Server settings for the session, sent at startup; they win over `applicationName` and `options`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Most prepared statements kept per connection; 0 keeps none. Default 256. */
  readonly statementCacheSize?: number | undefined
  /** Largest message to accept from the server, in bytes. Default 1,073,741,822, the most it can send. */
  readonly maxMessageSize?: number | undefined
  /** How values of types become JavaScript values, by name or OID of the type. */
  readonly types?: Readonly<Record<string, unknown>> | undefined
  /** Aborts connecting. */
  readonly signal?: AbortSignal | undefined
  /** Called with each notice of the server. */
  readonly onNotice?: ((notice: Notice) => void) | undefined
  /** Command-line options for the server process, such as `-c geqo=off`. */
  readonly options?: string | undefined
}

/** What the table makes of {@link ConnectOptions}. */
interface ConnectValues {
  host: readonly string[]
  port: readonly number[]
  user: string
  password: string | PasswordProvider
  database: string
  passfile: string
  ssl: SslInput
  requireAuth: RequireAuth
  connectTimeout: number
  keepAlive: boolean
  applicationName: string
  settings: Readonly<Record<string, string>>
  statementCacheSize: number
  maxMessageSize: number
  types: Readonly<Record<string, unknown>>
  signal: AbortSignal
  onNotice: (notice: Notice) => void
  options: string
}

type WithDefault =
  | 'host'
  | 'port'
  | 'connectTimeout'
  | 'keepAlive'
  | 'statementCacheSize'
  | 'maxMessageSize'
  | 'settings'
  | 'types'

const DEFAULT_PORT = 5432

/** A message's length is a signed int32 for PostgreSQL, which sends none above MaxAllocSize − 1. */
const MAX_MESSAGE_BYTES = 0x3ffffffe

/** A message below this might be an error, which has to get through. */
const MIN_MESSAGE_BYTES = 65_536

const port = integer({ min: 1, max: 65_535 })

const password: OptionParser<string | PasswordProvider> = {
  fromText: (text, place) => string().fromText(text, place),
  fromValue: (value, place) => {
    if (typeof value === 'function') return value as PasswordProvider
    if (typeof value !== 'string') throw wrongType(place, 'a string or a function', value)
    return withoutNul(value, place)
  },
}

const requireAuth: OptionParser<RequireAuth> = {
  fromText: (text, place) => {
    try {
      // The text is not empty here, so there is something required.
      return parseRequireAuth(text) as RequireAuth
    } catch (cause) {
      const problem = cause instanceof SyntaxError ? cause.message : 'it cannot be read'
      throw optionError(TypeError, place.option, `${place.label}: ${problem}`, cause)
    }
  },
  fromValue: (value, place) => requireAuth.fromText(string().fromValue(value, place), place),
}

const settings: OptionParser<Readonly<Record<string, string>>> = {
  fromText: (text, place) => {
    throw wrongType(place, 'an object', text)
  },
  fromValue: (value, place) => {
    if (!isRecord(value)) throw wrongType(place, 'an object', value)
    const entries = Object.entries(value).map(([name, setting]): [string, string] => {
      const at = { option: `settings.${name}`, label: `option "settings.${name}"` }
      if (!['string', 'number', 'boolean'].includes(typeof setting)) {
        throw wrongType(at, 'a string, a number or a boolean', setting)
      }
      return [withoutNul(name, place), withoutNul(String(setting), at)]
    })
    return Object.freeze(Object.fromEntries(entries))
  },
}

const types: OptionParser<Readonly<Record<string, unknown>>> = {
  fromText: (text, place) => {
    throw wrongType(place, 'an object', text)
  },
  // The codecs in it stay the user's own and are not frozen.
  fromValue: (value, place) => {
    if (!isRecord(value)) throw wrongType(place, 'an object', value)
    return Object.freeze({ ...value })
  },
}

/** THE option table: what names, messages, checks, defaults and documentation of the options come from. */
export const CONNECT_OPTIONS: {
  readonly [K in keyof ConnectOptions]-?: OptionDefinition<ConnectValues[K]>
} & { readonly [K in WithDefault]: { readonly default: ConnectValues[K] } } = {
  host: {
    parse: list(string(), ''),
    default: Object.freeze(['']),
    dsn: 'host',
    env: 'PGHOST',
    doc: 'Host names, addresses or socket directories, tried in turn.',
  },
  port: {
    parse: list(port, DEFAULT_PORT),
    default: Object.freeze([DEFAULT_PORT]),
    dsn: 'port',
    env: 'PGPORT',
    doc: 'The port, or one for each host.',
  },
  user: { parse: string(), dsn: 'user', env: 'PGUSER', doc: 'The role to connect as.' },
  password: {
    parse: password,
    dsn: 'password',
    env: 'PGPASSWORD',
    doc: 'The password, or a function that gives it at each connect.',
  },
  database: { parse: string(), dsn: 'dbname', env: 'PGDATABASE', doc: 'The database.' },
  passfile: {
    parse: string(),
    dsn: 'passfile',
    env: 'PGPASSFILE',
    doc: 'A file of passwords by host, port, database and user.',
  },
  ssl: { parse: sslInput, doc: 'How far TLS is insisted on, and with which certificates.' },
  requireAuth: {
    parse: requireAuth,
    dsn: 'require_auth',
    env: 'PGREQUIREAUTH',
    doc: 'Authentication methods that the server may ask for.',
  },
  connectTimeout: {
    parse: milliseconds({ textUnit: 's' }),
    default: 10_000,
    unit: 'ms',
    dsn: 'connect_timeout',
    env: 'PGCONNECT_TIMEOUT',
    doc: 'Time for each attempt to connect, 0 for no limit; seconds in texts, as in libpq.',
  },
  keepAlive: {
    parse: boolean(),
    default: true,
    dsn: 'keepalives',
    doc: 'Whether TCP asks an idle peer if it is still there.',
  },
  applicationName: {
    parse: string(),
    dsn: 'application_name',
    env: 'PGAPPNAME',
    doc: 'What the server shows in pg_stat_activity and its log.',
  },
  settings: {
    parse: settings,
    default: Object.freeze({}),
    doc: 'Server settings for the session, sent at startup.',
  },
  statementCacheSize: {
    parse: integer({ min: 0, max: 1_000_000 }),
    default: 256,
    doc: 'Most prepared statements kept per connection; 0 keeps none.',
  },
  maxMessageSize: {
    parse: integer({ min: MIN_MESSAGE_BYTES, max: MAX_MESSAGE_BYTES }),
    default: MAX_MESSAGE_BYTES,
    unit: 'bytes',
    doc: 'Largest message to accept from the server.',
  },
  types: {
    parse: types,
    default: Object.freeze({}),
    doc: 'How values of types become JavaScript values, by name or OID of the type.',
  },
  signal: {
    parse: valueOnly('an AbortSignal', (value) => value instanceof AbortSignal),
    doc: 'Aborts connecting.',
  },
  onNotice: {
    parse: callback<(notice: Notice) => void>(),
    doc: 'Called with each notice of the server.',
  },
  options: {
    parse: string(),
    dsn: 'options',
    env: 'PGOPTIONS',
    doc: 'Command-line options for the server process.',
  },
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
