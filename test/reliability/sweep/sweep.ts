import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, connect } from '../../../src/index.js'
import type { ServerAddress } from '../../../src/testing/index.js'
import { type Cut, FaultProxy, type Faults } from '../../support/fault-proxy.js'
import { CallLog, type CallOutcome } from './call-log.js'
import { type Conversation, type CutPosition, positionsOf, spread } from './positions.js'
import { EFFECTS_TABLE, type Subject, type SweepTarget } from './subject.js'
import { judgeCalls, type Problem } from './verdict.js'
import { ResourceWatch, TraceBalance, UncaughtWatch } from './watch.js'

export interface SweepOptions {
  /** Bytes between two cuts. */
  readonly step: number
  /** How many cuts at most, spread over all the places. */
  readonly limit?: number
  /** Ends the sweep before the next cut. */
  readonly signal?: AbortSignal
  /** Taken in turn. */
  readonly cuts: readonly Cut[]
  readonly tls: boolean
  /** For how long a call, and then a session of the server, may stay when its connection was cut, in ms. */
  readonly deadlineMs?: number
}

/** What a sweep found. */
export interface SweepResult {
  /** Bytes of the undisturbed conversation. */
  readonly conversation: Conversation
  cuts: number
  calls: number
  failed: number
  safeToRetry: number
  /** At most so many calls failed by one cut. */
  mostFailed: number
  readonly problems: (Problem & { readonly at: string })[]
}

const DEADLINE_MS = 10_000
/** The same where it falls silent: a connection that only listens asks for a sign of life every 30 s. */
const SILENCE_DEADLINE_MS = 40_000
/** Where a connection falls silent a call may take so long; see {@link SweepTarget.patienceMs}. */
const PATIENCE_MS = 250
/** All runs have names of the same length, and so conversations of the same length. */
const FIRST_RUN = 1_000_001

/** Cuts the conversation of a program at one place after the other, and holds each run against what must be so. */
export class Sweep implements AsyncDisposable {
  readonly #subject: Subject
  readonly #server: ServerAddress
  readonly #control: Connection
  readonly #options: SweepOptions
  readonly #uncaught = new UncaughtWatch()
  readonly #traces = new TraceBalance()
  readonly #expected = new Map<string, unknown>()
  #run = FIRST_RUN

  private constructor(
    subject: Subject,
    server: ServerAddress,
    control: Connection,
    options: SweepOptions,
  ) {
    this.#subject = subject
    this.#server = server
    this.#control = control
    this.#options = options
  }

  static async start(
    subject: Subject,
    server: ServerAddress,
    options: SweepOptions,
  ): Promise<Sweep> {
    const control = await connect(server.adminDsn)
    await control.execute(`truncate ${EFFECTS_TABLE}`)
    return new Sweep(subject, server, control, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#uncaught[Symbol.dispose]()
    this.#traces[Symbol.dispose]()
    await this.#control.close()
  }

  /** @throws {Error} if the program does not hold undisturbed. */
  async run(onCut: (result: SweepResult) => void = () => {}): Promise<SweepResult> {
    const { step, limit = Number.POSITIVE_INFINITY, signal, cuts } = this.#options
    const conversation = await this.#undisturbed()
    const result: SweepResult = {
      ...{ conversation, cuts: 0, calls: 0, failed: 0, safeToRetry: 0, mostFailed: 0 },
      problems: [],
    }
    for (const position of spread(positionsOf(conversation, step))) {
      if (result.cuts >= limit || signal?.aborted) break
      const cut = cuts[result.cuts % cuts.length] as Cut
      await this.#cutAt(position, cut, result)
      onCut(result)
    }
    return result
  }

  async #undisturbed(): Promise<Conversation> {
    // The first run may do what no other has to, such as loading a module.
    await this.#once({}, undefined, this.#nextRun())
    const { outcomes, problems, bytes } = await this.#once({}, undefined, this.#nextRun())
    const failure = outcomes.find(({ state }) => state !== 'fulfilled')
    if (failure !== undefined) {
      throw new Error(`undisturbed, ${failure.name} ${failure.state}`, { cause: failure.error })
    }
    if (problems.length > 0) throw new Error(`undisturbed, ${problems[0]?.what}`)
    for (const { name, value } of outcomes) this.#expected.set(name, value)
    return bytes
  }

