import { readFileSync } from 'node:fs'

/** What a connection string says, under the keys of a client's configuration; texts unless noted. */
export interface ParsedConnectionString {
  user?: string
  password?: string
  host?: string | null
  port?: string | null
  database?: string | null | undefined
  /** True, false, or options for TLS. */
  ssl?: boolean | string | PgTlsOptions
  client_encoding?: string | null
  sslnegotiation?: string
  /** All that stands behind the `?`. */
  [parameter: string]: unknown
}

/** Options for `tls.connect`, as far as a connection string can state them. */
export interface PgTlsOptions {
  rejectUnauthorized?: boolean
  ca?: string
  cert?: string
  key?: string
  checkServerIdentity?: () => undefined
  [option: string]: unknown
}

/** `x=y` words with spaces between, which libpq takes and pg does not understand. */
const KEYWORDS = /^\s*[a-z_]+\s*=/i

/** A scheme, user and password, host and port, path, parameters. */
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:/i

/** Parameters of libpq that are not read as what they say. */
const FILES = { sslcert: 'cert', sslkey: 'key', sslrootcert: 'ca' } as const

/**
 * Reads a connection string as pg does: a URI with any scheme, `/folder database` or
 * `socket:/folder?db=…` for a unix socket. Files named for TLS are read at once.
 *
 * Unlike pg it does not take `host=… dbname=…`, an empty string or several hosts for a host called
 * `base`.
 *
 * @throws {TypeError} if it is no connection string; its text, which may hold a password, is not shown
 * @throws what reading a file throws
 */
export function parseConnectionString(text: string): ParsedConnectionString {
  if (text.startsWith('/')) {
    const [host, database] = text.split(' ')
    return { host: host ?? '', database }
  }
  const url = parseUrl(text)
  const config: ParsedConnectionString = Object.fromEntries(url.searchParams)
  config.user ||= decodeURIComponent(url.username)
  config.password ||= decodeURIComponent(url.password)
  if (url.protocol === 'socket:') {
    config.host = decodeURI(url.pathname)
    config.database = url.searchParams.get('db')
    config.client_encoding = url.searchParams.get('encoding')
    return config
  }
  const hostname = url.hostname === NO_HOST ? '' : url.hostname.replace(/^\[(.+)\]$/, '$1')
  const isFolderBeforePath = Boolean(config.host) && /^%2f/i.test(hostname)
  config.host ||= decodeURIComponent(hostname)
  config.port ||= url.port
  const path = isFolderBeforePath ? `${hostname}${url.pathname}` : url.pathname.slice(1)
  config.database = path === '' ? null : decodeURI(path)
  readTls(config)
  return config
}

/** Stands for a host that is not there: `postgres://user@/database` is no URL to Node.js. */
const NO_HOST = 'no-host.invalid'

function parseUrl(text: string): URL {
  if (text.trim() === '' || KEYWORDS.test(text)) {
    throw new TypeError(
      'the connection string is no URI; sluice reads the form "host=… dbname=…" by its native connect()',
    )
  }
  // Spaces and stray percent signs are taken for what they show.
  const isLoose = / |%(?![a-f0-9]{2})/i.test(text)
  const encoded = isLoose ? encodeURI(text).replace(/%25(?=[a-f0-9]{2})/gi, '%') : text
  const withScheme = HAS_SCHEME.test(encoded) ? encoded : `postgres://localhost/${encoded}`
  try {
    return new URL(
      withScheme.replace(/^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?)(?=[/?#]|$)/i, `$1${NO_HOST}`),
    )
  } catch {
    throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' })
  }
}

function readTls(config: ParsedConnectionString): void {
  if (config.ssl === 'true' || config.ssl === '1') config.ssl = true
  else if (config.ssl === '0' || config.ssl === 'false') config.ssl = false
  const mode = config['sslmode']
  const named = Object.keys(FILES).filter((key) => Boolean(config[key]))
  if (named.length > 0 || mode) {
    const options: PgTlsOptions = {}
    for (const key of named) {
      options[FILES[key as keyof typeof FILES]] = readFileSync(String(config[key]), 'utf8')
    }
    const usesLibpqMeaning = config['uselibpqcompat'] === 'true'
    config.ssl = usesLibpqMeaning ? libpqTls(mode, options) : pgTls(mode, options)
  }
  if (config.sslnegotiation === 'direct' && config.ssl === undefined) config.ssl = true
}

/** pg 8: every mode that has TLS verifies certificate and name, but for `no-verify`. */
function pgTls(mode: unknown, options: PgTlsOptions): false | PgTlsOptions {
  if (mode === 'disable') return false
  if (mode === 'no-verify') options.rejectUnauthorized = false
  if (mode === 'prefer' || mode === 'require' || mode === 'verify-ca') warnOfMode(mode)
  return options
}

function libpqTls(mode: unknown, options: PgTlsOptions): false | PgTlsOptions {
  switch (mode) {
    case 'disable':
      return false
    case 'prefer':
      options.rejectUnauthorized = false
      break
    case 'require':
      if (options.ca === undefined) options.rejectUnauthorized = false
      else options.checkServerIdentity = anyName
      break
    case 'verify-ca':
      if (options.ca === undefined) {
        throw new Error(
          'sslmode=verify-ca needs sslrootcert: with public authorities it would trust any server that has a certificate',
        )
      }
      options.checkServerIdentity = anyName
  }
  return options
}

const anyName = (): undefined => undefined

let hasWarned = false

function warnOfMode(mode: string): void {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    `SECURITY WARNING: sslmode=${mode} verifies certificate and host name here, as sslmode=verify-full does. ` +
      `Say verify-full to keep that, or add uselibpqcompat=true for the weaker meaning that libpq gives it.`,
  )
}
