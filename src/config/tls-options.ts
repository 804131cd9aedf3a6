import { boolean, choice, string, wrongType } from './option-parsers.js'
import {
  checkOptionNames,
  type OptionDefinition,
  type OptionParser,
  type OptionPlace,
} from './option-table.js'
import { type Pem, type PemSource, pem } from './pem.js'

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
const CERT_MODES = ['disable', 'allow', 'require'] as const
const NEGOTIATIONS = ['postgres', 'direct'] as const
/** The versions of TLS, in order. */
export const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

/**
 * How far TLS is insisted on, as libpq's `sslmode` has it:
 *
 * - `disable`: no TLS
 * - `allow`: TLS only if the server refuses a connection without
 * - `prefer`: TLS if the server can, plain otherwise (the default)
 * - `require`: TLS; the certificate is checked only if a root certificate is there, as with `verify-ca`
 * - `verify-ca`: TLS, and the certificate must come from a trusted authority
 * - `verify-full`: that, and the certificate must be for this host name
 */
export type SslMode = (typeof MODES)[number]

/** `postgres`: TLS is asked for with an SSLRequest. `direct`: it starts at once (PostgreSQL 17+). */
export type SslNegotiation = (typeof NEGOTIATIONS)[number]

/** Whether the client's certificate is shown: never, when the server asks for it, or else not connecting. */
export type SslCertMode = (typeof CERT_MODES)[number]

/** A version of TLS. */
export type TlsVersion = (typeof TLS_VERSIONS)[number]

/** The members of the option `ssl`. Absent ones are read from connection string and environment. */
export interface SslOptions {
  /** Default: that of the connection string or the environment, else `verify-full`. */
  readonly mode?: SslMode | undefined
  /** Default `postgres`. */
  readonly negotiation?: SslNegotiation | undefined
  /** Root certificates in PEM, or `system` for those of Node.js. Default `~/.postgresql/root.crt`. */
  readonly ca?: Pem | undefined
  /** The client's certificate in PEM. Default `~/.postgresql/postgresql.crt`, if it exists. */
  readonly cert?: Pem | undefined
  /** The key of the client's certificate in PEM. Default `~/.postgresql/postgresql.key`. */
  readonly key?: Pem | undefined
  /** Opens the key when it is encrypted. */
  readonly passphrase?: string | undefined
  /** Default `allow`. `require` refuses to connect without a certificate of the client. */
  readonly certMode?: SslCertMode | undefined
  /**
   * Lists of revoked certificates in PEM; there must be one for each authority of the server's chain.
   * Default `~/.postgresql/root.crl`, if it exists.
   */
  readonly crl?: Pem | undefined
  /** A folder of such lists, read in addition. */
  readonly crlDir?: string | undefined
  /** The name that the server's certificate must be for. Default: the host connected to. */
  readonly servername?: string | undefined
  /** Whether the server is told that name in clear text (SNI). Default true. */
  readonly sni?: boolean | undefined
  /**
   * A file that the keys of each TLS session are appended to, in the format of NSS, so that tools can read
   * what was recorded: for debugging only, since whoever has it can read everything. Made with mode 0600.
   */
  readonly keyLogFile?: string | undefined
  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsVersion | undefined
  /** Default: the highest that Node.js knows. */
  readonly maxVersion?: TlsVersion | undefined
}

/** The value of `ca` for the certificates that Node.js trusts. */
export const SYSTEM = 'system'

const rootCertificates: OptionParser<PemSource | typeof SYSTEM> = {
  fromValue: (value, place) => (value === SYSTEM ? SYSTEM : pem.fromValue(value, place)),
  fromText: (text, place) => (text === SYSTEM ? SYSTEM : pem.fromText(text, place)),
}

/** A path, and where its user wrote it. */
export interface PathSource {
  readonly path: string
  readonly place: OptionPlace
}

const path: OptionParser<PathSource> = {
  fromValue: (value, place) => ({ path: string().fromValue(value, place), place }),
  fromText: (text, place) => ({ path: text, place }),
}

/** As libpq, which minds no letters' case here. */
const tlsVersion: OptionParser<TlsVersion> = {
  fromValue: (value, place) => choice(TLS_VERSIONS).fromValue(value, place),
  fromText: (text, place) => {
    const known = TLS_VERSIONS.find((version) => version.toLowerCase() === text.toLowerCase())
    return choice(TLS_VERSIONS).fromValue(known ?? text, place)
  },
}

