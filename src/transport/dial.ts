import type { Socket } from 'node:net'
import { ConnectionError, type ConnectPhase, TlsError } from '../base/errors.js'
import { describePeer, type Peer } from './peer.js'
import { openSocket } from './socket.js'
import { requestTls, startTls } from './tls.js'

/**
 * Opens a socket to a peer and sets up TLS on it, as the peer demands.
 *
 * Rejects with {@link ConnectionError}, {@link TlsError} or {@link ProtocolError}, or with `signal.reason`;
 * the socket is closed then.
 *
 * @param onPhase Called when a phase of it begins.
 */
export async function dial(
  peer: Peer,
  signal: AbortSignal,
  onPhase: (phase: ConnectPhase) => void = () => {},
): Promise<Socket> {
  const { target, host, encryption, tls } = peer
  const address = describePeer(peer)
  const isPlain = encryption === 'plain' || tls === undefined
  onPhase('connect')
  const socket = await openSocket(target, peer.keepAlive, signal, isPlain).catch(
    (error: unknown) => {
      if (!(error instanceof Error) || error === signal.reason) throw error
      throw new ConnectionError(`cannot connect to ${address}: ${error.message}`, {
        phase: 'connect',
        address: peer.name,
        safeToRetry: true,
        cause: error,
      })
    },
  )
  if (isPlain) return socket
  onPhase('tls')
  if (tls.negotiation === 'postgres' && !(await requestTls(socket, address, signal))) {
    if (encryption === 'tls-if-offered') return socket
    socket.destroy()
    throw new TlsError(`${address} does not offer TLS, which sslmode=${tls.mode} demands`, {
      address: peer.name,
    })
  }
  return startTls(socket, host, address, tls, signal)
}
