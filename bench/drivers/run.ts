import { connect } from '../../dist/index.js'
import { startPostgres } from '../../dist/testing/index.js'
import { machineFacts } from '../support/machine.js'
import { median } from '../support/statistics.js'
import { warmUp } from '../support/warm-up.js'
import {
  type BenchCase,
  type BenchMode,
  CASES,
  MODES,
  type ModeName,
  RESET,
  SETUP,
} from './cases.js'
import type { Driver } from './drivers.js'
import { geometricMeans } from './geometric-mean.js'
import { startPgbench } from './pgbench.js'
import { pinServer, unpinServer } from './pinning.js'
import type { Absence, DriverFigures, DriversResult, Round } from './result.js'
import { type ServerTime, serverTime, usedBetween } from './server-time.js'
import { type Programs, startWorker, type Worker, type WorkerTarget } from './worker.js'

/** What to measure. */
export interface DriversRun {
  readonly drivers: readonly Driver[]
  readonly cases: readonly BenchCase[]
  readonly modes: readonly ModeName[]
  readonly rounds: number
  readonly roundMs: number
  readonly base: string
  readonly command: string
  readonly programs: Programs
  readonly signal: AbortSignal
  onProgress(text: string, share: number): void
}

/** Where the rounds of a driver lie further apart than half of their median all get so many times as many. */
const WIDE = { spread: 0.5, times: 4 } as const

/** A worker warms up in rounds of so many ms, for no more than so many in all. */
const WARM_UP = { roundMs: 300, maxMs: 10_000 } as const

/**
 * Measures every driver in every case and mode: a process each, opened side by side, their rounds
 * interleaved, so that what disturbs the machine disturbs all.
 * A driver whose result is not the base's is left out of the case, before anything of it is timed.
 */
export async function runDrivers(run: DriversRun): Promise<DriversResult> {
  const server = await startPostgres({ settings: { max_connections: 300 } })
  try {
    await using admin = await connect(server.adminDsn)
    const bench = await connect(server.dsn())
    for (const statement of SETUP) await bench.execute(statement)
    const target = targetOf(server.dsn(), server.socketDir)
    const results: DriverFigures[] = []
    const absent: Absence[] = []
    const versions: Record<string, string> = {}
    const work = run.cases.flatMap((benchCase) =>
      benchCase.modes
        .filter((name) => run.modes.includes(name))
        .map((name) => ({ benchCase, mode: MODES[name] })),
    )
    const pid = Number(
      await admin.fetchval<string>("select split_part(pg_read_file('postmaster.pid'), e'\\n', 1)"),
    )
    for (const [i, { benchCase, mode }] of work.entries()) {
      run.signal.throwIfAborted()
      if (mode.pinned) pinServer(pid)
      const outcome = await measureCase(run, target, benchCase, mode, {
        reset: async () => {
          await bench.execute(RESET)
        },
        serverTime: () => serverTime(pid),
        onProgress: (text) => run.onProgress(text, i / work.length),
      })
      if (mode.pinned) unpinServer(pid)
      results.push(...outcome.figures)
      absent.push(...outcome.absent)
      Object.assign(versions, outcome.versions)
    }
    await bench.close()
    const magicStack = CASES.filter((each) => each.isMagicStack).map(({ name }) => name)
    return {
      server: `PostgreSQL ${server.version}`,
      measuredAt: new Date().toISOString(),
      command: run.command,
      machine: machineFacts(),
      node: run.programs.node === process.execPath ? process.versions.node : run.programs.node,
      base: run.base,
      rounds: run.rounds,
      roundMs: run.roundMs,
      versions,
      results,
      absent,
      geomean: geometricMeans(results, magicStack),
    }
  } finally {
    await server.stop()
  }
}

interface CaseOutcome {
  readonly figures: readonly DriverFigures[]
  readonly absent: readonly Absence[]
  readonly versions: Readonly<Record<string, string>>
}

interface CaseHooks {
  reset(): Promise<void>
  serverTime(): ServerTime
  onProgress(text: string): void
}