/** The values of {@link SSL_OPTIONS} by name. */
interface SslValues {
  mode: SslMode
  negotiation: SslNegotiation
  ca: PemSource | typeof SYSTEM
  cert: PemSource
  key: PemSource
  passphrase: string
  certMode: SslCertMode
  crl: PemSource
  crlDir: PathSource
  servername: string
  sni: boolean
  keyLogFile: PathSource
  minVersion: TlsVersion
  maxVersion: TlsVersion
}

/** The rows of the option table under `ssl`. */
export const SSL_OPTIONS: { readonly [K in keyof SslOptions]-?: OptionDefinition<SslValues[K]> } & {
  readonly [K in 'negotiation' | 'certMode' | 'sni' | 'minVersion']: {
    readonly default: SslValues[K]
  }
} = {
  mode: {
    parse: choice(MODES),
    dsn: 'sslmode',
    env: 'PGSSLMODE',
  },
  negotiation: {
    parse: choice(NEGOTIATIONS),
    default: 'postgres',
    dsn: 'sslnegotiation',
    env: 'PGSSLNEGOTIATION',
  },
  ca: {
    parse: rootCertificates,
    dsn: 'sslrootcert',
    env: 'PGSSLROOTCERT',
  },
  cert: {
    parse: pem,
    dsn: 'sslcert',
    env: 'PGSSLCERT',
  },
  key: {
    parse: pem,
    dsn: 'sslkey',
    env: 'PGSSLKEY',
  },
  passphrase: { parse: string(), dsn: 'sslpassword' },
  certMode: {
    parse: choice(CERT_MODES),
    default: 'allow',
    dsn: 'sslcertmode',
    env: 'PGSSLCERTMODE',
  },
  crl: {
    parse: pem,
    dsn: 'sslcrl',
    env: 'PGSSLCRL',
  },
  crlDir: {
    parse: path,
    dsn: 'sslcrldir',
    env: 'PGSSLCRLDIR',
  },
  servername: {
    parse: string(),
  },
  sni: {
    parse: boolean(),
    default: true,
    dsn: 'sslsni',
    env: 'PGSSLSNI',
  },
  keyLogFile: {
    parse: path,
    dsn: 'sslkeylogfile',
  },
  minVersion: {
    parse: tlsVersion,
    default: 'TLSv1.2',
    dsn: 'ssl_min_protocol_version',
    env: 'PGSSLMINPROTOCOLVERSION',
  },
  maxVersion: {
    parse: tlsVersion,
    dsn: 'ssl_max_protocol_version',
    env: 'PGSSLMAXPROTOCOLVERSION',
  },
}

/** The option `ssl` in one shape. */
export interface SslInput {
  readonly options: SslOptions
  /** The mode when it is given nowhere. */
  readonly defaultMode: SslMode
  /** The user asked for TLS in general, not in libpq's words: without a root certificate Node's own count, for `verify-full`. */
  readonly trustsSystem: boolean
}

/** What holds when nobody gives `ssl`. */
export const NO_SSL_INPUT: SslInput = { options: {}, defaultMode: 'prefer', trustsSystem: false }

/**
 * The option `ssl`: a mode, or `true` for `verify-full`, `false` for `disable`, or {@link SslOptions}.
 * TLS asked for in general (`true`, or members without a mode) is verified in full; where there is no root
 * certificate for it, against those of Node.js.
 */
export const sslInput: OptionParser<SslInput> = {
  fromValue: (value, place) => {
    if (value === true) {
      return { options: { mode: 'verify-full' }, defaultMode: 'verify-full', trustsSystem: true }
    }
    if (value === false) return { ...NO_SSL_INPUT, options: { mode: 'disable' } }
    if (typeof value === 'string') {
      return { ...NO_SSL_INPUT, options: { mode: choice(MODES).fromValue(value, place) } }
    }
    checkOptionNames(value, [SSL_OPTIONS], `${place.option}.`)
    const options: SslOptions = value
    return { options, defaultMode: 'verify-full', trustsSystem: options.mode === undefined }
  },
  fromText: (text, place) => {
    throw wrongType(place, 'in an option object', text)
  },
}
