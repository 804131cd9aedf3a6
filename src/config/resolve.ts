import type { OAuthTokenProvider } from '../auth/oauth.js'
import type { RequireAuth } from '../auth/require-auth.js'
import type { Notice } from '../base/errors.js'
import type { QueryListener } from '../base/telemetry.js'
import { type GssConfig, resolveScram, type ScramConfig } from './authentication-options.js'
import type {
  ChannelBinding,
  ConnectOptions,
  LoadBalanceHosts,
  PasswordProvider,
  ProtocolVersion,
  StatementMode,
  TargetSessionAttrs,
} from './connect-options.js'
import { parseConnectionString } from './connection-string.js'
import { type DefaultFiles, defaultFiles, type Environment, systemUser } from './environment.js'
import { checkForeignKeys, FOREIGN_KEYS } from './foreign-keys.js'
import { hide } from './hidden.js'
import { type ConnectHost, isSocketDirectory, listHosts } from './hosts.js'
import { optionError } from './option-error.js'
import {
  checkOptionNames,
  type OptionTable,
  type OptionTexts,
  pickOptions,
  resolveOptions,
} from './option-table.js'
import { CONNECT_OPTIONS, type Replication } from './options.js'
import { readPassfile } from './passfile.js'
import { resolveTls, type TlsConfig } from './resolve-tls.js'
import { findService } from './service-file.js'
import { environmentSettings, startupParameters } from './startup-parameters.js'
import { NO_SSL_INPUT, SSL_OPTIONS } from './tls-options.js'
import type { TraceConfig } from './trace-option.js'

/**
 * Everything there is to know about how to connect. Nothing is read again later but changed certificates.
 *
 * Deeply frozen, but for what stays its user's: functions, the signal, codecs. The secrets in it are not
 * enumerable, so they show in no inspection or JSON; a copy by spreading loses them.
 */
export interface ConnectionConfig {
  /** At least one. */
  readonly hosts: readonly ConnectHost[]
  readonly targetSessionAttrs: TargetSessionAttrs
  readonly loadBalanceHosts: LoadBalanceHosts
  /** For how long what was seen of hosts is remembered, in ms. */
  readonly hostRecheck: number
  readonly user: string
  readonly database: string
  /** Not enumerable. Undefined: that of the host counts. */
  readonly password: string | PasswordProvider | undefined
  /** Why the passfile was not used, for the error when a password is missing. */
  readonly passwordHint: string | undefined
  /** Undefined: every method is allowed. */
  readonly requireAuth: RequireAuth | undefined
  readonly channelBinding: ChannelBinding
  readonly scram: ScramConfig
  readonly oauthToken: OAuthTokenProvider | undefined
  readonly gss: GssConfig
  readonly minProtocolVersion: ProtocolVersion
  readonly maxProtocolVersion: ProtocolVersion
  /** Undefined: no attempt uses TLS. */
  readonly tls: TlsConfig | undefined
  /** For each address of a host, and for looking it up, in ms; 0 for no limit. */
  readonly connectTimeout: number
  /** For each query, in ms; 0 for no limit. */
  readonly queryTimeout: number
  /** After how long a silence TCP asks whether the peer still lives, in ms; 0 leaves that to the system. */
  readonly keepAlive: number | false
  /** All that the startup message holds, user and database included. */
  readonly startupParameters: Readonly<Record<string, string>>
  /** False for an ordinary connection. */
  readonly replication: Replication
  readonly statementMode: StatementMode
  readonly statementCacheSize: number
  readonly maxMessageSize: number
  readonly types: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal
  readonly onNotice?: (notice: Notice) => void
  readonly onQuery?: QueryListener
  readonly trace?: TraceConfig
}

/** All keys that a connection string may have. */
const CONNECTION_STRING_KEYS: readonly string[] = [
  ...[...Object.values(CONNECT_OPTIONS), ...Object.values(SSL_OPTIONS)].flatMap(({ dsn }) =>
    dsn === undefined ? [] : [dsn],
  ),
  ...Object.keys(FOREIGN_KEYS),
]

/**
 * Makes the configuration of a connection: options before connection string before service file
 * before environment before default. Reads service file, passfile and certificates; changes nothing it is given.
 *
 * @param input A connection string (URI or keywords), or the options.
 * @param options Only where `input` is a connection string.
 * @throws {OptionError} naming the option, its source and what is wrong, before any connection is made.
 */
