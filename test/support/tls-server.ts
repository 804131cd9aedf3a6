import { type SecureContextOptions, TLSSocket, type TLSSocketOptions } from 'node:tls'
import type { CertificateWithKey } from '../../src/testing/index.js'
import { Peer } from './scripted-server.js'

/**
 * Sets up TLS on the server's side of a connection, whose client must have been told to.
 *
 * @param peer Nobody may listen to its data.
 * @returns the client as seen through TLS, once the handshake is done; it does not settle when that fails.
 */
export function acceptTls(
  peer: Peer,
  { certificate, key }: CertificateWithKey,
  options: SecureContextOptions & TLSSocketOptions = {},
): Promise<{ readonly peer: Peer; readonly socket: TLSSocket }> {
  const socket = new TLSSocket(peer.socket, { isServer: true, cert: certificate, key, ...options })
  // What the client thinks of the certificate is told by the client.
  socket.on('error', () => peer.socket.destroy())
  const secured = new Peer(socket)
  return new Promise((resolve) => socket.once('secure', () => resolve({ peer: secured, socket })))
}
