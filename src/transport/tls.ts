import { isIP, type Socket } from 'node:net'
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { ConnectionClosedError, ConnectionError, ProtocolError, TlsError } from '../base/errors.js'
import type { TlsConfig } from '../config/resolve-tls.js'
import type { TlsMaterial } from '../config/tls-material.js'
import { writeSslRequest } from '../protocol/frontend.js'
import { MessageWriter } from '../protocol/message-writer.js'
import { peerCertificate } from './peer-certificate.js'
import { SocketStep } from './socket-step.js'

/** The protocol's name in TLS application-layer negotiation; PostgreSQL 17+ demands it of direct TLS. */
const ALPN_PROTOCOL = 'postgresql'

/** Always the same bytes, and a writer has room for much more. */
const SSL_REQUEST = sslRequest()

function sslRequest(): Buffer {
  const out = new MessageWriter()
  writeSslRequest(out)
  return Buffer.from(out.take())
}

const ANSWER_TLS = 0x53 // S
const ANSWER_NO_TLS = 0x4e // N
const ANSWER_ERROR = 0x45 // E

/**
 * Sends SSLRequest and gives whether the server will speak TLS.
 *
 * Exactly one byte is accepted: what arrives with it was sent before encryption, by anybody, and must
 * never be taken for something said under TLS (CVE-2021-23222).
 *
 * @throws {ProtocolError} when the answer is no PostgreSQL server's or more than one byte.
 * @throws {TlsError} when the server answers with an error. Its text is not shown, since nothing proves
 * whose it is (CVE-2024-10977).
 * @throws {ConnectionClosedError} when the server hangs up.
 * @throws {ConnectionError} when the connection breaks.
 */
export function requestTls(socket: Socket, address: string, signal: AbortSignal): Promise<boolean> {
  const step = new SocketStep<boolean>(
    socket,
    signal,
    (cause) =>
      new ConnectionError(`the connection to ${address} was lost: ${cause.message}`, {
        phase: 'tls',
        address,
        cause,
      }),
  )
  step.on('data', (answer: Buffer) => {
    // Nothing may be read before somebody listens again.
    socket.pause()
    switch (answer[0]) {
      case ANSWER_ERROR:
        step.fail(
          new TlsError(
            `${address} answered the request for TLS with an error, not shown because it came unprotected`,
            { address },
          ),
        )
        return
      case ANSWER_TLS:
      case ANSWER_NO_TLS:
        if (answer.length === 1) step.succeed(answer[0] === ANSWER_TLS)
        else step.fail(new ProtocolError(`${address} sent data before TLS was set up`))
        return
      default:
        step.fail(new ProtocolError(`${address} does not speak the PostgreSQL protocol`))
    }
  })
  step.on('close', () =>
    step.fail(
      new ConnectionClosedError(`${address} closed the connection when asked for TLS`, {
        phase: 'tls',
        address,
      }),
    ),
  )
  socket.resume()
  socket.write(SSL_REQUEST)
  return step.promise
}

/**
 * Runs the TLS handshake over a connected socket and verifies the server as `config` demands.
 * @throws {TlsError} when the handshake or the verification fails.
 */
export function startTls(
  socket: Socket,
  host: string,
  address: string,
  config: TlsConfig,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const name = withoutZone(config.servername ?? host)
  const failed = (message: string, cause?: Error) =>
    new TlsError(`TLS with ${address} failed: ${message}`, {
      address,
      ...(cause !== undefined && { cause }),
    })
  let secured: TLSSocket
  try {
    secured = connect({
      socket,
      secureContext: secureContext(config),
      ALPNProtocols: [ALPN_PROTOCOL],
      rejectUnauthorized: config.mode === 'verify-ca' || config.mode === 'verify-full',
      checkServerIdentity: () =>
        config.mode === 'verify-full' ? nameMismatch(secured, name) : undefined,
      // Server names in TLS are never addresses (RFC 6066, section 3).
      ...(config.sni && isIP(name) === 0 && { servername: name }),
    })
  } catch (error) {
    // Material that OpenSSL refuses, such as a revocation list that is malformed.
    socket.destroy()
    const cause = error instanceof Error ? error : undefined
    return Promise.reject(failed(cause?.message ?? String(error), cause))
  }
  // Node.js makes objects of the whole chain for checkServerIdentity, a third of what the handshake costs us.
  // That one needs none of them; should Node.js ask in another way one day, it is only slower again.
  secured.getPeerCertificate = nothingOf
  if (config.keyLog !== undefined) secured.on('keylog', config.keyLog)
  const step = new SocketStep<TLSSocket>(secured, signal, (error) => failed(error.message, error))
  step.on('secureConnect', () => {
    if (config.negotiation === 'direct' && secured.alpnProtocol !== ALPN_PROTOCOL) {
      step.fail(failed('the server did not agree to speak PostgreSQL'))
    } else {
      step.succeed(secured)
    }
  })
  step.on('close', () => step.fail(failed('the server closed the connection')))
  return step.promise
}

const nothingOf = (() => ({})) as unknown as TLSSocket['getPeerCertificate']

/** The zone of an IPv6 address means something on this machine alone, so that no certificate has it. */
function withoutZone(name: string): string {
  return isIP(name) === 6 ? name.replace(/%.*/, '') : name
}

/** Alternative names alone, and those without wildcards: for all others Node's own rules count. */
const EXACT = { subject: 'never', wildcards: false } as const

/** Why the server's certificate is not for `name`; undefined when it is. */
function nameMismatch(secured: TLSSocket, name: string): Error | undefined {
  const certificate = peerCertificate(secured)
  if (certificate === undefined) return new Error('the server has shown no certificate')
  const isExact = isIP(name) === 0 ? certificate.checkHost(name, EXACT) : certificate.checkIP(name)
  if (isExact !== undefined) return undefined
  // Not getPeerCertificate: it is empty once the certificate was asked for as this object.
  return checkServerIdentity(name, certificate.toLegacyObject())
}

/** A context is made once for each set of certificates: it takes a fifth of a millisecond. */
const contexts = new WeakMap<TlsMaterial, SecureContext>()

function secureContext({ material, minVersion, maxVersion }: TlsConfig): SecureContext {
  const current = material()
  let context = contexts.get(current)
  if (context === undefined) {
    const { ca, crl, cert, key, passphrase } = current
    context = createSecureContext({
      minVersion,
      ...(maxVersion !== undefined && { maxVersion }),
      ...(ca !== undefined && { ca }),
      ...(crl.length > 0 && { crl: [...crl] }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
    })
    contexts.set(current, context)
  }
  return context
}
