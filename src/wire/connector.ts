import { systemClock } from '../base/clock.js'
import { type ConnectTrace, channels, isTraced, traced } from '../base/telemetry.js'
import type { ConnectionConfig } from '../config/resolve.js'
import type { TypeCatalogue } from '../types/type-catalogue.js'
import type { HostSearch } from './host-search.js'
import { HostStates } from './host-states.js'
import { DescriptionCache } from './statement-description.js'
import type { ConnectionHandler, WireConnection } from './wire-connection.js'

/** What makes connections, loaded with the first of them. */
let Search: typeof HostSearch | undefined

/**
 * Makes connections to the servers of one configuration, and remembers what it saw of them. A pool has one
 * for all its connections.
 */
export class Connector {
  readonly #config: ConnectionConfig
  readonly #states: HostStates
  readonly #descriptions = new DescriptionCache()

  constructor(config: ConnectionConfig) {
    this.#config = config
    this.#states = new HostStates(config.hostRecheck, systemClock)
  }

  /**
   * Makes a connection ready for queries: every host in turn, each of its addresses, with and without TLS
   * as sslmode has it, until one serves.
   *
   * Rejects with the error of the attempt if there was but one, else with a {@link ConnectionError} that
   * lists them; with `signal.reason` when aborted. No socket stays open then. When a server refuses the
   * user no other host is asked, as in libpq; when *we* refuse to authenticate nothing else is tried at
   * all, so that nobody can talk us out of TLS by a bad proof.
   */
  connect(
    types: TypeCatalogue,
    handler: ConnectionHandler,
    signal?: AbortSignal,
  ): Promise<WireConnection> {
    if (!isTraced(channels.connect)) return this.#search(types, handler, signal)
    const trace: ConnectTrace = { database: this.#config.database }
    return traced(
      channels.connect,
      trace,
      () => this.#search(types, handler, signal),
      (_, wire) => {
        trace.address = wire.address
        trace.serverPid = wire.session.key?.processId ?? 0
      },
    )
  }

  async #search(
    types: TypeCatalogue,
    handler: ConnectionHandler,
    signal: AbortSignal | undefined,
  ): Promise<WireConnection> {
    // Asked for once: what is loaded already still takes import() a while.
    Search ??= (await import('./host-search.js')).HostSearch
    return new Search(this.#config, this.#states, this.#descriptions, types, handler, signal).run()
  }
}
