import type { Socket } from 'node:net'
import { writeCancelRequest } from '../protocol/frontend.js'
import { MessageWriter } from '../protocol/message-writer.js'
import type { BackendKeyData } from '../protocol/messages.js'
import { dial } from '../transport/dial.js'
import type { Peer } from '../transport/peer.js'
import { CANCEL_GRACE_MS, type CancelOutcome } from './cancellation.js'

/**
 * Sends a CancelRequest on a connection of its own: to the address that the session is with, since a
 * name could lead elsewhere by now, and over TLS if the session is, since the key is a secret.
 */
export function sendCancel(
  peer: Peer,
  encrypted: boolean,
  key: BackendKeyData | undefined,
): Promise<CancelOutcome> {
  const way: Peer = {
    ...peer,
    encryption: encrypted ? 'tls' : 'plain',
    tls: encrypted ? peer.tls : undefined,
  }
  return cancelThrough((signal) => dial(way, signal), key)
}

/**
 * Sends a CancelRequest through a connection that `open` makes.
 *
 * The server signals the session and then hangs up, without a word.
 */
export async function cancelThrough(
  open: (signal: AbortSignal) => Promise<Socket>,
  key: BackendKeyData | undefined,
): Promise<CancelOutcome> {
  if (key === undefined) return 'not-sent'
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), CANCEL_GRACE_MS)
  try {
    return await request(await open(deadline.signal), key, deadline.signal)
  } catch {
    // It never got as far as the key. Whether the session survives that, its own deadline decides.
    return 'not-sent'
  } finally {
    clearTimeout(timer)
  }
}

function request(
  socket: Socket,
  { processId, secretKey }: BackendKeyData,
  signal: AbortSignal,
): Promise<CancelOutcome> {
  return new Promise((resolve) => {
    const onAbort = () => {
      resolve('unknown')
      socket.destroy()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    // A reset is a way to hang up too: the server may close with our bytes unread in TLS.
    socket.on('error', () => {})
    socket.on('close', () => {
      signal.removeEventListener('abort', onAbort)
      resolve('sent')
    })
    const out = new MessageWriter()
    writeCancelRequest(out, processId, secretKey)
    socket.resume()
    // Our side stays open: PgBouncer 1.18 takes its end for the client's, and dies.
    socket.write(out.take())
    if (signal.aborted) onAbort()
  })
}
