import { existsSync } from 'node:fs'
import type { DefaultFiles } from './environment.js'
import { hide } from './hidden.js'
import { optionError } from './option-error.js'
import { choice, string, wrongType } from './option-parsers.js'
import {
  checkOptionNames,
  type OptionDefinition,
  type OptionParser,
  type OptionTexts,
  type OptionValues,
  resolveOptions,
} from './option-table.js'
import { type Pem, type PemSource, pem, readCertificates, readPrivateKey } from './pem.js'

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
const NEGOTIATIONS = ['postgres', 'direct'] as const
const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

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

/** A version of TLS. */
export type TlsVersion = (typeof VERSIONS)[number]

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
  /** The name that the server's certificate must be for. Default: the host connected to. */
  readonly servername?: string | undefined
  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsVersion | undefined
  /** Default: the highest that Node.js knows. */
  readonly maxVersion?: TlsVersion | undefined
}

/** How to set up TLS. Its files have been read and its certificates checked. Frozen. */
export interface TlsConfig {
  /** The mode in effect: `require` with root certificates is `verify-ca` here. */
  readonly mode: Exclude<SslMode, 'disable'>
  readonly negotiation: SslNegotiation
  /** Root certificates in PEM; undefined for those of Node.js. */
  readonly ca: string | undefined
  readonly cert: string | undefined
  /** Private key in PEM. Not enumerable, so that it shows nowhere. */
  readonly key: string | undefined
  /** Not enumerable either. */
  readonly passphrase: string | undefined
  readonly servername: string | undefined
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion | undefined
}

const SYSTEM = 'system'

const rootCertificates: OptionParser<PemSource | typeof SYSTEM> = {
  fromValue: (value, place) => (value === SYSTEM ? SYSTEM : pem.fromValue(value, place)),
  fromText: (text, place) => (text === SYSTEM ? SYSTEM : pem.fromText(text, place)),
}

/** The values of {@link SSL_OPTIONS} by name. */
interface SslValues {
  mode: SslMode
  negotiation: SslNegotiation
  ca: PemSource | typeof SYSTEM
  cert: PemSource
  key: PemSource
  passphrase: string
  servername: string
  minVersion: TlsVersion
  maxVersion: TlsVersion
}

/** The rows of the option table under `ssl`. */
export const SSL_OPTIONS: { readonly [K in keyof SslOptions]-?: OptionDefinition<SslValues[K]> } & {
  readonly [K in 'negotiation' | 'minVersion']: { readonly default: SslValues[K] }
} = {
  mode: {
    parse: choice(MODES),
    dsn: 'sslmode',
    env: 'PGSSLMODE',
    doc: 'How far TLS is insisted on; prefer unless anything under ssl is given.',
  },
  negotiation: {
    parse: choice(NEGOTIATIONS),
    default: 'postgres',
    dsn: 'sslnegotiation',
    env: 'PGSSLNEGOTIATION',
    doc: 'Whether TLS is asked for first or starts at once (direct, PostgreSQL 17+).',
  },
  ca: {
    parse: rootCertificates,
    dsn: 'sslrootcert',
    env: 'PGSSLROOTCERT',
    doc: 'Root certificates: PEM, in texts the path of a file; "system" for those of Node.js.',
  },
  cert: {
    parse: pem,
    dsn: 'sslcert',
    env: 'PGSSLCERT',
    doc: "The client's certificate: PEM, in texts the path of a file.",
  },
  key: {
    parse: pem,
    dsn: 'sslkey',
    env: 'PGSSLKEY',
    doc: "The key of the client's certificate: PEM, in texts the path of a file.",
  },
  passphrase: { parse: string(), dsn: 'sslpassword', doc: 'Opens the key when it is encrypted.' },
  servername: {
    parse: string(),
    doc: "The name that the server's certificate must be for, if not the host's.",
  },
  minVersion: {
    parse: choice(VERSIONS),
    default: 'TLSv1.2',
    dsn: 'ssl_min_protocol_version',
    env: 'PGSSLMINPROTOCOLVERSION',
    doc: 'The lowest version of TLS to accept.',
  },
  maxVersion: {
    parse: choice(VERSIONS),
    dsn: 'ssl_max_protocol_version',
    env: 'PGSSLMAXPROTOCOLVERSION',
    doc: 'The highest version of TLS to accept.',
  },
}

