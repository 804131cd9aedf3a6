import type { GssProvider } from '../auth/gss.js'
import type { OAuthTokenProvider } from '../auth/oauth.js'
import type { RequireAuth } from '../auth/require-auth.js'
import type { Notice } from '../base/errors.js'
import type { QueryListener } from '../base/telemetry.js'
import { requireAuth, scramKey } from './authentication-options.js'
import {
  CHANNEL_BINDINGS,
  type ChannelBinding,
  type ConnectOptions,
  LOAD_BALANCE_HOSTS,
  type LoadBalanceHosts,
  type PasswordProvider,
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  STATEMENT_MODES,
  type StatementMode,
  TARGET_SESSION_ATTRS,
  type TargetSessionAttrs,
} from './connect-options.js'
import { optionError } from './option-error.js'
import {
  boolean,
  callback,
  choice,
  integer,
  isRecord,
  list,
  milliseconds,
  string,
  valueOnly,
  withoutNul,
  wrongType,
} from './option-parsers.js'
import type { OptionDefinition, OptionParser } from './option-table.js'
import { type SslInput, sslInput } from './tls-options.js'
import { type TraceConfig, trace } from './trace-option.js'

/** What the table makes of {@link ConnectOptions}. */
interface ConnectValues {
  host: readonly string[]
  port: readonly number[]
  hostAddress: readonly string[]
  targetSessionAttrs: TargetSessionAttrs
  loadBalanceHosts: LoadBalanceHosts
  hostRecheck: number
  user: string
  password: string | PasswordProvider
  database: string
  passfile: string
  service: string
  serviceFile: string
  ssl: SslInput
  requireAuth: RequireAuth
  channelBinding: ChannelBinding
  scramMaxIterations: number
  scramClientKey: Buffer
  scramServerKey: Buffer
  oauthToken: OAuthTokenProvider
  gssProvider: GssProvider
  gssServiceName: string
  minProtocolVersion: ProtocolVersion
  maxProtocolVersion: ProtocolVersion
  connectTimeout: number
  queryTimeout: number
  keepAlive: boolean
  keepAliveIdle: number
  applicationName: string
  fallbackApplicationName: string
  settings: Readonly<Record<string, string>>
  statementMode: StatementMode
  statementCacheSize: number
  maxMessageSize: number
  types: Readonly<Record<string, unknown>>
  signal: AbortSignal
  onNotice: (notice: Notice) => void
  onQuery: QueryListener
  trace: TraceConfig
  options: string
  replication: Replication
}

/** `false`: an ordinary connection. */
export type Replication = boolean | 'database'

type WithDefault =
  | 'host'
  | 'port'
  | 'targetSessionAttrs'
  | 'loadBalanceHosts'
  | 'hostRecheck'
  | 'channelBinding'
  | 'scramMaxIterations'
  | 'gssServiceName'
  | 'minProtocolVersion'
  | 'maxProtocolVersion'
  | 'connectTimeout'
  | 'queryTimeout'
  | 'keepAlive'
  | 'keepAliveIdle'
  | 'statementMode'
  | 'replication'
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

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=\d)|$)){4}$/

/** A zone may follow. */
function isIpv6(text: string): boolean {
  const [address] = text.split(/%.+$/)
  return /^[\da-f:.]+$/i.test(address ?? '') && URL.canParse(`http://[${address}]`)
}

const hostAddress: OptionParser<string> = {
  fromText: (text, place) => hostAddress.fromValue(text, place),
  fromValue: (value, place) => {
    const text = string().fromValue(value, place)
    if (text === '' || IPV4.test(text) || isIpv6(text)) return text
    throw optionError(TypeError, place.option, `${place.label} must be an IP address`)
  },
}

