import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TlsPeer } from '../auth/authenticator.js'
import type { ConnectionConfig } from '../config/resolve.js'
import { dial } from '../transport/dial.js'
import type { Peer } from '../transport/peer.js'
import { peerCertificate } from '../transport/peer-certificate.js'
import { SocketTransport } from '../transport/socket.js'
import type { TransportHandler } from '../transport/transport.js'
import type { TypeCatalogue } from '../types/type-catalogue.js'
import { sendCancel } from './cancel.js'
import type { ConnectDeadline } from './connect-deadline.js'
import { Session } from './session.js'
import { StartupPlan } from './startup-plan.js'
import { StatementCache } from './statement-cache.js'
import type { DescriptionCache } from './statement-description.js'
import { type ConnectionHandler, WireConnection } from './wire-connection.js'

/**
 * Makes a connection to one peer, ready for queries. Whatever it rejects with, the socket is closed then:
 * the errors of {@link dial}, those of the server, or the reason of the deadline's signal.
 *
 * @param password Of this host, where the configuration has none.
 */
export async function attemptConnection(
  peer: Peer,
  config: ConnectionConfig,
  password: string | undefined,
  types: TypeCatalogue,
  handler: ConnectionHandler,
  deadline: ConnectDeadline,
  descriptions: DescriptionCache,
): Promise<WireConnection> {
  const plan = new StartupPlan(config, peer, password, () => {
    deadline.phase = 'authentication'
  })
  for (;;) {
    try {
      return await connectOnce(peer, config, plan, types, handler, deadline, descriptions)
    } catch (error) {
      if (deadline.signal.aborted || !plan.mayTryAgain(error)) throw error
    }
  }
}

async function connectOnce(
  peer: Peer,
  config: ConnectionConfig,
  plan: StartupPlan,
  types: TypeCatalogue,
  handler: ConnectionHandler,
  deadline: ConnectDeadline,
  descriptions: DescriptionCache,
): Promise<WireConnection> {
  const { signal } = deadline
  const { trace } = config
  const tracing = trace && (await import('./traced-transport.js'))
  const socket = await dial(peer, signal, (phase) => {
    deadline.phase = phase
  })
  deadline.phase = 'startup'
  const session = new Session(types, statementsFor(config), descriptions)
  session.queryTimeoutMs = config.queryTimeout
  session.onQuery = config.onQuery
  session.isReplication = config.replication !== false
  const wire = new WireConnection(session, peer, config.maxMessageSize, handler, () =>
    sendCancel(peer, wire.encrypted, session.key),
  )
  const open = (handler: TransportHandler) => new SocketTransport(socket, handler)
  const transport = tracing && trace ? new tracing.TracedTransport(trace, wire, open) : open(wire)
  const onAbort = () => wire.destroy()
  signal.addEventListener('abort', onAbort)
  try {
    const startup = plan.begin({
      tls: tlsPeer(socket),
      secure: transport.encrypted || 'path' in peer.target,
    })
    wire.start(transport, startup)
    if (signal.aborted) onAbort()
    await startup.promise
    // By a listener of what came together with the end of the startup.
    signal.throwIfAborted()
    return wire
  } catch (error) {
    wire.destroy()
    transport.destroy()
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function tlsPeer(socket: Socket | TLSSocket): TlsPeer | undefined {
  if (!('getPeerX509Certificate' in socket)) return undefined
  return { certificate: () => peerCertificate(socket)?.raw }
}

/** Names that no other client has, since behind a pooler it could be met in the same session of the server. */
function statementsFor({ statementCacheSize, statementMode }: ConnectionConfig): StatementCache {
  const mark = Math.random().toString(36).slice(2, 10).padEnd(8, '0')
  return new StatementCache(statementCacheSize, statementMode, `sluice_${mark}_`)
}
