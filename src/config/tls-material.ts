import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hide } from './hidden.js'
import { optionError } from './option-error.js'
import {
  type PemSource,
  readCertificates,
  readPrivateKey,
  readRevocationLists,
  whyUnreadable,
} from './pem.js'
import type { PathSource } from './tls-options.js'

/** Certificates and keys, read and checked. Frozen. */
export interface TlsMaterial {
  /** Root certificates in PEM; undefined for those of Node.js, or where nothing is verified. */
  readonly ca: string | undefined
  /** Lists of revoked certificates in PEM; empty where nothing is verified. */
  readonly crl: readonly string[]
  readonly cert: string | undefined
  /** Private key in PEM. Not enumerable, so that it shows nowhere. */
  readonly key: string | undefined
  /** Not enumerable either. */
  readonly passphrase: string | undefined
}

/** Where {@link TlsMaterial} comes from. */
export interface TlsSources {
  readonly ca: PemSource | undefined
  /** Whether the server is verified at all. */
  readonly trusts: boolean
  readonly crl: PemSource | undefined
  readonly crlDir: PathSource | undefined
  readonly client: { readonly cert: PemSource; readonly key: PemSource } | undefined
  readonly passphrase: string | undefined
}

/**
 * Reads certificates and keys, and gives a function that has them up to date: it looks at their files at
 * each call and reads those anew that have changed. What cannot be used, such as a key that was replaced a
 * moment before its certificate, leaves what was read before in use; a warning of the process says why.
 *
 * @throws {OptionError} naming the option and the path, when something cannot be used the first time.
 */
export function tlsMaterial(sources: TlsSources): () => TlsMaterial {
  const state = fingerprint(sources)
  let last = { state, material: readMaterial(sources) }
  return () => {
    const now = fingerprint(sources)
    if (now === last.state) return last.material
    try {
      last = { state: now, material: readMaterial(sources) }
    } catch (error) {
      last = { state: now, material: last.material }
      const problem = error instanceof Error ? error.message : String(error)
      process.emitWarning(`changed certificates are not used yet: ${problem}`, 'SluiceWarning')
    }
    return last.material
  }
}

function readMaterial({ ca, trusts, crl, crlDir, client, passphrase }: TlsSources): TlsMaterial {
  const roots = ca === undefined ? undefined : readCertificates(ca).pem
  const lists = [...readLists(crl), ...(crlDir === undefined ? [] : readListFolder(crlDir))]
  const pair = client === undefined ? undefined : readPair(client, passphrase)
  const material = {
    ca: trusts ? roots : undefined,
    crl: Object.freeze(trusts ? lists : []),
    cert: pair?.cert,
  }
  return Object.freeze(
    hide(
      hide(material, 'key', pair?.key),
      'passphrase',
      pair === undefined ? undefined : passphrase,
    ),
  )
}

function readPair(
  client: { readonly cert: PemSource; readonly key: PemSource },
  passphrase: string | undefined,
): { readonly cert: string; readonly key: string } {
  const { pem: cert, first } = readCertificates(client.cert)
  const { pem: key, key: privateKey } = readPrivateKey(client.key, passphrase)
  if (first.checkPrivateKey(privateKey)) return { cert, key }
  throw optionError(
    TypeError,
    'ssl.key',
    `${client.key.place.label} is not the key of the certificate in ${client.cert.place.label}`,
  )
}

function readLists(source: PemSource | undefined): readonly string[] {
  return source === undefined ? [] : readRevocationLists(source)
}

/** OpenSSL looks lists up by their names, `<hash>.r0` and so on; here all files that hold lists count. */
function readListFolder({ path, place }: PathSource): readonly string[] {
  const files = filesIn({ path, place })
  const lists = files.flatMap((file) => readRevocationLists({ path: file, place }))
  if (lists.length > 0) return lists
  throw optionError(
    TypeError,
    place.option,
    `${place.label}: there is no file *.r0 with a certificate revocation list in ${path}`,
  )
}

function filesIn({ path, place }: PathSource): readonly string[] {
  try {
    return readdirSync(path)
      .filter((name) => /\.(?:r\d+|crl|pem)$/.test(name))
      .sort()
      .map((name) => join(path, name))
  } catch (cause) {
    const problem = `${place.label}: ${whyUnreadable(cause)}: ${path}`
    throw optionError(TypeError, place.option, problem, cause)
  }
}

/** A text that changes when a file does. */
function fingerprint({ ca, crl, crlDir, client }: TlsSources): string {
  const paths = [ca, crl, client?.cert, client?.key].flatMap((source) =>
    source !== undefined && 'path' in source ? [source.path] : [],
  )
  if (crlDir !== undefined) paths.push(crlDir.path, ...filesOf(crlDir))
  return paths.map(stateOf).join()
}

function filesOf(folder: PathSource): readonly string[] {
  try {
    return filesIn(folder)
  } catch {
    // That the folder is gone shows in its own state.
    return []
  }
}

function stateOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? 'none' : `${stats.ino}:${stats.size}:${stats.mtimeMs}`
}
