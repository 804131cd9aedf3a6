import { ServerAddress } from './server-address.js'
import type { ServerDescription } from './server-description.js'

/**
 * How a server goes down: `smart` waits for clients to leave, `fast` ends their sessions,
 * `immediate` is a crash with recovery at the next start. On Windows, which has no signals, every mode
 * is `immediate`.
 *
 * @see https://www.postgresql.org/docs/current/server-shutdown.html
 */
export type ShutdownMode = 'smart' | 'fast' | 'immediate'

/** What tells a postmaster to shut down in which mode. */
export const SHUTDOWN_SIGNALS: Readonly<Record<ShutdownMode, NodeJS.Signals>> = {
  smart: 'SIGTERM',
  fast: 'SIGINT',
  immediate: 'SIGQUIT',
}

/** After these the postmaster is on its way out, whoever is connected. */
export const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGQUIT', 'SIGINT']

/** What a provider must be able to do with the server it made. */
export interface ServerControl {
  restart(mode: ShutdownMode): Promise<void>
  stop(mode: ShutdownMode): Promise<void>
  kill(signal: NodeJS.Signals): Promise<void>
}

/** A PostgreSQL server for tests, made by `startPostgres`. */
export class TestPostgres extends ServerAddress {
  readonly #control: ServerControl

  /** @internal */
  constructor(description: ServerDescription, control: ServerControl) {
    super(description)
    this.#control = control
  }

  /**
   * Takes the server down and up again; port and data stay. Resolves when it accepts connections.
   * Also starts a server that was killed.
   *
   * @throws {InterfaceError} if the server is the user's own or has been stopped.
   * @throws {TestServerError} if it does not go down, or does not come up again.
   */
  restart(mode: ShutdownMode = 'fast'): Promise<void> {
    return this.#control.restart(mode)
  }

  /**
   * Takes the server down for good and removes all it left. Harmless when repeated. A server of the
   * user's own stays as it is.
   */
  stop(mode: ShutdownMode = 'fast'): Promise<void> {
    return this.#control.stop(mode)
  }

  /**
   * Sends a signal to the postmaster. For those that end it at once (`SIGKILL`, `SIGQUIT`,
   * `SIGINT`) resolves when it is gone; the data stay for `restart`.
   *
   * @throws {InterfaceError} if the server is the user's own or has been stopped.
   */
  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#control.kill(signal)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop('immediate')
  }
}