  async #cutAt(position: CutPosition, cut: Cut, result: SweepResult): Promise<void> {
    const { connection, way, at } = position
    const run = this.#nextRun()
    const patienceMs = cut === 'silence' ? PATIENCE_MS : undefined
    const faults = (index: number): Faults =>
      index === connection ? { [way]: { cutAfter: at, cut } } : {}
    const { outcomes, problems } = await this.#once(faults, patienceMs, run)
    const failed = outcomes.filter(({ state }) => state === 'rejected')
    result.cuts += 1
    result.calls += outcomes.length
    result.failed += failed.length
    result.mostFailed = Math.max(result.mostFailed, failed.length)
    result.safeToRetry += failed.filter(({ error }) => this.#subject.isSafeToRetry(error)).length
    const where = `connection ${connection}, ${way}, byte ${at}, ${cut}`
    result.problems.push(...problems.map((problem) => ({ ...problem, at: where })))
  }

  async #once(
    faults: Faults | ((index: number) => Faults),
    patienceMs: number | undefined,
    run: number,
  ): Promise<{ outcomes: readonly CallOutcome[]; problems: Problem[]; bytes: Conversation }> {
    const { host, port, user, password, database } = this.#address()
    const resources = new ResourceWatch()
    const proxy = await FaultProxy.start({ host, port }, faults)
    const application = `sweep ${run}`
    const target: SweepTarget = {
      ...{ host: '127.0.0.1', port: proxy.port, user, password, database, application },
      ...{ tls: this.#options.tls, patienceMs },
    }
    const usual = patienceMs === undefined ? DEADLINE_MS : SILENCE_DEADLINE_MS
    const log = new CallLog(this.#options.deadlineMs ?? usual)
    const works = await this.#subject.run(target, run, log)
    const bytes = proxy.connections.map((connection) => ({ ...connection.bytes }))
    await proxy[Symbol.asyncDispose]()
    const problems = await this.#leftovers(resources, application)
    if (!works) problems.push({ kind: 'dead', what: 'the pool does not work again' })
    const rowsOf = await this.#rowsOf(run)
    problems.push(...judgeCalls(this.#subject, log.outcomes, rowsOf, this.#expected))
    return { outcomes: log.outcomes, problems, bytes }
  }

  /** Waits for what was used to be gone, and tells of what is not. */
  async #leftovers(resources: ResourceWatch, application: string): Promise<Problem[]> {
    const end = performance.now() + (this.#options.deadlineMs ?? DEADLINE_MS)
    for (;;) {
      const sessions = await this.#control.fetchval<bigint>(
        'select count(*) from pg_stat_activity where application_name = $1',
        [application],
      )
      const leaked = resources.leaked()
      const isClean = leaked.length === 0 && Number(sessions) === 0
      if (!isClean && performance.now() < end) {
        await sleep(2)
        continue
      }
      const all = isClean ? [] : [...leaked, `${sessions} sessions of the server`]
      return [
        ...all.map((what) => ({ kind: 'leaked', what }) as const),
        ...this.#traces.take().map((what) => ({ kind: 'leaked', what }) as const),
        ...this.#uncaught.take().map((what) => ({ kind: 'uncaught', what }) as const),
      ]
    }
  }

  async #rowsOf(run: number): Promise<Map<string, number>> {
    const rows = await this.#control.fetch<[string, number]>(
      `select call, count(*)::int from ${EFFECTS_TABLE} where run = $1 group by call`,
      [run],
      { rowMode: 'array' },
    )
    return new Map(rows)
  }

  #address() {
    const url = new URL(this.#server.dsn({ host: '127.0.0.1' }))
    const [user, password] = [url.username, url.password].map(decodeURIComponent)
    return {
      ...{ host: '127.0.0.1', port: Number(url.port), database: url.pathname.slice(1) },
      ...{ user: user ?? '', password: password ?? '' },
    }
  }

  #nextRun(): number {
    return this.#run++
  }
}

/** The problems by kind and place, the first few of each. */
export function listProblems(result: SweepResult, most: number): string {
  return result.problems
    .slice(0, most)
    .map(({ kind, at, what }) => `  ${kind} — ${at} — ${what}\n`)
    .join('')
}
