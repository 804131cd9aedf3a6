import { Authenticator } from '../auth/authenticator.js'
import type { PasswordProvider } from '../config/connect-options.js'
import type { ConnectionConfig } from '../config/resolve.js'
import { dial } from '../transport/dial.js'
import type { Peer } from '../transport/peer.js'
import { SocketTransport } from '../transport/socket.js'
import type { TypeMap } from '../types/type-map.js'
import type { ConnectDeadline } from './connect-deadline.js'
import { StartupRequest } from './requests/startup.js'
import { Session } from './session.js'
import { StatementCache } from './statement-cache.js'
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
  types: TypeMap,
  handler: ConnectionHandler,
  deadline: ConnectDeadline,
): Promise<WireConnection> {
  const { signal } = deadline
  const socket = await dial(peer, signal, (phase) => {
    deadline.phase = phase
  })
  deadline.phase = 'startup'
  const session = new Session(types, new StatementCache(config.statementCacheSize))
  const wire = new WireConnection(session, peer, config.maxMessageSize, handler)
  const transport = new SocketTransport(socket, wire)
  const onAbort = () => wire.destroy()
  signal.addEventListener('abort', onAbort)
  try {
    const authenticator = new Authenticator({
      user: config.user,
      secure: transport.encrypted || 'path' in peer.target,
      requireAuth: config.requireAuth,
      passwordHint: config.passwordHint,
      password: async () => {
        deadline.phase = 'authentication'
        return (await passwordOf(config.password)) ?? password
      },
    })
    const startup = new StartupRequest(config.startupParameters, authenticator)
    wire.start(transport, startup)
    if (signal.aborted) onAbort()
    await startup.promise
    return wire
  } catch (error) {
    wire.destroy()
    transport.destroy()
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function passwordOf(
  password: string | PasswordProvider | undefined,
): string | undefined | Promise<string> {
  return typeof password === 'function' ? password() : password
}
