import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { describeValue, optionError } from './option-error.js'
import { wrongType } from './option-parsers.js'
import type { OptionParser, OptionPlace } from './option-table.js'

/** PEM, as text or in a file, and where its user wrote it. */
export type PemSource = { readonly place: OptionPlace } & (
  | { readonly text: string }
  | { readonly path: string }
)

/** PEM in an option object: a string, bytes, or several of them. */
export type Pem = string | Uint8Array | readonly (string | Uint8Array)[]

/** PEM as text or bytes in an option object, as the path of a file elsewhere. */
export const pem: OptionParser<PemSource> = {
  fromText: (path, place) => ({ place, path }),
  fromValue: (value, place) => {
    const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
    const text = parts.map((part) => pemText(part, place)).join('\n')
    return { place, text }
  },
}

function pemText(value: unknown, place: OptionPlace): string {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw wrongType(place, 'PEM, as a string or as bytes', value)
  }
  const text = typeof value === 'string' ? value : Buffer.from(value).toString('latin1')
  if (text.includes('-----BEGIN ')) return text
  throw optionError(
    TypeError,
    place.option,
    `${place.label} must be PEM text ("-----BEGIN …"); read the file if it is a path, or name it in the connection string`,
  )
}

/**
 * Gives the text of a PEM, reading its file if it is one.
 * @throws {OptionError} naming the option and the path when the file cannot be read.
 */
export function readPem(source: PemSource): string {
  if ('text' in source) return source.text
  const { place, path } = source
  try {
    return readFileSync(path, 'latin1')
  } catch (cause) {
    throw optionError(
      TypeError,
      place.option,
      `${place.label}: ${whyUnreadable(cause)}: ${path}`,
      cause,
    )
  }
}

/** Says in words why a file could not be read. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EISDIR':
      return 'this is a directory'
    case 'EACCES':
    case 'EPERM':
      return 'the file may not be read'
    default:
      return `the file cannot be read (${typeof code === 'string' ? code : describeValue(error)})`
  }
}

const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g

/**
 * Gives the certificates of a PEM.
 * @throws {OptionError} when there is none, or one is malformed.
 */
export function readCertificates(source: PemSource): { pem: string; first: X509Certificate } {
  const text = readPem(source)
  let first: X509Certificate | undefined
  let count = 0
  try {
    for (const [block] of text.matchAll(CERTIFICATE)) {
      count++
      const certificate = new X509Certificate(block)
      first ??= certificate
    }
  } catch (cause) {
    throw badPem(source, `certificate ${count} is malformed`, cause)
  }
  if (first === undefined) throw badPem(source, 'there is no PEM certificate in it')
  return { pem: text, first }
}

const REVOCATION_LIST = /-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g

/**
 * Gives the certificate revocation lists of a PEM.
 * @throws {OptionError} when there is none. Whether they are well-formed shows when TLS is set up.
 */
export function readRevocationLists(source: PemSource): readonly string[] {
  const lists = readPem(source).match(REVOCATION_LIST)
  if (lists !== null) return lists
  throw badPem(source, 'there is no PEM certificate revocation list in it')
}

/**
 * Gives the private key of a PEM, or of a file in DER.
 * @throws {OptionError} when it is malformed, `passphrase` does not open it, or others than its owner could
 * read its file.
 */
export function readPrivateKey(
  source: PemSource,
  passphrase: string | undefined,
): { pem: string; key: KeyObject } {
  if ('path' in source) checkKeyFile(source)
  const text = readPem(source)
  const der = text.startsWith('0') ? readDerKey(Buffer.from(text, 'latin1')) : undefined
  if (der !== undefined) {
    return { pem: der.export({ type: 'pkcs8', format: 'pem' }).toString(), key: der }
  }
  if (!text.includes('PRIVATE KEY-----')) throw badPem(source, 'there is no PEM private key in it')
  try {
    const key = createPrivateKey({
      key: text,
      format: 'pem',
      ...(passphrase !== undefined && { passphrase }),
    })
    return { pem: text, key }
  } catch (cause) {
    const isEncrypted = text.includes('ENCRYPTED')
    const problem = !isEncrypted
      ? 'the private key is malformed'
      : passphrase === undefined
        ? 'the private key is encrypted and there is no ssl.passphrase (sslpassword)'
        : 'the private key cannot be opened with this ssl.passphrase (sslpassword)'
    throw badPem(source, problem, cause)
  }
}

const DER_TYPES = ['pkcs8', 'pkcs1', 'sec1'] as const

function readDerKey(bytes: Buffer): KeyObject | undefined {
  for (const type of DER_TYPES) {
    try {
      return createPrivateKey({ key: bytes, format: 'der', type })
    } catch {
      // It may be of another type; when it is of none, the caller says so.
    }
  }
  return undefined
}

/**
 * A key that others can read is none. One that belongs to root may be readable by a group, so that the
 * system can give the same to several services.
 *
 * @see initialize_SSL in src/interfaces/libpq/fe-secure-openssl.c
 */
function checkKeyFile(
  source: PemSource & { readonly path: string },
  platform: NodeJS.Platform = process.platform,
): void {
  const stats = statSync(source.path, { throwIfNoEntry: false })
  // What is missing or a folder is told when it is read; Windows keeps the folder of the file private.
  if (stats === undefined || stats.isDirectory() || platform === 'win32') return
  if (!stats.isFile()) throw badPem(source, 'the private key is not a plain file')
  const forbidden = stats.uid === 0 ? 0o037 : 0o077
  if ((stats.mode & forbidden) === 0) return
  throw badPem(
    source,
    'others than its owner have access to the private key: use chmod 0600 (0640 if it belongs to root)',
  )
}

function badPem(source: PemSource, problem: string, cause?: unknown): TypeError {
  const { place } = source
  const file = 'path' in source ? `: ${source.path}` : ''
  return optionError(TypeError, place.option, `${place.label}: ${problem}${file}`, cause)
}
