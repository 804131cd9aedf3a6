import { setTimeout as delay } from 'node:timers/promises'
import type { StartedTestContainer } from 'testcontainers'
import { InterfaceError } from '../base/errors.js'
import { findFreePort, LOOPBACK_ADDRESSES } from './free-port.js'
import { hbaText, makeRoles, rolesSql, type ServerRoles } from './roles.js'
import { type ResolvedStartOptions, settingsText, TEST_SETTINGS } from './start-options.js'
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
import {
  makeTlsMaterial,
  serverTlsFiles,
  TLS_SETTINGS,
  type TlsMaterial,
  writeClientFiles,
} from './tls-material.js'

const DEFAULT_VERSION = 18
const CONTAINER_PORT = 5432
const POLL_MS = 100
const SHUTDOWN_TIMEOUT_MS = 30_000

/**
 * Makes and starts a server in a container, with the npm package `testcontainers`. The image has to
 * behave as the official one does; `SLUICE_TEST_IMAGE` names another than `postgres:VERSION`.
 * Without testcontainers' reaper (Ryuk) the container outlives a parent that is killed.
 */
export async function startContainer(options: ResolvedStartOptions): Promise<TestPostgres> {
  const image = options.image ?? `postgres:${options.version ?? DEFAULT_VERSION}`
  const roles = makeRoles(options.tls !== false)
  const { port } = await findFreePort()
  // Owns the client's certificates, which must go away with us as well.
  const supervisor = await Supervisor.start(folderPrefix(undefined), undefined)
  let server: ContainerServer | undefined
  try {
    const started = await runImage(image, port, roles, options.startTimeoutMs)
    server = new ContainerServer(started, supervisor, options.startTimeoutMs)
    await server.awaitReady()
    const version = await server
      .psql('SHOW server_version')
      .then((text) => text.split(' ')[0] ?? '')
    if (options.version !== undefined && Number.parseInt(version, 10) !== options.version) {
      throw new TestServerError(
        `image ${image} holds PostgreSQL ${version}, not ${options.version}`,
      )
    }
    const host = started.getHost()
    const given = typeof options.tls === 'object' ? options.tls : undefined
    const hosts = [...new Set(['localhost', ...LOOPBACK_ADDRESSES, host])]
    const tls = options.tls === false ? undefined : makeTlsMaterial(given, roles, hosts)
    await server.configure(options, roles, tls)
    await server.restart('fast')
    const certificates = tls && (await writeClientFiles(supervisor.folder, tls))
    return new TestPostgres(
      {
        provider: 'testcontainers',
        version,
        host,
        port,
        database: 'postgres',
        roles,
        auth: options.auth,
        ...(tls && certificates ? { ca: tls.ca, certificates } : {}),
      },
      server,
    )
  } catch (error) {
    await (server ?? supervisor).end()
    throw error
  }
}

async function runImage(
  image: string,
  port: number,
  roles: ServerRoles,
  startTimeoutMs: number,
): Promise<StartedTestContainer> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await loadTestcontainers()
  await getContainerRuntimeClient().catch((cause: unknown) => {
    throw new TestServerError(
      'no container engine answers: start Docker or set DOCKER_HOST, ' +
        'or unset SLUICE_TEST_SERVER to use the embedded server',
      { cause },
    )
  })
  try {
    return await new GenericContainer(image)
      .withEnvironment({
        POSTGRES_USER: roles.admin.user,
        POSTGRES_PASSWORD: roles.admin.password ?? '',
      })
      // A port chosen by the engine could be another one after a restart.
      .withExposedPorts({ container: CONTAINER_PORT, host: port })
      .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/))
      .withStartupTimeout(startTimeoutMs)
      .start()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TestServerError(`a container of image ${image} did not start: ${reason}`, { cause })
  }
}

async function loadTestcontainers(): Promise<typeof import('testcontainers')> {
  try {
    return await import('testcontainers')
  } catch (cause) {
    throw new TestServerError(
      'the package testcontainers is not installed: run "npm i -D testcontainers"',
      { cause },
    )
  }
}

/** One server in its container; commands go in by `exec`, as root. */
class ContainerServer implements ServerControl {
  readonly #container: StartedTestContainer
  readonly #supervisor: Supervisor
  readonly #startTimeoutMs: number
  #dataFolder = ''
  #stopped: Promise<void> | undefined

  constructor(container: StartedTestContainer, supervisor: Supervisor, startTimeoutMs: number) {
    this.#container = container
    this.#supervisor = supervisor
    this.#startTimeoutMs = startTimeoutMs
  }

  /** Waits until the server answers on TCP: while an image sets itself up it does so on its socket alone. */
  async awaitReady(): Promise<void> {
    const deadline = Date.now() + this.#startTimeoutMs
    while (Date.now() < deadline) {
      const { exitCode } = await this.#container.exec(['pg_isready', '-q', '-h', '127.0.0.1'])
      if (exitCode === 0) return
      await delay(POLL_MS)
    }
    throw new TestServerError(
      `the server in the container was not ready within ${this.#startTimeoutMs} ms`,
    )
  }

