import type { ClientConfig } from './client-config.js'
import { parseConnectionString } from './connection-string.js'
import { defaults } from './defaults.js'
import { setHidden, withHiddenSecrets } from './hidden.js'

/** How a client connects: fields of the connection string, before keys of the configuration, environment and defaults. */
export class ConnectionParameters {
  user: string | undefined
  database: string | undefined
  port: number
  host: string
  /** Not enumerable, so that it shows in no log. */
  declare password: string | ((parameters: ConnectionParameters) => unknown) | null
  binary: boolean
  options: string | undefined
  ssl: unknown
  sslnegotiation: 'postgres' | 'direct' | undefined
  client_encoding: string | undefined
  replication: string | boolean | undefined
  /** Whether the host is a folder of unix sockets. */
  isDomainSocket: boolean
  application_name: string | undefined
  fallback_application_name: string | undefined
  statement_timeout: number | string | false
  lock_timeout: number | string | false
  idle_in_transaction_session_timeout: number | string | false
  query_timeout: number | string | false
  /** Seconds. */
  connect_timeout: number
  keepalives?: 0 | 1
  keepalives_idle?: number

  /** @throws {TypeError} or what reading a file throws, when the connection string is wrong */
  constructor(input?: string | ClientConfig | null) {
    const config = readConfig(input)
    const read = (key: string, variable: string | false = `PG${key.toUpperCase()}`): never =>
      // Falsy values count as absent, in each of the three places.
      (config[key] ||
        (variable !== false && process.env[variable]) ||
        (defaults as unknown as Record<string, unknown>)[key]) as never
    this.user = read('user')
    this.database = read('database') ?? this.user
    this.port = Number.parseInt(String(read('port')), 10)
    this.host = read('host')
    setHidden(this, 'password', read('password'))
    this.binary = read('binary')
    this.options = read('options')
    this.ssl = readSsl(config['ssl'])
    this.sslnegotiation = read('sslnegotiation')
    this.#checkNegotiation()
    this.client_encoding = read('client_encoding')
    this.replication = read('replication')
    this.isDomainSocket = String(this.host).startsWith('/')
    this.application_name = read('application_name', 'PGAPPNAME')
    this.fallback_application_name = read('fallback_application_name', false)
    this.statement_timeout = read('statement_timeout', false)
    this.lock_timeout = read('lock_timeout', false)
    this.idle_in_transaction_session_timeout = read('idle_in_transaction_session_timeout', false)
    this.query_timeout = read('query_timeout', false)
    this.connect_timeout = connectTimeout(config)
    if (typeof config['keepAlive'] === 'boolean') this.keepalives = config['keepAlive'] ? 1 : 0
    if (typeof config['keepAliveInitialDelayMillis'] === 'number') {
      this.keepalives_idle = Math.floor(config['keepAliveInitialDelayMillis'] / 1000)
    }
  }

  #checkNegotiation(): void {
    const { sslnegotiation } = this
    if (
      sslnegotiation !== undefined &&
      sslnegotiation !== 'postgres' &&
      sslnegotiation !== 'direct'
    ) {
      throw new Error(
        `Invalid sslnegotiation value: "${sslnegotiation}". Valid values are "postgres" and "direct".`,
      )
    }
    if (sslnegotiation === 'direct' && !this.ssl) {
      throw new Error('sslnegotiation=direct requires SSL to be enabled')
    }
  }
}

type Config = Record<string, unknown>

function readConfig(input: string | ClientConfig | null | undefined): Config {
  if (typeof input === 'string') return parseConnectionString(input)
  const config = (input ?? {}) as Config
  const text = config['connectionString'] || defaults.connectionString
  // Keys of the string win, also those that it leaves empty: they then fall to environment and defaults.
  return typeof text === 'string' && text !== ''
    ? { ...config, ...parseConnectionString(text) }
    : config
}

/** In seconds: the option, the parameter of the string, or the environment. */
function connectTimeout(config: Config): number {
  const option = config['connectionTimeoutMillis']
  if (typeof option === 'number') return Math.floor(option / 1000)
  return Number(config['connect_timeout'] ?? process.env['PGCONNECT_TIMEOUT'] ?? 0) || 0
}

function readSsl(given: unknown): unknown {
  const ssl = given === undefined ? sslOfEnvironment() : given
  if (ssl === 'true') return true
  if (ssl === 'no-verify') return { rejectUnauthorized: false }
  return withHiddenSecrets(ssl)
}

function sslOfEnvironment(): unknown {
  switch (process.env['PGSSLMODE']) {
    case 'disable':
      return false
    case 'prefer':
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return true
    case 'no-verify':
      return { rejectUnauthorized: false }
    default:
      return defaults.ssl
  }
}
