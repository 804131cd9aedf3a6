import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import type { ServerUser } from './server-user.js'
import { SUPERVISOR_SOURCE } from './supervisor-source.js'
import { TestServerError } from './test-server-error.js'

/** A program to run as the server's user, in the server's folder. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Its standard input. Default: empty. */
  readonly input?: string
}

/** How a command ended. */
export interface CommandOutcome {
  /** Null if a signal ended it. */
  readonly code: number | null
  /** The last 64 KiB of what it wrote to standard output and standard error. */
  readonly output: string
}

interface Reply extends Partial<CommandOutcome> {
  readonly id?: number
  readonly folder?: string
  readonly failure?: string
  readonly error?: string
  readonly pid?: number
  readonly delivered?: boolean
  readonly exited?: number
}

interface Waiting {
  resolve(reply: Reply): void
  reject(error: Error): void
}

/** Longer than the supervisor itself gives the server before it kills it. */
const END_TIMEOUT_MS = 30_000

/**
 * A process beside ours that owns a temporary folder and runs the server in it. It stands in a
 * session of its own, out of reach of Ctrl-C, and takes server and folder away as soon as our end of
 * a pipe closes: at `end()`, or because this process is gone.
 *
 * It keeps this process alive only while something is asked of it.
 */
export class Supervisor {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #exitListeners = new Set<() => void>()
  readonly #gone: Promise<void>
  #folder: string | undefined
  #serverPid: number | undefined
  #nextId = 1
  #failure: string | undefined
  #isGone = false

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#gone = new Promise((resolve) => {
      const leave = (error?: Error) => {
        this.#isGone = true
        this.#serverPid = undefined
        this.#failure ??= error?.message
        for (const { reject } of this.#waiting.values()) reject(this.#lost())
        this.#waiting.clear()
        this.#notifyExit()
        resolve()
      }
      child.once('error', leave)
      child.once('close', () => leave())
    })
    let rest = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#receive(JSON.parse(line) as Reply)
    })
    // Broken when the supervisor is gone; `close` tells.
    child.stdin?.on('error', () => {})
  }

  /**
   * Starts a supervisor and has it make its folder: `prefix` with six random characters behind,
   * owned by `user` and closed to others.
   *
   * @throws {TestServerError} if it cannot.
   */
  static async start(prefix: string, user: ServerUser | undefined): Promise<Supervisor> {
    const place = JSON.stringify({ prefix, uid: user?.uid, gid: user?.gid })
    const child = spawn(
      process.execPath,
      ['--input-type=commonjs', '-e', SUPERVISOR_SOURCE, place],
      {
        detached: true,
        stdio: ['pipe', 'pipe', 'ignore'],
        env: plainEnvironment(),
        windowsHide: true,
      },
    )
    const supervisor = new Supervisor(child)
    // Its first words have no number: they are the folder.
    const { folder } = await supervisor.#wait(0)
    supervisor.#folder = folder
    return supervisor
  }

  /** The folder it made. */
  get folder(): string {
    if (this.#folder === undefined) throw this.#lost()
    return this.#folder
  }

  /** The process id of the server that runs, if one does. */
  get serverPid(): number | undefined {
    return this.#serverPid
  }

  /**
   * Runs a command to its end, whatever its exit code.
   *
   * @throws {TestServerError} if it cannot be started.
   */
  async run(command: Command): Promise<CommandOutcome> {
    const { code = null, output = '' } = await this.#ask({ ...command, env: plainEnvironment() })
    return { code, output }
  }

  /**
   * Starts the server, its output appended to the file `log`.
   *
   * @throws {TestServerError} if it cannot be started.
   */
  async serve(command: Command, log: string): Promise<void> {
    await this.#ask({ ...command, log, env: plainEnvironment() })
  }

  /** Sends a signal to the server. False if none runs. */
  async signal(signal: NodeJS.Signals): Promise<boolean> {
    const { delivered = false } = await this.#ask({ signal })
    return delivered
  }

  /** Resolves with true once no server runs, with false if one still does after `timeoutMs`. */
  async serverEnded(timeoutMs: number): Promise<boolean> {
    if (this.#serverPid === undefined) return true
    return new Promise((resolve) => {
      const onExit = () => {
        clearTimeout(timer)
        this.#exitListeners.delete(onExit)
        this.#holdIfNeeded()
        resolve(this.#serverPid === undefined)
      }
      const timer = setTimeout(onExit, timeoutMs)
      this.#exitListeners.add(onExit)
      this.#holdIfNeeded()
    })
  }

  /**
   * Ends the server at once if it still runs, removes the folder and ends the supervisor.
   *
   * @throws {TestServerError} if that takes longer than 30 s.
   */
  async end(): Promise<void> {
    this.#hold(true)
    this.#child.stdin?.end()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new TestServerError(`the server in ${this.#folder} did not end within 30 s`))
      }, END_TIMEOUT_MS)
    })
    try {
      await Promise.race([this.#gone, late])
    } finally {
      clearTimeout(timer)
      this.#hold(false)
    }
  }

  #ask(request: object): Promise<Reply> {
    const id = this.#nextId++
    const reply = this.#wait(id)
    this.#child.stdin?.write(`${JSON.stringify({ ...request, id })}\n`)
    return reply
  }

  #wait(id: number): Promise<Reply> {
    if (this.#isGone) return Promise.reject(this.#lost())
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#holdIfNeeded()
    })
  }

  #receive(reply: Reply): void {
    if (reply.failure !== undefined) this.#failure = reply.failure
    if (reply.pid !== undefined) this.#serverPid = reply.pid
    if (reply.exited !== undefined) {
      if (reply.exited === this.#serverPid) this.#serverPid = undefined
      this.#notifyExit()
    }
    const id = reply.folder === undefined ? reply.id : 0
    const waiting = id === undefined ? undefined : this.#waiting.get(id)
    if (id === undefined || waiting === undefined) return
    this.#waiting.delete(id)
    this.#holdIfNeeded()
    if (reply.error === undefined) waiting.resolve(reply)
    else
      waiting.reject(new TestServerError(`a program of the server did not start: ${reply.error}`))
  }

  #notifyExit(): void {
    for (const listener of [...this.#exitListeners]) listener()
  }

  #holdIfNeeded(): void {
    this.#hold(this.#waiting.size > 0 || this.#exitListeners.size > 0)
  }

  /** Whether the supervisor and its pipes keep this process's event loop alive. */
  #hold(isNeeded: boolean): void {
    const handles = [this.#child, this.#child.stdin, this.#child.stdout]
    for (const handle of handles) {
      // Node gives pipes of child processes as sockets, but types them as plain streams.
      if (!(handle === this.#child || handle instanceof Socket)) continue
      if (isNeeded) handle.ref()
      else handle.unref()
    }
  }

  #lost(): TestServerError {
    const reason = this.#failure === undefined ? '' : `: ${this.#failure}`
    return new TestServerError(`the process that looks after the server has ended${reason}`)
  }
}

/**
 * Our environment without what would change PostgreSQL's behaviour (`PG*`, locales) or Node's
 * (loaders and flags meant for this process).
 */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|NODE_)/.test(name))
  return { ...Object.fromEntries(kept), LC_ALL: 'C' }
}
