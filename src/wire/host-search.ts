import {
  AuthenticationError,
  type ConnectAttemptFailure,
  ConnectionClosedError,
  ConnectionError,
  ConnectTimeoutError,
  PostgresError,
  TargetSessionAttrsError,
} from '../base/errors.js'
import type { ConnectHost } from '../config/hosts.js'
import type { ConnectionConfig } from '../config/resolve.js'
import { knownAddress, lookUpAddresses } from '../transport/lookup.js'
import { describePeer, type Peer } from '../transport/peer.js'
import type { TypeCatalogue } from '../types/type-catalogue.js'
import { attemptConnection } from './connect-attempt.js'
import { ConnectDeadline } from './connect-deadline.js'
import type { HostStates } from './host-states.js'
import { readServerRole, whyUnfit } from './server-role.js'
import { StartingHandler } from './starting-handler.js'
import type { DescriptionCache } from './statement-description.js'
import { type ConnectionHandler, WireConnection } from './wire-connection.js'

/** Invalid authorisation: the server will not have this user. SQLSTATE class 28. */
const AUTHORIZATION_CLASS = '28'
const NOT_LET_IN = '28000'

/** Where one host can be reached, looked up. */
interface Address {
  readonly target: Peer['target']
  /** `ip:port`, or the path of a socket. */
  readonly name: string
}

/** One search for a server that serves. */
export class HostSearch {
  readonly #config: ConnectionConfig
  readonly #states: HostStates
  readonly #descriptions: DescriptionCache
  readonly #types: TypeCatalogue
  readonly #handler: ConnectionHandler
  readonly #signal: AbortSignal | undefined
  readonly #failures: ConnectAttemptFailure[] = []
  /** The first server that would do if no preferred one is found, connected. */
  #spare: { readonly wire: WireConnection; readonly handler: StartingHandler } | undefined
  /** Nobody else is to be asked. */
  #isOver = false

  constructor(
    config: ConnectionConfig,
    states: HostStates,
    descriptions: DescriptionCache,
    types: TypeCatalogue,
    handler: ConnectionHandler,
    signal: AbortSignal | undefined,
  ) {
    this.#config = config
    this.#states = states
    this.#descriptions = descriptions
    this.#types = types
    this.#handler = handler
    this.#signal = signal
  }

