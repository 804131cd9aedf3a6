import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { derElement } from '../base/der.js'

const SEQUENCE = 0x30
const EXPLICIT_3 = 0xa3

/** So many certificates are kept: those of the hosts of a pool or two. */
const MAX_KEPT = 8

interface Kept {
  readonly der: Buffer
  readonly certificate: X509Certificate
}

const kept: Kept[] = []

/** Certificates that had to be asked for: a second time there is none. */
const asked = new WeakMap<TLSSocket, X509Certificate>()

/**
 * The certificate that the server has shown.
 *
 * To take one apart is a tenth of what a connection costs us, and it was most often shown before.
 */
export function peerCertificate(secured: TLSSocket): X509Certificate | undefined {
  const der = derOf(secured)
  if (der === undefined) return askedFor(secured)
  const known = kept.find((one) => one.der.equals(der))
  if (known !== undefined) return known.certificate
  const certificate = certificateOf(der)
  if (certificate === undefined) return askedFor(secured)
  if (kept.length >= MAX_KEPT) kept.shift()
  kept.push({ der, certificate })
  return certificate
}

function certificateOf(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined // it was none: sessions are printed in another way here
  }
}

function askedFor(secured: TLSSocket): X509Certificate | undefined {
  const certificate = asked.get(secured) ?? secured.getPeerX509Certificate()
  if (certificate !== undefined) asked.set(secured, certificate)
  return certificate
}

/**
 * The certificate as it is in the session, which OpenSSL and its descendants print as a SEQUENCE with
 * `peer [3] EXPLICIT Certificate` (SSL_SESSION_ASN1 in ssl/ssl_asn1.c). undefined where there is no such
 * thing, as in the newest versions of Node.js, which put something before it.
 */
function derOf(secured: TLSSocket): Buffer | undefined {
  const session = sessionOf(secured)
  if (session === undefined) return undefined
  try {
    const fields = derElement(session, 0, session.length)
    if (fields?.tag !== SEQUENCE || fields.end !== session.length) return undefined
    for (let at = fields.start; at < session.length; ) {
      const field = derElement(session, at, session.length)
      if (field === undefined) return undefined
      if (field.tag === EXPLICIT_3) return Buffer.from(session.subarray(field.start, field.end))
      at = field.end
    }
    return undefined
  } finally {
    // It holds the keys of the session.
    session.fill(0)
  }
}

function sessionOf(secured: TLSSocket): Buffer | undefined {
  try {
    return secured.getSession() ?? undefined // null in Deno
  } catch {
    return undefined // a runtime whose TLS has no such thing
  }
}
