import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/index.js'
import { findFreePort } from '../../src/testing/free-port.js'

const START_TIMEOUT_MS = 20_000

/** The program: that of `SLUICE_TEST_PGBOUNCER`, or the one on the PATH. */
const PROGRAM = process.env['SLUICE_TEST_PGBOUNCER'] ?? 'pgbouncer'
const { status, stdout } = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' })

/** Whether PgBouncer is installed. */
export const hasPgBouncer: boolean = status === 0

/** Whether it keeps named statements itself (`max_prepared_statements`), as from 1.21 on. */
export const keepsStatements: boolean =
  hasPgBouncer && Number(/^PgBouncer 1\.(\d+)/.exec(stdout)?.[1]) >= 21

/** What PgBouncer is started with. */
export interface PgBouncerOptions {
  /** Connections to the server for all clients. Default 1. */
  readonly poolSize?: number
  /** Default `transaction`. */
  readonly mode?: 'session' | 'transaction' | 'statement'
  /** Named statements kept per connection. Default 0. */
  readonly maxPreparedStatements?: number
}

/** PgBouncer in front of a server. */
export class PgBouncer implements AsyncDisposable {
  readonly dsn: string
  readonly #process: ChildProcess
  readonly #folder: string

  private constructor(dsn: string, process: ChildProcess, folder: string) {
    this.dsn = dsn
    this.#process = process
    this.#folder = folder
  }

  /** In front of the database of `dsn`. */
  static async start(dsn: string, options: PgBouncerOptions = {}): Promise<PgBouncer> {
    const { poolSize = 1, mode = 'transaction', maxPreparedStatements = 0 } = options
    const { hostname, port, username, password, pathname } = new URL(dsn)
    const folder = mkdtempSync(join(tmpdir(), 'sluice-pgbouncer-'))
    const { port: listenPort } = await findFreePort()
    const users = join(folder, 'users.txt')
    const config = join(folder, 'pgbouncer.ini')
    const secret = decodeURIComponent(password)
    writeFileSync(users, `"app" ""\n"${username}" "${secret}"\n`)
    writeFileSync(
      config,
      `[databases]
app = host=${hostname} port=${port} dbname=${pathname.slice(1)} user=${username} password=${secret} pool_size=${poolSize}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = ${mode}
${keepsStatements ? `max_prepared_statements = ${maxPreparedStatements}\n` : ''}ignore_startup_parameters = extra_float_digits,application_name
`,
    )
    for (const path of [folder, users, config]) chmodSync(path, 0o755)
    // It refuses to run as root.
    const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
    const child = spawn(PROGRAM, [...user, config], { stdio: 'ignore' })
    const bouncer = new PgBouncer(
      `postgresql://app@127.0.0.1:${listenPort}/app?sslmode=disable`,
      child,
      folder,
    )
    try {
      await bouncer.#isReady()
      return bouncer
    } catch (error) {
      await bouncer[Symbol.asyncDispose]()
      throw error
    }
  }

  async #isReady(): Promise<void> {
    const end = performance.now() + START_TIMEOUT_MS
    for (;;) {
      try {
        const conn = await connect(this.dsn)
        await conn.close()
        return
      } catch (error) {
        if (performance.now() > end || this.#process.exitCode !== null) throw error
        await sleep(20)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      const exited = once(this.#process, 'exit')
      this.#process.kill('SIGKILL')
      await exited
    }
    rmSync(this.#folder, { recursive: true })
  }
}