  async run(): Promise<WireConnection> {
    try {
      const { hosts } = this.#config
      for (const host of this.#order(hosts, ({ address }) => address)) {
        const wire = await this.#tryHost(host)
        if (wire !== undefined) return wire
        if (this.#isOver) break
      }
      const spare = this.#spare
      this.#spare = undefined
      if (spare?.wire.state === 'ready') return spare.handler.handOver(spare.wire)
      if (spare !== undefined) {
        const { peer } = spare.wire
        this.#failures.push({ address: peer.address, phase: 'startup', cause: lost(peer) })
      }
      throw summary(this.#failures)
    } finally {
      this.#spare?.wire.destroy()
    }
  }

  async #tryHost(host: ConnectHost): Promise<WireConnection | undefined> {
    for (const address of await this.#addressesOf(host)) {
      let former: ConnectAttemptFailure | undefined
      for (const [i, encryption] of host.encryptions.entries()) {
        if (i > 0 && !allowsFallback(former)) break
        const { tls, keepAlive } = this.#config
        const peer: Peer = {
          name: host.address,
          address: address.name,
          host: host.host,
          target: address.target,
          encryption,
          tls: encryption === 'plain' ? undefined : tls,
          keepAlive,
        }
        const isLast = i === host.encryptions.length - 1
        const outcome = await this.#tryPeer(peer, host.password, isLast)
        if (outcome instanceof WireConnection) return outcome
        former = outcome
        if (this.#isOver) return undefined
      }
    }
    return undefined
  }

  /** All addresses of a host; none when they cannot be had. */
  async #addressesOf(host: ConnectHost): Promise<readonly Address[]> {
    const { path, port } = host
    if (path !== undefined) return [{ target: { path }, name: host.address }]
    const name = host.hostAddress ?? host.host
    const known = knownAddress(name)
    if (known !== undefined) return [addressAt(known, port)]
    const place = { name: host.address, label: host.address }
    const { connectTimeout } = this.#config
    using deadline = new ConnectDeadline('resolve', place, connectTimeout, this.#signal)
    try {
      const found = await lookUpAddresses(name, deadline.signal)
      const addresses = found.map((ip) => addressAt(ip, port))
      return this.#order(addresses, (address) => address.name)
    } catch (error) {
      this.#signal?.throwIfAborted()
      const cause =
        error instanceof ConnectTimeoutError
          ? error
          : new ConnectionError(`cannot look up ${name}: ${messageOf(error)}`, {
              phase: 'resolve',
              address: host.address,
              safeToRetry: true,
              cause: error,
            })
      this.#states.remember(host.address, 'unreachable')
      this.#failures.push({ address: host.address, phase: 'resolve', cause })
      return []
    }
  }

  /** Gives the connection, or why there is none; undefined when there was one, of a server not wanted yet. */
  async #tryPeer(
    peer: Peer,
    password: string | undefined,
    isLast: boolean,
  ): Promise<WireConnection | ConnectAttemptFailure | undefined> {
    const place = { name: peer.name, label: describePeer(peer) }
    const { connectTimeout, targetSessionAttrs } = this.#config
    using deadline = new ConnectDeadline('connect', place, connectTimeout, this.#signal)
    try {
      const open = (handler: ConnectionHandler): Promise<WireConnection> =>
        attemptConnection(
          peer,
          this.#config,
          password,
          this.#types,
          handler,
          deadline,
          this.#descriptions,
        )
      if (targetSessionAttrs === 'any') return await open(this.#handler)
      const handler = new StartingHandler(this.#handler)
      return await this.#judge(await open(handler), handler, deadline)
    } catch (cause) {
      this.#signal?.throwIfAborted()
      const failure = { address: peer.address, phase: deadline.phase, cause }
      this.#failures.push(failure)
      if (isUnreachable(failure)) this.#remember(peer, 'unreachable')
      const isFinal = isRefusal(cause) && (isLast || !allowsFallback(failure))
      if (cause instanceof AuthenticationError || isFinal) this.#isOver = true
      return failure
    }
  }

  /** Gives the connection if its server is of the kind that is wanted. */
  async #judge(
    wire: WireConnection,
    handler: StartingHandler,
    deadline: ConnectDeadline,
  ): Promise<WireConnection | undefined> {
    const { targetSessionAttrs: wanted } = this.#config
    const onAbort = () => wire.destroy()
    deadline.signal.addEventListener('abort', onAbort)
    try {
      const role = await readServerRole(wire)
      this.#remember(wire.peer, role)
      if (wanted === 'prefer-standby' && !role.isStandby && wire.state === 'ready') {
        if (this.#spare?.wire.state === 'ready') void wire.close()
        else this.#spare = { wire, handler }
        return undefined
      }
      const problem = whyUnfit(role, wanted)
      if (problem === undefined && wire.state === 'ready') return handler.handOver(wire)
      void wire.close()
      if (problem === undefined) throw lost(wire.peer)
      throw new TargetSessionAttrsError(
        `${describePeer(wire.peer)} does not serve targetSessionAttrs "${wanted}": ${problem}`,
        { address: wire.address },
      )
    } catch (error) {
      wire.destroy()
      throw deadline.signal.aborted ? deadline.signal.reason : error
    } finally {
      deadline.signal.removeEventListener('abort', onAbort)
    }
  }

  #remember(peer: Peer, state: Parameters<HostStates['remember']>[1]): void {
    this.#states.remember(peer.name, state)
    this.#states.remember(peer.address, state)
  }

  /** In the order to try them: that of the list or of chance, but first those known to serve. */
  #order<T>(list: readonly T[], addressOf: (each: T) => string): readonly T[] {
    const { loadBalanceHosts, targetSessionAttrs } = this.#config
    const drawn = loadBalanceHosts === 'random' ? shuffle(list) : list
    return this.#states.order(drawn, addressOf, targetSessionAttrs)
  }
}

function addressAt(ip: string, port: number): Address {
  return {
    target: { host: ip, port },
    name: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
  }
}

/** Fisher and Yates's shuffle. */
function shuffle<T>(list: readonly T[]): readonly T[] {
  const shuffled = [...list]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const [a, b] = [shuffled[i], shuffled[j]]
    shuffled.splice(i, 1, b as T)
    shuffled.splice(j, 1, a as T)
  }
  return shuffled
}

function lost(peer: Peer): ConnectionClosedError {
  return new ConnectionClosedError(`the connection to ${describePeer(peer)} was lost`, {
    phase: 'startup',
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The server could not be talked to at all, which says something about those who try next. */
function isUnreachable({ phase, cause }: ConnectAttemptFailure): boolean {
  return phase === 'connect' || cause instanceof ConnectTimeoutError
}

/**
 * Whether the second half of sslmode=prefer or allow is worth trying: TLS failed, or pg_hba.conf has
 * no line that lets this user in by the first. A password that was wrong stays wrong, and a host that
 * did not answer in time is not asked again.
 */
function allowsFallback(former: ConnectAttemptFailure | undefined): boolean {
  if (former === undefined || former.cause instanceof ConnectTimeoutError) return false
  const { phase, cause } = former
  return phase === 'tls' || (cause instanceof PostgresError && cause.code === NOT_LET_IN)
}

function isRefusal(error: unknown): boolean {
  return error instanceof PostgresError && error.code.startsWith(AUTHORIZATION_CLASS)
}

function summary(failures: readonly ConnectAttemptFailure[]): unknown {
  const last = failures.at(-1)
  if (failures.length === 1 || isSameRefusal(failures)) return failures[0]?.cause
  const lines = failures.map(({ cause }) => `\n  ${messageOf(cause)}`)
  const details = { phase: last?.phase ?? 'resolve', attempts: failures, cause: last?.cause }
  return failures.every(({ cause }) => cause instanceof TargetSessionAttrsError)
    ? new TargetSessionAttrsError(`no server is of the kind wanted:${lines.join('')}`, details)
    : new ConnectionError(`no server could be reached:${lines.join('')}`, details)
}

/** Whether one server gave one answer to both halves of sslmode=prefer or allow. */
function isSameRefusal(failures: readonly ConnectAttemptFailure[]): boolean {
  const [first] = failures
  return failures.every(
    ({ address, cause }) =>
      address === first?.address &&
      cause instanceof PostgresError &&
      first.cause instanceof PostgresError &&
      cause.code === first.cause.code,
  )
}
