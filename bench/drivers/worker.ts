import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { BenchCase, BenchMode } from './cases.js'
import type { Driver } from './drivers.js'
import type { Measurement } from './result.js'

/** How the server is reached. */
export interface WorkerTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly socketDir: string | undefined
}

/** A driver that is ready to run one case in one mode. */
export interface Worker {
  readonly version: string
  /** What the driver made of the case, to be compared; undefined where it cannot tell. */
  check(): Promise<string | undefined>
  run(ms: number): Promise<Measurement>
  close(): Promise<void>
}

/** Programs of the runtimes; undefined for one that is not there. */
export interface Programs {
  readonly node: string
  readonly bun: string | undefined
  readonly python: string | undefined
  readonly pgbench: string | undefined
}

const SCRIPT = fileURLToPath(new URL('worker.mjs', import.meta.url))
const PYTHON_SCRIPT = fileURLToPath(new URL('worker.py', import.meta.url))

/** A worker must answer an opening or a round within this, in ms. */
const ANSWER_TIMEOUT_MS = 120_000

/**
 * Starts a process for a driver and opens its connections.
 * @throws {Error} if the driver is not there or cannot do the case
 */
export async function startWorker(
  driver: Driver,
  programs: Programs,
  target: WorkerTarget,
  benchCase: BenchCase,
  mode: BenchMode,
): Promise<Worker> {
  const [program, script] =
    driver.runtime === 'python'
      ? [programs.python, PYTHON_SCRIPT]
      : [driver.runtime === 'bun' ? programs.bun : programs.node, SCRIPT]
  if (program === undefined) throw new Error(`${driver.runtime} is not installed`)
  const worker = new ProcessWorker(
    mode.pinned ? ['taskset', '-c', '1', program] : [program],
    script,
  )
  try {
    const { version } = await worker.ask({
      do: 'open',
      driver: driver.name,
      target,
      case: benchCase,
      mode,
    })
    worker.version = String(version)
    return worker
  } catch (error) {
    await worker.close()
    throw error
  }
}

class ProcessWorker implements Worker {
  version = ''
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>
  #complaint = ''

  constructor([command = '', ...args]: readonly string[], script: string) {
    this.#child = spawn(command, [...args, script], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.on('error', (error) => {
      this.#complaint = error.message
    })
    this.#child.stderr?.on('data', (text) => {
      this.#complaint = `${this.#complaint}${text}`.slice(-2_000)
    })
    // A worker that died is reported by the answer it does not give.
    this.#child.stdin?.on('error', () => {})
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })
    this.#answers = lines[Symbol.asyncIterator]()
  }

  async check(): Promise<string | undefined> {
    const { digest, rows } = await this.ask({ do: 'check' })
    return `${rows} rows, ${digest}`
  }

  async run(ms: number): Promise<Measurement> {
    return (await this.ask({ do: 'run', ms })) as unknown as Measurement
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child
    if (this.#child.pid === undefined || exitCode !== null || signalCode !== null) return
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3_000)
    this.#child.stdin?.end()
    await once(this.#child, 'exit')
    clearTimeout(timer)
  }

  async ask(command: object): Promise<Record<string, unknown>> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_TIMEOUT_MS)
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`)
    const { value, done } = await this.#answers.next()
    clearTimeout(timer)
    if (done) {
      const lines = this.#complaint.split('\n').filter((line) => line.trim() !== '')
      throw new Error(lines.find((line) => /Error/.test(line)) ?? lines.at(-1) ?? 'it ended')
    }
    const answer = JSON.parse(value) as Record<string, unknown>
    if (answer['error'] !== undefined) throw new Error(String(answer['error']))
    return answer
  }
}