const password: OptionParser<string | PasswordProvider> = {
  fromText: (text, place) => string().fromText(text, place),
  fromValue: (value, place) => {
    if (typeof value === 'function') return value as PasswordProvider
    if (typeof value !== 'string') throw wrongType(place, 'a string or a function', value)
    return withoutNul(value, place)
  },
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

const protocolVersion: OptionParser<ProtocolVersion> = {
  fromText: (text, place) => protocolVersion.fromValue(text, place),
  fromValue: (value, place) =>
    value === 'latest' ? '3.2' : choice(PROTOCOL_VERSIONS).fromValue(value, place),
}

const replication: OptionParser<Replication> = {
  fromText: (text, place) => (text === 'database' ? 'database' : boolean().fromText(text, place)),
  fromValue: (value, place) => {
    if (value === 'database' || typeof value === 'boolean') return value
    throw wrongType(place, 'true, false or "database"', value)
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
  },
  port: {
    parse: list(port, DEFAULT_PORT),
    default: Object.freeze([DEFAULT_PORT]),
    dsn: 'port',
    env: 'PGPORT',
  },
  hostAddress: {
    parse: list(hostAddress, ''),
    dsn: 'hostaddr',
    env: 'PGHOSTADDR',
  },
  targetSessionAttrs: {
    parse: choice(TARGET_SESSION_ATTRS),
    default: 'any',
    dsn: 'target_session_attrs',
    env: 'PGTARGETSESSIONATTRS',
  },
  loadBalanceHosts: {
    parse: choice(LOAD_BALANCE_HOSTS),
    default: 'disable',
    dsn: 'load_balance_hosts',
    env: 'PGLOADBALANCEHOSTS',
  },
  hostRecheck: {
    parse: milliseconds(),
    default: 10_000,
    unit: 'ms',
  },
  user: { parse: string(), dsn: 'user', env: 'PGUSER' },
  password: {
    parse: password,
    dsn: 'password',
    env: 'PGPASSWORD',
  },
  database: { parse: string(), dsn: 'dbname', env: 'PGDATABASE' },
  passfile: {
    parse: string(),
    dsn: 'passfile',
    env: 'PGPASSFILE',
  },
  service: {
    parse: string(),
    dsn: 'service',
    env: 'PGSERVICE',
  },
  serviceFile: {
    parse: string(),
    dsn: 'servicefile',
    env: 'PGSERVICEFILE',
  },
  ssl: { parse: sslInput },
  requireAuth: {
    parse: requireAuth,
    dsn: 'require_auth',
    env: 'PGREQUIREAUTH',
  },
  channelBinding: {
    parse: choice(CHANNEL_BINDINGS),
    default: 'prefer',
    dsn: 'channel_binding',
    env: 'PGCHANNELBINDING',
  },
  scramMaxIterations: {
    parse: integer({ min: 1, max: 2_147_483_647 }),
    default: 100_000,
  },
  scramClientKey: {
    parse: scramKey,
    dsn: 'scram_client_key',
  },
  scramServerKey: {
    parse: scramKey,
    dsn: 'scram_server_key',
  },
  oauthToken: {
    parse: callback<OAuthTokenProvider>(),
  },
  gssProvider: {
    parse: callback<GssProvider>(),
  },
  gssServiceName: {
    parse: string(),
    default: 'postgres',
    dsn: 'krbsrvname',
    env: 'PGKRBSRVNAME',
  },
  minProtocolVersion: {
    parse: protocolVersion,
    default: '3.0',
    dsn: 'min_protocol_version',
    env: 'PGMINPROTOCOLVERSION',
  },
  maxProtocolVersion: {
    parse: protocolVersion,
    default: '3.2',
    dsn: 'max_protocol_version',
    env: 'PGMAXPROTOCOLVERSION',
  },
  connectTimeout: {
    parse: milliseconds({ textUnit: 's' }),
    default: 10_000,
    unit: 'ms',
    dsn: 'connect_timeout',
    env: 'PGCONNECT_TIMEOUT',
  },
  queryTimeout: {
    parse: milliseconds(),
    default: 0,
    unit: 'ms',
  },
  keepAlive: {
    parse: boolean(),
    default: true,
    dsn: 'keepalives',
  },
  keepAliveIdle: {
    parse: milliseconds({ textUnit: 's' }),
    default: 60_000,
    unit: 'ms',
    dsn: 'keepalives_idle',
  },
  applicationName: {
    parse: string(),
    dsn: 'application_name',
    env: 'PGAPPNAME',
  },
  fallbackApplicationName: {
    parse: string(),
    dsn: 'fallback_application_name',
  },
  settings: {
    parse: settings,
    default: Object.freeze({}),
  },
  statementMode: {
    parse: choice(STATEMENT_MODES),
    default: 'named',
  },
  statementCacheSize: {
    parse: integer({ min: 0, max: 1_000_000 }),
    default: 256,
  },
  maxMessageSize: {
    parse: integer({ min: MIN_MESSAGE_BYTES, max: MAX_MESSAGE_BYTES }),
    default: MAX_MESSAGE_BYTES,
    unit: 'bytes',
  },
  types: {
    parse: types,
    default: Object.freeze({}),
  },
  signal: {
    parse: valueOnly('an AbortSignal', (value) => value instanceof AbortSignal),
  },
  onNotice: {
    parse: callback<(notice: Notice) => void>(),
  },
  onQuery: {
    parse: callback<QueryListener>(),
  },
  trace: {
    parse: trace,
  },
  options: {
    parse: string(),
    dsn: 'options',
    env: 'PGOPTIONS',
  },
  replication: {
    parse: replication,
    default: false,
    dsn: 'replication',
  },
}
