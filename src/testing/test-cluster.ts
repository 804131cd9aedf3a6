import { InterfaceError } from '../base/errors.js'
import type { DsnOptions } from './server-description.js'
import type { ShutdownMode, TestPostgres } from './test-postgres.js'

/** What can be done with a standby beyond what any server takes. */
export interface StandbyControl {
  promote(): Promise<void>
}

/** A primary and the standbys that follow it, made by `startCluster`. */
export class TestCluster {
  /** The server that was the primary at the start, whatever has become of it. */
  readonly primary: TestPostgres
  /** The servers that were standbys at the start. */
  readonly standbys: readonly TestPostgres[]
  readonly #controls: ReadonlyMap<TestPostgres, StandbyControl>

  /** @internal */
  constructor(primary: TestPostgres, standbys: ReadonlyMap<TestPostgres, StandbyControl>) {
    this.primary = primary
    this.standbys = [...standbys.keys()]
    this.#controls = standbys
  }

  /** All servers, the primary first. */
  get servers(): readonly TestPostgres[] {
    return [this.primary, ...this.standbys]
  }

  /**
   * A DSN that names all servers, the primary first.
   *
   * @param options As for a server; `host` must be left out.
   * @throws {InterfaceError} if the servers have not got what is asked for.
   */
  dsn(options: Omit<DsnOptions, 'host'> = {}): string {
    const hosts = this.servers.map(({ host, port }) => `${host}:${port}`)
    return this.primary.dsn(options).replace(/@[^/]*\//, `@${hosts.join(',')}/`)
  }

  /**
   * Makes a standby a primary; the former one must be down, or there are two. Resolves when it takes writes.
   * The other standbys go on waiting for the former primary.
   *
   * @throws {InterfaceError} if the server is no standby of this cluster, or has been stopped.
   * @throws {TestServerError} if it does not become one.
   */
  promote(standby: TestPostgres): Promise<void> {
    const control = this.#controls.get(standby)
    if (control !== undefined) return control.promote()
    return Promise.reject(new InterfaceError('the server is no standby of this cluster'))
  }

  /** Takes all servers down for good and removes all they left. Harmless when repeated. */
  async stop(mode: ShutdownMode = 'immediate'): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop(mode)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
