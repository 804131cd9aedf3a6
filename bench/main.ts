import type { Benchmark, BenchmarkContext } from './support/benchmark.js'
import { type Interruption, watchSignals } from './support/interruption.js'
import { UsageError } from './support/options.js'

const DEFAULT_BENCHMARK = 'handshake'

// Loaded when asked for: --help and a mistyped option answer without loading the driver.
const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  handshake: async () => (await import('./handshake/command.js')).handshake,
  pool: async () => (await import('./pool/command.js')).pool,
  outage: async () => (await import('./outage/command.js')).outage,
  pipelining: async () => (await import('./pipelining/command.js')).pipelining,
  tune: async () => (await import('./tune/command.js')).tune,
  drivers: async () => (await import('./drivers/command.js')).drivers,
  memory: async () => (await import('./memory/command.js')).memory,
  start: async () => (await import('./start/command.js')).start,
}

/**
 * `npm run bench -- [BENCHMARK] [OPTIONS]`. Gives the exit code: 0 done, 1 could not be carried out,
 * 2 wrong arguments, 130 and the like after a signal.
 */
async function main(args: readonly string[]): Promise<number> {
  const interruption = watchSignals()
  try {
    await runBenchmark(args, {
      stdout: process.stdout,
      stderr: process.stderr,
      signal: interruption.signal,
    })
    return interruption.exitCode() ?? 0
  } catch (error) {
    return report(error, interruption)
  } finally {
    interruption[Symbol.dispose]()
  }
}

async function runBenchmark(args: readonly string[], context: BenchmarkContext): Promise<void> {
  const [first] = args
  const isNamed = first !== undefined && !first.startsWith('-')
  const name = isNamed ? first : DEFAULT_BENCHMARK
  const load = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined
  if (load === undefined) {
    const known = Object.keys(BENCHMARKS).join(', ')
    throw new UsageError(`unknown benchmark "${name}" (known: ${known})`)
  }
  const benchmark = await load()
  const rest = args.slice(isNamed ? 1 : 0)
  if (rest.includes('--help') || rest.includes('-h')) {
    context.stdout.write(benchmark.help)
    return
  }
  await benchmark.run(rest, context)
}

function report(error: unknown, interruption: Interruption): number {
  const interrupted = interruption.exitCode()
  if (interrupted !== undefined) return interrupted
  const message = error instanceof Error ? error.message : String(error)
  const isUsage = error instanceof UsageError
  const hint = isUsage ? ' (npm run bench -- --help tells the options)' : ''
  process.stderr.write(`bench: ${message.split('\n', 1)[0]}${hint}\n`)
  return isUsage ? 2 : 1
}

// A reader that goes away (`| head`) ends the output, not the run and its clean-up.
process.stdout.on('error', () => {})
process.exitCode = await main(process.argv.slice(2))