async function measureCase(
  run: DriversRun,
  target: WorkerTarget,
  benchCase: BenchCase,
  mode: BenchMode,
  hooks: CaseHooks,
): Promise<CaseOutcome> {
  const workers = new Map<string, Worker>()
  const digests = new Map<string, string>()
  const absent: Absence[] = []
  const rounds = new Map<string, Round[]>()
  const attempt = async (driver: string, work: () => Promise<void> | never): Promise<void> => {
    try {
      await work()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      absent.push({ case: benchCase.name, mode: mode.name, driver, reason })
      await workers.get(driver)?.close()
      workers.delete(driver)
      rounds.delete(driver)
    }
  }
  try {
    for (const driver of run.drivers) {
      run.signal.throwIfAborted()
      hooks.onProgress(`${benchCase.name} ${mode.name}: ${driver.name} warms up`)
      await hooks.reset()
      await attempt(driver.name, async () => {
        const worker =
          driver.runtime === 'pgbench'
            ? await startPgbench(run.programs.pgbench, target, benchCase, mode)
            : await startWorker(driver, run.programs, target, benchCase, mode)
        workers.set(driver.name, worker)
        const digest = await worker.check()
        if (digest !== undefined) digests.set(driver.name, digest)
        if (driver.runtime !== 'pgbench') {
          await warmUp(async () => (await worker.run(WARM_UP.roundMs)).cpuUs, WARM_UP.maxMs)
        }
      })
    }
    for (const driver of findDissenters(digests, run.base)) {
      await attempt(driver, () => {
        throw new Error(`its result is not that of ${run.base}`)
      })
    }
    const measureRounds = async (from: number, to: number): Promise<void> => {
      for (let number = from; number <= to; number++) {
        for (const [name, worker] of [...workers]) {
          run.signal.throwIfAborted()
          hooks.onProgress(`${benchCase.name} ${mode.name}: round ${number}, ${name}`)
          await hooks.reset()
          await attempt(name, async () => {
            const measured = rounds.get(name) ?? []
            const before = hooks.serverTime()
            const round = await worker.run(run.roundMs)
            // Of processes that ended meanwhile, as those of fresh connections, the system tells nothing.
            const used =
              benchCase.kind === 'connect' ? undefined : usedBetween(before, hooks.serverTime())
            measured.push({
              ...round,
              ...(used !== undefined && { serverUs: used / round.queries }),
            })
            rounds.set(name, measured)
          })
        }
      }
    }
    await measureRounds(1, run.rounds)
    if ([...rounds.values()].some((measured) => spreadOf(measured) > WIDE.spread)) {
      await measureRounds(run.rounds + 1, run.rounds * WIDE.times)
    }
    return {
      figures: [...rounds].map(([driver, measured]) => summary(benchCase, mode, driver, measured)),
      absent,
      versions: Object.fromEntries([...workers].map(([name, { version }]) => [name, version])),
    }
  } finally {
    await Promise.all([...workers.values()].map((worker) => worker.close()))
  }
}

function summary(
  benchCase: BenchCase,
  mode: BenchMode,
  driver: string,
  rounds: readonly Round[],
): DriverFigures {
  const of = (figure: (round: Round) => number | undefined): number | undefined => {
    const values = rounds.map(figure).filter((value) => value !== undefined)
    return values.length === 0 ? undefined : median(values)
  }
  const p50 = of((round) => round.p50)
  const p99 = of((round) => round.p99)
  const serverUs = of((round) => round.serverUs)
  const memory = rounds.map(({ rssMb }) => rssMb).filter((value) => value !== undefined)
  return {
    case: benchCase.name,
    mode: mode.name,
    driver,
    qps: median(rounds.map(rateOf)),
    rowsPerSecond: median(rounds.map(({ rows, ms }) => (rows / ms) * 1000)),
    cpuUs: median(rounds.map(({ cpuUs }) => cpuUs)),
    ...(serverUs !== undefined && { serverUs }),
    ...(p50 !== undefined && { p50 }),
    ...(p99 !== undefined && { p99 }),
    ...(memory.length > 0 && { rssMb: Math.max(...memory) }),
    rounds: rounds.length,
    spread: spreadOf(rounds),
  }
}

function rateOf({ queries, ms }: Round): number {
  return (queries / ms) * 1000
}

function spreadOf(rounds: readonly Round[]): number {
  const rates = rounds.map(rateOf)
  return (Math.max(...rates) - Math.min(...rates)) / median(rates)
}

/** Who gives other values than the base does other work. */
function findDissenters(digests: ReadonlyMap<string, string>, base: string): string[] {
  const expected = digests.get(base) ?? [...digests.values()][0]
  return [...digests].filter(([, digest]) => digest !== expected).map(([driver]) => driver)
}

function targetOf(dsn: string, socketDir: string | undefined): WorkerTarget {
  const url = new URL(dsn)
  return {
    host: url.hostname,
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    socketDir,
  }
}
