import { Authenticator, type TlsPeer } from '../auth/authenticator.js'
import type { OAuthDiscovery } from '../auth/oauth.js'
import { PostgresError } from '../base/errors.js'
import type { ConnectionConfig } from '../config/resolve.js'
import type { Peer } from '../transport/peer.js'
import { type MinorVersions, StartupRequest } from './requests/startup.js'

/**
 * What a server that does not know the version says of it: PostgreSQL feature_not_supported, where it
 * does not negotiate; PgBouncer before 1.25 protocol_violation.
 */
const VERSION_REFUSED: readonly string[] = ['0A000', '08P01']

/** The addresses that refused 3.2, for each configuration; they are asked for 3.0 at once. */
const oldServers = new WeakMap<ConnectionConfig, Set<string>>()

/** What {@link StartupPlan} needs to know of an open socket. */
export interface OpenSocket {
  /** The TLS connection; undefined without TLS. */
  readonly tls: TlsPeer | undefined
  /** Whether nobody can listen. */
  readonly secure: boolean
}

/**
 * How to start a session in one attempt, which may take two connections: a pooler may refuse the version
 * of the protocol where it should negotiate, and a server tells which OAuth token it wants only by
 * refusing one.
 */
export class StartupPlan {
  readonly #config: ConnectionConfig
  readonly #peer: Peer
  readonly #password: string | undefined
  readonly #onAsked: () => void
  #versions: MinorVersions
  #discovery: OAuthDiscovery | undefined
  #authenticator: Authenticator | undefined
  #startup: StartupRequest | undefined

  /**
   * @param password of this host, where the configuration has none
   * @param onAsked called when the server wants something proven
   */
  constructor(
    config: ConnectionConfig,
    peer: Peer,
    password: string | undefined,
    onAsked: () => void,
  ) {
    this.#config = config
    this.#peer = peer
    this.#password = password
    this.#onAsked = onAsked
    const min = minorOf(config.minProtocolVersion)
    const isOld = min === 0 && oldServers.get(config)?.has(peer.address) === true
    this.#versions = { min, max: isOld ? 0 : minorOf(config.maxProtocolVersion) }
  }

  /** Makes the startup request for a connection. */
  begin({ tls, secure }: OpenSocket): StartupRequest {
    const { password } = this.#config
    const { user, requireAuth, passwordHint, channelBinding, scram, oauthToken, gss } = this.#config
    this.#authenticator = new Authenticator({
      user,
      host: this.#peer.host,
      password: async () =>
        (typeof password === 'function' ? await password() : password) ?? this.#password,
      passwordHint,
      requireAuth,
      secure,
      tls,
      channelBinding,
      maxIterations: scram.maxIterations,
      scramKeys: scram.keys,
      keyCache: scram.cache,
      oauthToken,
      oauthDiscovery: this.#discovery,
      gssProvider: gss.provider,
      gssServiceName: gss.serviceName,
      onAsked: this.#onAsked,
    })
    const { startupParameters } = this.#config
    this.#startup = new StartupRequest(startupParameters, this.#versions, this.#authenticator)
    return this.#startup
  }

  /** Whether another connection, begun by {@link begin}, may do better than the one that ended in `error`. */
  mayTryAgain(error: unknown): boolean {
    if (!(error instanceof PostgresError)) return false
    const discovery = this.#authenticator?.oauthDiscovery
    if (discovery !== undefined) {
      this.#discovery = discovery
      return true
    }
    const { min, max } = this.#versions
    if (max === 0 || min > 0 || this.#startup?.isUnderstood !== false) return false
    if (!VERSION_REFUSED.includes(error.code)) return false
    this.#versions = { min, max: 0 }
    const known = oldServers.get(this.#config) ?? new Set()
    oldServers.set(this.#config, known.add(this.#peer.address))
    return true
  }
}

function minorOf(version: ConnectionConfig['minProtocolVersion']): number {
  return version === '3.0' ? 0 : 2
}
