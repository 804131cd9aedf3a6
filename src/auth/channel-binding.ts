import { createHash } from 'node:crypto'
import { type DerElement, derElement } from '../base/der.js'

/*
 * The channel binding `tls-server-end-point` (RFC 5929, section 4): a hash of the server's certificate, by
 * the hash function that its signature was made with.
 */

/** The name of the binding in SCRAM. */
export const TLS_SERVER_END_POINT = 'tls-server-end-point'

/** Hash functions of certificate signatures, by the algorithm's OID. MD5 and SHA-1 count as SHA-256 (RFC 5929, 4.1). */
const SIGNATURE_HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'sha256', // md5WithRSAEncryption
  '1.2.840.113549.1.1.5': 'sha256', // sha1WithRSAEncryption
  '1.2.840.113549.1.1.11': 'sha256', // sha256WithRSAEncryption
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.113549.1.1.14': 'sha224',
  '1.2.840.113549.1.1.15': 'sha512-224',
  '1.2.840.113549.1.1.16': 'sha512-256',
  '1.2.840.10040.4.3': 'sha256', // dsa-with-sha1
  '2.16.840.1.101.3.4.3.1': 'sha224', // dsa-with-sha224
  '2.16.840.1.101.3.4.3.2': 'sha256',
  '2.16.840.1.101.3.4.3.3': 'sha384',
  '2.16.840.1.101.3.4.3.4': 'sha512',
  '1.2.840.10045.4.1': 'sha256', // ecdsa-with-SHA1
  '1.2.840.10045.4.3.1': 'sha224', // ecdsa-with-SHA224
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '2.16.840.1.101.3.4.3.9': 'sha3-224', // ecdsa-with-SHA3-224
  '2.16.840.1.101.3.4.3.10': 'sha3-256',
  '2.16.840.1.101.3.4.3.11': 'sha3-384',
  '2.16.840.1.101.3.4.3.12': 'sha3-512',
  '2.16.840.1.101.3.4.3.13': 'sha3-224', // rsassa-pkcs1-v1_5-with-SHA3-224
  '2.16.840.1.101.3.4.3.14': 'sha3-256',
  '2.16.840.1.101.3.4.3.15': 'sha3-384',
  '2.16.840.1.101.3.4.3.16': 'sha3-512',
}

/** With this one the hash function is among the parameters (RFC 4055, section 3.1). */
const RSASSA_PSS = '1.2.840.113549.1.1.10'

/** Hash functions by their own OID. */
const HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.5': 'sha256', // md5
  '1.3.14.3.2.26': 'sha256', // sha1
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.5': 'sha512-224',
  '2.16.840.1.101.3.4.2.6': 'sha512-256',
  '2.16.840.1.101.3.4.2.7': 'sha3-224',
  '2.16.840.1.101.3.4.2.8': 'sha3-256',
  '2.16.840.1.101.3.4.2.9': 'sha3-384',
  '2.16.840.1.101.3.4.2.10': 'sha3-512',
}

const SEQUENCE = 0x30
const OBJECT_IDENTIFIER = 0x06
const EXPLICIT_0 = 0xa0

/**
 * Gives the binding data for a certificate in DER; undefined where RFC 5929 defines none: Ed25519 and
 * Ed448, which have no hash function of their own, and signatures that are not known here.
 */
export function serverEndPoint(certificate: Uint8Array): Buffer | undefined {
  const hash = signatureHash(certificate)
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest()
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280, 4.1) */
function signatureHash(der: Uint8Array): string | undefined {
  const certificate = readElement(der, 0, der.length, SEQUENCE)
  if (certificate === undefined) return undefined
  const body = readElement(der, certificate.start, certificate.end, SEQUENCE)
  if (body === undefined) return undefined
  const algorithm = readElement(der, body.end, certificate.end, SEQUENCE)
  if (algorithm === undefined) return undefined
  const name = readElement(der, algorithm.start, algorithm.end, OBJECT_IDENTIFIER)
  if (name === undefined) return undefined
  const oid = readOid(der, name)
  return oid === RSASSA_PSS ? pssHash(der, name.end, algorithm.end) : SIGNATURE_HASHES[oid]
}

/** RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] EXPLICIT AlgorithmIdentifier DEFAULT sha1, … } */
function pssHash(der: Uint8Array, start: number, end: number): string | undefined {
  const parameters = readElement(der, start, end, SEQUENCE)
  if (parameters === undefined) return undefined
  const explicit = readElement(der, parameters.start, parameters.end, EXPLICIT_0)
  if (explicit === undefined) return HASHES['1.3.14.3.2.26']
  const algorithm = readElement(der, explicit.start, explicit.end, SEQUENCE)
  if (algorithm === undefined) return undefined
  const name = readElement(der, algorithm.start, algorithm.end, OBJECT_IDENTIFIER)
  return name === undefined ? undefined : HASHES[readOid(der, name)]
}

/** The element at `start`, if it has that tag and lies before `end`. */
function readElement(
  der: Uint8Array,
  start: number,
  end: number,
  tag: number,
): DerElement | undefined {
  const element = derElement(der, start, end)
  return element?.tag === tag ? element : undefined
}

/** Seven bits a byte; the first number holds the first two arcs. */
function readOid(der: Uint8Array, { start, end }: DerElement): string {
  const arcs: number[] = []
  let value = 0
  for (const byte of der.subarray(start, end)) {
    value = value * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    if (arcs.length === 0) {
      const root = Math.min(Math.floor(value / 40), 2)
      arcs.push(root, value - root * 40)
    } else {
      arcs.push(value)
    }
    value = 0
  }
  return arcs.join('.')
}