/** The option `ssl` in one shape. */
export interface SslInput {
  readonly options: SslOptions
  /** The mode when it is given nowhere. */
  readonly defaultMode: SslMode
  /** The user asked for TLS in general, not in libpq's words: without a root certificate Node's own count. */
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

/**
 * Decides on TLS and reads its certificates. Undefined: no TLS, as always on unix sockets.
 *
 * @throws {OptionError} when options contradict each other, or a file is missing, unreadable or malformed;
 * it names the option and the path.
 * @see initialize_SSL in src/interfaces/libpq/fe-secure-openssl.c
 */
export function resolveTls(
  input: SslInput,
  texts: OptionTexts,
  files: DefaultFiles,
  usesTcp: boolean,
): TlsConfig | undefined {
  const ssl = resolveOptions(SSL_OPTIONS, input.options, texts, 'ssl.')
  // Whoever switches TLS off in the program means it, whatever string and environment say about TLS.
  if (input.options.mode === 'disable') return undefined
  const mode = ssl.mode ?? (ssl.ca === SYSTEM ? 'verify-full' : input.defaultMode)
  checkCombination(ssl, mode)
  if (mode === 'disable' || !usesTcp) return undefined
  const ca = resolveRootCertificates(ssl.ca, files)
  const verifies = mode === 'verify-ca' || mode === 'verify-full'
  if (ca === undefined && verifies && ssl.ca !== SYSTEM && !input.trustsSystem) {
    throw optionError(
      TypeError,
      'ssl.ca',
      `sslmode "${mode}" needs a root certificate and there is no ${files.rootCertificate}; give ssl.ca ` +
        `(sslrootcert), "${SYSTEM}" for the certificates that Node.js trusts, or another sslmode`,
    )
  }
  const client = resolveClientCertificate(ssl, files)
  // With prefer and allow the certificate is not checked even if it could be: all that a failure would do
  // is to drop to no encryption at all.
  const trusted = verifies || mode === 'require' ? ca : undefined
  const config = {
    mode: mode === 'require' && trusted !== undefined ? 'verify-ca' : mode,
    negotiation: ssl.negotiation,
    ca: trusted,
    cert: client?.cert,
    servername: ssl.servername,
    minVersion: ssl.minVersion,
    maxVersion: ssl.maxVersion,
  } as const
  return Object.freeze(
    hide(
      hide({ ...config }, 'key', client?.key),
      'passphrase',
      client === undefined ? undefined : ssl.passphrase,
    ),
  )
}

type ResolvedSsl = OptionValues<typeof SSL_OPTIONS>

function checkCombination(ssl: ResolvedSsl, mode: SslMode): void {
  const isWeak = mode === 'disable' || mode === 'allow' || mode === 'prefer'
  if (ssl.negotiation === 'direct' && isWeak) {
    throw optionError(
      TypeError,
      'ssl.negotiation',
      `sslnegotiation "direct" needs sslmode require or stronger, not "${mode}"`,
    )
  }
  if (ssl.ca === SYSTEM && mode !== 'verify-full') {
    throw optionError(
      TypeError,
      'ssl.mode',
      `sslmode "${mode}" is too weak for sslrootcert "${SYSTEM}", with which anybody can have a certificate; ` +
        'use "verify-full"',
    )
  }
  const { minVersion, maxVersion } = ssl
  if (maxVersion !== undefined && VERSIONS.indexOf(minVersion) > VERSIONS.indexOf(maxVersion)) {
    throw optionError(
      RangeError,
      'ssl.minVersion',
      `ssl.minVersion "${minVersion}" is above ssl.maxVersion "${maxVersion}"`,
    )
  }
}

function resolveRootCertificates(
  ca: PemSource | typeof SYSTEM | undefined,
  { rootCertificate }: DefaultFiles,
): string | undefined {
  if (ca === SYSTEM) return undefined
  const source = ca ?? defaultFile('ssl.ca', rootCertificate)
  return source === undefined ? undefined : readCertificates(source).pem
}

function resolveClientCertificate(
  ssl: ResolvedSsl,
  files: DefaultFiles,
): { cert: string; key: string } | undefined {
  const certSource = ssl.cert ?? defaultFile('ssl.cert', files.certificate)
  if (certSource === undefined) {
    if (ssl.key === undefined) return undefined
    throw optionError(
      TypeError,
      'ssl.cert',
      `${ssl.key.place.label} is given without ssl.cert (sslcert)`,
    )
  }
  const keySource = ssl.key ?? defaultFile('ssl.key', files.key)
  if (keySource === undefined) {
    throw optionError(
      TypeError,
      'ssl.key',
      `${certSource.place.label} is given without ssl.key (sslkey), and there is no ${files.key}`,
    )
  }
  const { pem: cert, first } = readCertificates(certSource)
  const { pem: key, key: privateKey } = readPrivateKey(keySource, ssl.passphrase)
  if (!first.checkPrivateKey(privateKey)) {
    throw optionError(
      TypeError,
      'ssl.key',
      `${keySource.place.label} is not the key of the certificate in ${certSource.place.label}`,
    )
  }
  return { cert, key }
}

function defaultFile(option: string, path: string): PemSource | undefined {
  return existsSync(path) ? { place: { option, label: `default of "${option}"` }, path } : undefined
}
