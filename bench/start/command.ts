import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { toSignificant } from '../report/format.js'
import { textTable } from '../report/text-table.js'
import type { Benchmark } from '../support/benchmark.js'
import { describeOptions, type OptionTable, parseOptions, UsageError } from '../support/options.js'
import { ownServer } from '../support/own-server.js'
import { median } from '../support/statistics.js'

const DRIVERS = ['sluice', 'pg', 'postgres'] as const
const CONNECTIONS = 100
const PROCESS = fileURLToPath(new URL('./process.mjs', import.meta.url))

const OPTIONS = {
  rounds: { type: 'string', value: 'COUNT', doc: 'Processes of each driver. Default 15.' },
  help: { type: 'boolean', doc: 'Print this text.' },
} as const satisfies OptionTable

const HELP = `npm run bench -- start [OPTIONS]

What it takes to import ${DRIVERS.join(', ')}, and to the first answer: medians over fresh processes that are
interleaved, after one that is not counted. And how much memory of JavaScript an idle connection holds that
was used once: of ${CONNECTIONS} behind a first one, after a collection.

${describeOptions(OPTIONS)}
`

/** What one process prints that starts. */
interface StartFigures {
  readonly loadedMs: number
  /** Processor time, in ms. */
  readonly loadedCpu: number
  /** Up to the first answer of the server. */
  readonly answeredCpu: number
}

/** `npm run bench -- start`. */
export const start: Benchmark = {
  help: HELP,
  async run(args, { stdout, signal }) {
    const options = parseOptions(OPTIONS, args)
    const count = Number(options.rounds ?? 15)
    if (!Number.isInteger(count) || count < 1) throw new UsageError('--rounds needs a number')
    await using server = await ownServer()
    // Only sluice asks for TLS without being told to.
    const dsn = server.dsn({ sslmode: 'disable' })
    const figuresOf = async <T>(...argv: readonly string[]): Promise<T> => {
      const { stdout } = await promisify(execFile)(process.execPath, argv, { signal })
      return JSON.parse(stdout)
    }
    const rounds: Record<string, StartFigures>[] = []
    for (let i = 0; i <= count; i++) {
      const round: Record<string, StartFigures> = {}
      for (const name of DRIVERS) round[name] = await figuresOf(PROCESS, name, 'start', dsn)
      if (i > 0) rounds.push(round)
    }
    const rows: string[][] = []
    for (const name of DRIVERS) {
      const of = (key: keyof StartFigures): string =>
        toSignificant(median(rounds.map((round) => round[name]?.[key] ?? Number.NaN)))
      // Not above: with such a flag Node.js compiles its own modules instead of taking them from its cache.
      const memory = ['--expose-gc', PROCESS, name, 'connections', dsn, `${CONNECTIONS}`]
      const { bytes } = await figuresOf<{ bytes: number }>(...memory)
      const kib = toSignificant(bytes / 1024)
      rows.push([name, of('loadedMs'), of('loadedCpu'), of('answeredCpu'), kib])
    }
    stdout.write(
      textTable(
        [
          { heading: '', align: 'left' },
          { heading: 'import, ms', align: 'right' },
          { heading: 'of processor time', align: 'right' },
          { heading: 'to the first answer', align: 'right' },
          { heading: 'idle connection, KiB', align: 'right' },
        ],
        rows,
      ),
    )
  },
}
