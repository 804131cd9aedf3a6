import type { ProgressStream } from './progress.js'

/** What a benchmark may touch of the process it runs in. */
export interface BenchmarkContext {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: ProgressStream
  /** Aborts when the user interrupts the run. */
  readonly signal: AbortSignal
}

/** One subcommand of `npm run bench`. */
export interface Benchmark {
  /** The text that `--help` prints. */
  readonly help: string
  /**
   * Runs it. Rejects with {@link UsageError} before anything is started if the arguments are wrong,
   * and with another error, whose message is one clear line, if it cannot be carried out.
   */
  run(args: readonly string[], context: BenchmarkContext): Promise<void>
}