  /** Runs one statement as the superuser: its result, unaligned. */
  psql(statement: string): Promise<string> {
    return this.#exec(['psql', '-U', 'postgres', '-d', 'postgres', '-XAtc', statement])
  }

  /** Makes roles, settings, pg_hba.conf and certificates; all of it works after a restart. */
  async configure(
    options: ResolvedStartOptions,
    roles: ServerRoles,
    tls: TlsMaterial | undefined,
  ): Promise<void> {
    this.#dataFolder = await this.psql('SHOW data_directory')
    const configFile = await this.psql('SHOW config_file')
    const hbaFile = await this.psql('SHOW hba_file')
    await this.#runScript(rolesSql(roles))
    const settings = {
      ...TEST_SETTINGS,
      ...(tls === undefined ? {} : TLS_SETTINGS),
      ...options.settings,
    }
    const ownConfig = `${this.#dataFolder}/sluice.conf`
    await this.#writeForServer(ownConfig, settingsText(settings))
    await this.#exec(['sh', '-c', `echo "include '${ownConfig}'" >> '${configFile}'`])
    for (const [name, content] of tls === undefined ? [] : serverTlsFiles(tls)) {
      await this.#writeForServer(`${this.#dataFolder}/${name}`, content)
    }
    await this.#writeForServer(hbaFile, hbaText(roles, tls !== undefined, options.hba))
  }

  async restart(mode: ShutdownMode): Promise<void> {
    this.#assertNotStopped()
    await this.#signal(SHUTDOWN_SIGNALS[mode])
    await this.#awaitEnd()
    await this.#container.restart({ timeout: SHUTDOWN_TIMEOUT_MS / 1000 })
    await this.awaitReady()
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#assertNotStopped()
    await this.#signal(signal)
    if (ENDING_SIGNALS.includes(signal)) await this.#awaitEnd()
  }

  stop(mode: ShutdownMode): Promise<void> {
    this.#stopped ??= this.#stop(mode)
    return this.#stopped
  }

  /** Removes the container and all that belongs to it, whatever the server is doing. */
  async end(): Promise<void> {
    try {
      await this.#container.stop({ remove: true, removeVolumes: true, timeout: 0 })
    } finally {
      await this.#supervisor.end()
    }
  }

  async #stop(mode: ShutdownMode): Promise<void> {
    try {
      await this.#signal(SHUTDOWN_SIGNALS[mode])
      await this.#awaitEnd()
    } finally {
      await this.end()
    }
  }

  #assertNotStopped(): void {
    if (this.#stopped !== undefined) throw new InterfaceError('the test server has been stopped')
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const name = signal.replace(/^SIG/, '')
    await this.#toPostmaster(`kill -${name}`)
  }

  async #awaitEnd(): Promise<void> {
    const deadline = Date.now() + SHUTDOWN_TIMEOUT_MS
    while (await this.#toPostmaster('kill -0')) {
      if (Date.now() > deadline) {
        throw new TestServerError(`the server did not end within ${SHUTDOWN_TIMEOUT_MS} ms`)
      }
      await delay(POLL_MS)
    }
  }

  /** Runs a command with the postmaster's pid behind it. False if it failed. */
  async #toPostmaster(command: string): Promise<boolean> {
    const script = `${command} "$(head -n 1 '${this.#dataFolder}/postmaster.pid')"`
    try {
      return (await this.#container.exec(['sh', '-c', script])).exitCode === 0
    } catch {
      // A container ends with its server, and then nothing can be run in it.
      return false
    }
  }

  async #runScript(statements: readonly string[]): Promise<void> {
    const path = '/tmp/sluice-roles.sql'
    await this.#writeForServer(path, statements.map((line) => `${line};\n`).join(''))
    const command = ['psql', '-U', 'postgres', '-d', 'postgres', '-Xq', '-v', 'ON_ERROR_STOP=1']
    const { exitCode } = await this.#container.exec([...command, '-f', path])
    await this.#exec(['rm', path])
    // What psql says may hold a statement with a password.
    if (exitCode !== 0) {
      throw new TestServerError(`the roles could not be made (exit code ${exitCode})`)
    }
  }

  async #writeForServer(path: string, content: string): Promise<void> {
    await this.#container.copyContentToContainer([{ content, target: path, mode: 0o600 }])
    await this.#exec(['chown', 'postgres', path])
  }

  async #exec(command: string[]): Promise<string> {
    const { exitCode, output } = await this.#container.exec(command)
    if (exitCode === 0) return output.trim()
    throw new TestServerError(`${command[0]} failed in the container:\n${output.trim()}`)
  }
}
