import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'
import { InterfaceError } from '../base/errors.js'
import {
  bitString,
  explicit,
  implicit,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  unsignedInteger,
  utf8String,
  yes,
} from './der.js'

/** A certificate and the private key that belongs to it. */
export interface CertificateWithKey {
  /** The X.509 certificate as PEM. */
  readonly certificate: string
  /** The private key as PEM (PKCS#8, not encrypted). */
  readonly key: string
}

/** What a certificate shall say. */
export interface CertificateRequest {
  /** The subject's common name. For a client certificate: the role that logs in with it. */
  readonly commonName: string
  /** DNS names and IP addresses the certificate is good for. Default none. */
  readonly hosts?: readonly string[]
  /** What the certificate proves. Default `server`. */
  readonly usage?: 'server' | 'client'
  /** Default: a day ago. */
  readonly notBefore?: Date
  /** Default: ten years from now. A date in the past makes an expired certificate. */
  readonly notAfter?: Date
}

const OID = {
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
} as const

const DAY_MS = 86_400_000

/**
 * A certificate authority that lives in memory: it makes certificates for the servers and clients
 * of tests. All keys are on P-256, all signatures ECDSA with SHA-256.
 *
 * @example
 * const authority = new CertificateAuthority()
 * const expired = authority.issue({
 *   commonName: 'localhost',
 *   hosts: ['localhost'],
 *   notAfter: new Date(0),
 * })
 * await using server = await startPostgres({ tls: { authority, server: expired } })
 */
export class CertificateAuthority {
  /** The authority's own certificate as PEM: what clients put into `sslrootcert`. */
  readonly certificate: string
  readonly #name: string
  readonly #publicKey: KeyObject
  readonly #privateKey: KeyObject

  /** Makes a key and a self-signed certificate, good for ten years. */
  constructor(name = 'sluice test authority') {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#name = name
    this.#publicKey = publicKey
    this.#privateKey = privateKey
    this.certificate = this.#sign({ commonName: name }, publicKey, [
      extension(OID.basicConstraints, sequence(yes()), 'critical'),
      // keyCertSign and cRLSign: bits 5 and 6 (RFC 5280 §4.2.1.3).
      extension(OID.keyUsage, bitString(Buffer.from([0x06]), 1), 'critical'),
    ])
  }

  /**
   * Makes a new key and a certificate for it, signed by this authority.
   *
   * @throws {InterfaceError} if a host is neither a DNS name in ASCII nor an IP address.
   */
  issue(request: CertificateRequest): CertificateWithKey {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const hosts = request.hosts ?? []
    const extensions = [
      extension(OID.basicConstraints, sequence(), 'critical'),
      // digitalSignature: bit 0.
      extension(OID.keyUsage, bitString(Buffer.from([0x80]), 7), 'critical'),
      extension(OID.extendedKeyUsage, sequence(objectIdentifier(OID[request.usage ?? 'server']))),
    ]
    if (hosts.length > 0) {
      extensions.push(extension(OID.subjectAltName, sequence(...hosts.map(generalName))))
    }
    return {
      certificate: this.#sign(request, publicKey, extensions),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
  }

  /**
   * Makes a list of revoked certificates, good for ten years, that revokes those given.
   *
   * @param certificates PEM of certificates that this authority has issued.
   */
  revocationList(certificates: readonly string[] = []): string {
    const now = new Date()
    const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256))
    const revoked = certificates.map((certificate) => {
      const { serialNumber } = new X509Certificate(certificate)
      return sequence(unsignedInteger(Buffer.from(serialNumber, 'hex')), time(now))
    })
    // RFC 5280 §5.1; an empty list of certificates must be left out.
    const toBeSigned = sequence(
      // Version 2 is written as 1.
      unsignedInteger(Buffer.from([1])),
      algorithm,
      distinguishedName(this.#name),
      time(new Date(now.getTime() - DAY_MS)),
      time(new Date(now.getTime() + 3650 * DAY_MS)),
      ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
      explicit(
        0,
        sequence(
          extension(
            OID.authorityKeyIdentifier,
            sequence(implicit(0, keyIdentifier(this.#publicKey))),
          ),
          extension(OID.crlNumber, unsignedInteger(Buffer.from([1]))),
        ),
      ),
    )
    const signature = sign('sha256', toBeSigned, this.#privateKey)
    return pem('X509 CRL', sequence(toBeSigned, algorithm, bitString(signature)))
  }

  /** Lays out and signs a certificate as RFC 5280 §4.1 has it. */
  #sign(request: CertificateRequest, publicKey: KeyObject, extensions: readonly Buffer[]): string {
    const now = Date.now()
    const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256))
    const toBeSigned = sequence(
      // Version 3 is written as 2.
      explicit(0, unsignedInteger(Buffer.from([2]))),
      unsignedInteger(randomBytes(16)),
      algorithm,
      distinguishedName(this.#name),
      sequence(
        time(request.notBefore ?? earlier(request.notAfter, new Date(now - DAY_MS))),
        time(request.notAfter ?? new Date(now + 3650 * DAY_MS)),
      ),
      distinguishedName(request.commonName),
      publicKey.export({ type: 'spki', format: 'der' }),
      explicit(
        3,
        sequence(
          ...extensions,
          extension(OID.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
          extension(
            OID.authorityKeyIdentifier,
            sequence(implicit(0, keyIdentifier(this.#publicKey))),
          ),
        ),
      ),
    )
    const signature = sign('sha256', toBeSigned, this.#privateKey)
    return pem('CERTIFICATE', sequence(toBeSigned, algorithm, bitString(signature)))
  }
}

/** An expired certificate must still begin before it ends. */
function earlier(notAfter: Date | undefined, usual: Date): Date {
  return notAfter === undefined || notAfter > usual ? usual : new Date(notAfter.getTime() - DAY_MS)
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier(OID.commonName), utf8String(commonName))))
}

function extension(oid: string, value: Buffer, critical?: 'critical'): Buffer {
  const flag = critical === undefined ? [] : [yes()]
  return sequence(objectIdentifier(oid), ...flag, octetString(value))
}

/** Any unique identifier will do (RFC 5280 §4.2.1.2); this one is method 1 of RFC 7093 over the whole SPKI. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest().subarray(0, 20)
}

/** GeneralName: dNSName is [2], iPAddress is [7] (RFC 5280 §4.2.1.6). */
function generalName(host: string): Buffer {
  const family = isIP(host)
  if (family !== 0) return implicit(7, family === 4 ? ipv4Bytes(host) : ipv6Bytes(host))
  if (!/^[\w*.-]+$/.test(host)) {
    throw new InterfaceError(`"${host}" is neither a DNS name nor an IP address`)
  }
  return implicit(2, Buffer.from(host, 'latin1'))
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number))
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser writes every IPv6 address, one with dotted digits too, in hexadecimal groups.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros = new Array<number>(8 - before.length - after.length).fill(0)
  return Buffer.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]))
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
