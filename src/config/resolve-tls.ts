import { existsSync } from 'node:fs'
import type { DefaultFiles } from './environment.js'
import { keyLog } from './key-log.js'
import { optionError } from './option-error.js'
import { type OptionTexts, type OptionValues, resolveOptions } from './option-table.js'
import type { PemSource } from './pem.js'
import { type TlsMaterial, tlsMaterial } from './tls-material.js'
import {
  SSL_OPTIONS,
  type SslInput,
  type SslMode,
  type SslNegotiation,
  SYSTEM,
  TLS_VERSIONS,
  type TlsVersion,
} from './tls-options.js'

/** How to set up TLS. Its certificates have been read and checked once. Frozen. */
export interface TlsConfig {
  /** The mode in effect: `require` with root certificates is `verify-ca` here. */
  readonly mode: Exclude<SslMode, 'disable'>
  readonly negotiation: SslNegotiation
  /** Gives the certificates, read anew where their files have changed; the same object where nothing has. */
  readonly material: () => TlsMaterial
  readonly servername: string | undefined
  /** Whether to send the name of the server. */
  readonly sni: boolean
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion | undefined
  /** Takes lines of TLS secrets; never throws. */
  readonly keyLog: ((line: Buffer) => void) | undefined
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
  const mode =
    ssl.mode ?? oldRequirement(texts) ?? (ssl.ca === SYSTEM ? 'verify-full' : input.defaultMode)
  checkCombination(ssl, mode)
  if (mode === 'disable' || !usesTcp) return undefined
  const verifies = mode === 'verify-ca' || mode === 'verify-full'
  const ca =
    ssl.ca === SYSTEM ? undefined : (ssl.ca ?? defaultFile('ssl.ca', files.rootCertificate))
  // With verify-ca anybody would do, as `checkCombination` has it.
  const trustsSystem = ssl.ca === SYSTEM || (input.trustsSystem && mode === 'verify-full')
  if (ca === undefined && verifies && !trustsSystem) {
    throw optionError(
      TypeError,
      'ssl.ca',
      `sslmode "${mode}" needs a root certificate and there is no ${files.rootCertificate}; give ssl.ca ` +
        `(sslrootcert), "${SYSTEM}" for the certificates that Node.js trusts, or another sslmode`,
    )
  }
  // With prefer and allow the certificate is not checked even if it could be: all that a failure would do
  // is to drop to no encryption at all. What is given must be readable all the same.
  const isChecked = verifies || (mode === 'require' && ca !== undefined)
  const material = tlsMaterial({
    ca,
    trusts: isChecked,
    crl: ssl.crl ?? defaultFile('ssl.crl', files.revocationList),
    crlDir: ssl.crlDir,
    client: clientSources(ssl, files),
    passphrase: ssl.passphrase,
  })
  return Object.freeze({
    mode: mode === 'require' && isChecked ? 'verify-ca' : mode,
    negotiation: ssl.negotiation,
    material,
    servername: ssl.servername,
    sni: ssl.sni,
    minVersion: ssl.minVersion,
    maxVersion: ssl.maxVersion,
    keyLog: ssl.keyLogFile === undefined ? undefined : keyLog(ssl.keyLogFile),
  })
}

/** What libpq had before sslmode, and still reads (conninfo_add_defaults in fe-connect.c). */
function oldRequirement({ environment }: OptionTexts): SslMode | undefined {
  return environment?.['PGREQUIRESSL']?.startsWith('1') ? 'require' : undefined
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
  if (
    maxVersion !== undefined &&
    TLS_VERSIONS.indexOf(minVersion) > TLS_VERSIONS.indexOf(maxVersion)
  ) {
    throw optionError(
      RangeError,
      'ssl.minVersion',
      `ssl.minVersion "${minVersion}" is above ssl.maxVersion "${maxVersion}"`,
    )
  }
}

function clientSources(
  ssl: ResolvedSsl,
  files: DefaultFiles,
): { readonly cert: PemSource; readonly key: PemSource } | undefined {
  if (ssl.certMode === 'disable') return undefined
  const cert = ssl.cert ?? defaultFile('ssl.cert', files.certificate)
  if (cert === undefined) {
    const needs =
      ssl.key?.place.label ?? (ssl.certMode === 'require' ? 'sslcertmode "require"' : undefined)
    if (needs === undefined) return undefined
    throw optionError(TypeError, 'ssl.cert', `${needs} is given without ssl.cert (sslcert)`)
  }
  const key = ssl.key ?? defaultFile('ssl.key', files.key)
  if (key !== undefined) return { cert, key }
  throw optionError(
    TypeError,
    'ssl.key',
    `${cert.place.label} is given without ssl.key (sslkey), and there is no ${files.key}`,
  )
}

function defaultFile(option: string, path: string): PemSource | undefined {
  return existsSync(path) ? { place: { option, label: `default of "${option}"` }, path } : undefined
}