export function resolveConnection(
  input?: string | ConnectOptions,
  options?: ConnectOptions,
  environment: Environment = process.env,
): ConnectionConfig {
  const { text, given } = readArguments(input, options)
  const files = defaultFiles(environment)
  const texts = readTexts(text, given, files, environment)
  const values = resolveOptions(CONNECT_OPTIONS, given, texts)
  checkProtocolVersions(values)
  const { host: hosts, port: ports, hostAddress: hostAddresses } = values
  const usesTcp = hostAddresses !== undefined || !hosts.every(isSocketDirectory)
  const tls = resolveTls(values.ssl ?? NO_SSL_INPUT, texts, files, usesTcp)
  const user = values.user ?? defaultUser()
  const database = values.database ?? user
  const passfile =
    values.password === undefined ? readPassfile(values.passfile ?? files.passfile) : undefined
  const config = {
    hosts: listHosts({ hosts, ports, hostAddresses, tls, passfile, user, database }),
    targetSessionAttrs: values.targetSessionAttrs,
    loadBalanceHosts: values.loadBalanceHosts,
    hostRecheck: values.hostRecheck,
    user,
    database,
    passwordHint: passfile?.problem,
    requireAuth: values.requireAuth,
    channelBinding: values.channelBinding,
    scram: resolveScram(values),
    oauthToken: values.oauthToken,
    gss: Object.freeze({ provider: values.gssProvider, serviceName: values.gssServiceName }),
    minProtocolVersion: values.minProtocolVersion,
    maxProtocolVersion: values.maxProtocolVersion,
    tls,
    connectTimeout: values.connectTimeout,
    queryTimeout: values.queryTimeout,
    keepAlive: values.keepAlive && values.keepAliveIdle,
    startupParameters: startupParameters(user, database, values, environmentSettings(environment)),
    replication: values.replication,
    statementMode: values.statementMode,
    statementCacheSize: values.statementCacheSize,
    maxMessageSize: values.maxMessageSize,
    types: values.types,
    ...(values.signal !== undefined && { signal: values.signal }),
    ...(values.onNotice !== undefined && { onNotice: values.onNotice }),
    ...(values.onQuery !== undefined && { onQuery: values.onQuery }),
    ...(values.trace !== undefined && { trace: values.trace }),
  }
  return Object.freeze(hide(config, 'password', values.password))
}

/** Where a service is looked for: these rows are read before the service file. */
const SERVICE_OPTIONS = {
  service: CONNECT_OPTIONS.service,
  serviceFile: CONNECT_OPTIONS.serviceFile,
} satisfies OptionTable

function readTexts(
  text: string,
  given: ConnectOptions,
  files: DefaultFiles,
  environment: Environment,
): OptionTexts {
  const connectionString = parseConnectionString(text, CONNECTION_STRING_KEYS)
  checkOptionNames(given, [CONNECT_OPTIONS])
  const { service: name, serviceFile: file } = resolveOptions(
    SERVICE_OPTIONS,
    pickOptions(SERVICE_OPTIONS, given),
    { connectionString, environment },
  )
  const service =
    name === undefined
      ? undefined
      : findService({ name, file }, files, environment, CONNECTION_STRING_KEYS)
  const texts = { connectionString, service, environment }
  checkForeignKeys(texts)
  return texts
}

function readArguments(
  input: string | ConnectOptions | undefined,
  options: ConnectOptions | undefined,
): { text: string; given: ConnectOptions } {
  if (input === undefined) return { text: '', given: options ?? {} }
  if (typeof input === 'string') return { text: input, given: options ?? {} }
  if (options === undefined) return { text: '', given: input }
  throw optionError(
    TypeError,
    'options',
    'options are given twice: the first argument must be a connection string, or the only one',
  )
}

function checkProtocolVersions({
  minProtocolVersion: min,
  maxProtocolVersion: max,
}: Pick<ConnectionConfig, 'minProtocolVersion' | 'maxProtocolVersion'>): void {
  if (min <= max) return
  throw optionError(
    RangeError,
    'minProtocolVersion',
    `minProtocolVersion ${min} is above maxProtocolVersion ${max}`,
  )
}

function defaultUser(): string {
  const user = systemUser()
  if (user !== undefined && user !== '') return user
  throw optionError(
    TypeError,
    'user',
    'no user is given and the operating system has no name for this one: set user or PGUSER',
  )
}
