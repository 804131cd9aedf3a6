import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
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

/**
 * Gives the private key of a PEM.
 * @throws {OptionError} when it is malformed, or `passphrase` does not open it.
 */
export function readPrivateKey(
  source: PemSource,
  passphrase: string | undefined,
): { pem: string; key: KeyObject } {
  const text = readPem(source)
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

function badPem(source: PemSource, problem: string, cause?: unknown): TypeError {
  const { place } = source
  const file = 'path' in source ? `: ${source.path}` : ''
  return optionError(TypeError, place.option, `${place.label}: ${problem}${file}`, cause)
}
