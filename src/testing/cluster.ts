import { appendFile, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binaries } from './binaries.js'
import { LOOPBACK_ADDRESSES } from './free-port.js'
import { hbaText, rolesSql, type ServerRoles } from './roles.js'
import type { ServerUser } from './server-user.js'
import { type ResolvedStartOptions, settingsText, TEST_SETTINGS } from './start-options.js'
import type { Supervisor } from './supervisor.js'
import { SOCKET_DIR } from './temporary-folder.js'
import { TestServerError } from './test-server-error.js'
import { makeTlsMaterial, serverTlsFiles, TLS_SETTINGS, type TlsMaterial } from './tls-material.js'

const LOG_LINES_IN_ERROR = 20

/** The files of one embedded server, all below its supervisor's folder. */
export class Cluster {
  /** The data folder. */
  readonly data: string
  /** Where the server's standard output and standard error go. */
  readonly log: string
  /** Undefined on Windows, where Node has no unix sockets. */
  readonly socketDir: string | undefined
  /** The program of the server. */
  readonly postgres: string
  readonly #supervisor: Supervisor
  readonly #initdb: string
  readonly #user: ServerUser | undefined

  constructor(supervisor: Supervisor, binaries: Binaries, user: ServerUser | undefined) {
    this.data = join(supervisor.folder, 'data')
    this.log = join(supervisor.folder, 'postgres.log')
    this.socketDir = process.platform === 'win32' ? undefined : join(supervisor.folder, SOCKET_DIR)
    this.postgres = binaries.postgres
    this.#supervisor = supervisor
    this.#initdb = binaries.initdb
    this.#user = user
  }

  /**
   * Makes the data folder with roles, settings and certificates, ready for the first start.
   *
   * @throws {TestServerError} if initdb or the making of the roles fails.
   */
  async initialize(
    options: ResolvedStartOptions,
    roles: ServerRoles,
  ): Promise<TlsMaterial | undefined> {
    const initialized = this.#runInitdb(roles)
    // Made while initdb runs; a failure of either must not leave the other's unhandled.
    const [tls] = await Promise.all([this.#makeTls(options, roles), initialized])
    await this.#createRoles(roles)

    for (const [name, content] of tls === undefined ? [] : serverTlsFiles(tls)) {
      await this.#writeForServer(join(this.data, name), content)
    }
    await writeFile(join(this.data, 'pg_hba.conf'), hbaText(roles, tls !== undefined, options.hba))
    await appendFile(
      join(this.data, 'postgresql.conf'),
      settingsText({
        ...TEST_SETTINGS,
        ...(tls === undefined ? {} : TLS_SETTINGS),
        unix_socket_directories: this.socketDir ?? '',
        ...options.settings,
      }),
    )
    await this.#makeSocketDir()
    return tls
  }

  /**
   * Makes the data folder as a copy of another cluster's, which must not run.
   *
   * @throws {TestServerError} if the copying fails.
   */
  async copyFrom(other: Cluster): Promise<void> {
    const args = ['-Rp', other.data, this.data]
    const { code, output } = await this.#supervisor.run({ file: 'cp', args })
    if (code !== 0) throw new TestServerError(`the data folder was not copied: ${output.trim()}`)
    await this.#makeSocketDir()
  }

  /**
   * Makes it a standby.
   *
   * @param connection How to reach the server to follow, as `primary_conninfo` has it.
   */
  async follow(connection: string): Promise<void> {
    await this.#writeForServer(join(this.data, 'standby.signal'), '')
    const settings = {
      primary_conninfo: connection,
      unix_socket_directories: this.socketDir ?? '',
    }
    await appendFile(join(this.data, 'postgresql.conf'), settingsText(settings))
  }

  /** Leaves the file that a standby looks for when it is told to (CheckPromoteSignal in xlogrecovery.c). */
  requestPromotion(): Promise<void> {
    return this.#writeForServer(join(this.data, 'promote'), '')
  }

  /** The last lines of the server's log. */
  async logTail(): Promise<string> {
    const text = await this.readLog()
    return text.trimEnd().split('\n').slice(-LOG_LINES_IN_ERROR).join('\n')
  }

  /** All the server has written to its log, over all its starts. */
  async readLog(): Promise<string> {
    // Without a log the server has not come to say anything.
    return readFile(this.log, 'utf8').catch(() => '')
  }

  async #makeSocketDir(): Promise<void> {
    if (this.socketDir === undefined) return
    await mkdir(this.socketDir)
    await this.#give(this.socketDir)
  }

  async #runInitdb(roles: ServerRoles): Promise<void> {
    const { code, output } = await this.#supervisor.run({
      file: this.#initdb,
      args: [
        `--pgdata=${this.data}`,
        `--username=${roles.admin.user}`,
        '--auth=trust',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
        '--no-instructions',
      ],
    })
    if (code !== 0)
      throw new TestServerError(`initdb failed (exit code ${code}):\n${output.trim()}`)
  }

  /** The server itself runs the statements, in single-user mode: there is no psql in the package. */
  async #createRoles(roles: ServerRoles): Promise<void> {
    const { code } = await this.#supervisor.run({
      file: this.postgres,
      args: [
        ...['--single', '-D', this.data],
        ...['-c', 'fsync=off', '-c', 'exit_on_error=on', '-c', 'log_min_error_statement=panic'],
        'postgres',
      ],
      input: `${rolesSql(roles).join('\n')}\n`,
    })
    // Its output echoes nothing useful and could hold a statement with a password.
    if (code !== 0) throw new TestServerError(`the roles could not be made (exit code ${code})`)
  }

  async #makeTls(
    options: ResolvedStartOptions,
    roles: ServerRoles,
  ): Promise<TlsMaterial | undefined> {
    if (options.tls === false) return undefined
    const given = options.tls === true ? undefined : options.tls
    return makeTlsMaterial(given, roles, ['localhost', ...LOOPBACK_ADDRESSES])
  }

  async #writeForServer(path: string, content: string): Promise<void> {
    await writeFile(path, content, { mode: 0o600 })
    await this.#give(path)
  }

  async #give(path: string): Promise<void> {
    if (this.#user !== undefined) await chown(path, this.#user.uid, this.#user.gid)
  }
}
