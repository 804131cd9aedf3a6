import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { textTable } from '../report/text-table.js'
import type { Benchmark } from '../support/benchmark.js'
import { describeOptions, type OptionTable, parseOptions, UsageError } from '../support/options.js'
import { ownServer } from '../support/own-server.js'
import { OPERATIONS } from './operations.js'
import type { MemoryFigures } from './process.js'

const MIB = 1024 * 1024

/** The most that an operation may grow by, in bytes. */
const BOUND = 64 * MIB

const OPTIONS = {
  rows: { type: 'string', value: 'COUNT', doc: 'How many rows each moves. Default 1000000.' },
  only: { type: 'string', value: 'NAME', doc: 'Only this operation.' },
  help: { type: 'boolean', doc: 'Print this text.' },
} as const satisfies OptionTable

const HELP = `npm run bench -- memory [OPTIONS]

How much memory it takes to move a million rows of an integer, a text and a time:

${OPERATIONS.map(({ name }) => `  ${name}`).join('\n')}

Each runs in a process of its own, first with a tenth of the rows, after which what is resident is
the base. Exit code 1 when one grows by ${BOUND / MIB} MiB or more.

${describeOptions(OPTIONS)}
`

/** `npm run bench -- memory`. */
export const memory: Benchmark = {
  help: HELP,
  async run(args, { stdout, signal }) {
    const options = parseOptions(OPTIONS, args)
    const count = Number(options.rows ?? 1_000_000)
    if (!Number.isInteger(count) || count < 10) throw new UsageError('--rows needs a number')
    const chosen = OPERATIONS.filter(({ name }) => (options.only ?? name) === name)
    if (chosen.length === 0) throw new UsageError(`--only: there is no "${options.only}"`)
    await using server = await ownServer()
    const rows: string[][] = []
    const over: string[] = []
    for (const { name } of chosen) {
      const figures = await measure(server.dsn(), name, count, signal)
      const growth = figures.peak - figures.before
      if (figures.rows !== count) throw new Error(`${name} moved ${figures.rows} of ${count} rows`)
      if (growth >= BOUND) over.push(name)
      rows.push([
        name,
        `${Math.round(count / figures.seconds).toLocaleString('en')}`,
        `${(figures.before / MIB).toFixed(1)}`,
        `${(figures.peak / MIB).toFixed(1)}`,
        `${(growth / MIB).toFixed(1)}`,
      ])
    }
    stdout.write(
      textTable(
        [
          { heading: `${count.toLocaleString('en')} rows by`, align: 'left' },
          { heading: 'rows/s', align: 'right' },
          { heading: 'resident before, MiB', align: 'right' },
          { heading: 'at most', align: 'right' },
          { heading: 'growth', align: 'right' },
        ],
        rows,
      ),
    )
    if (over.length > 0) throw new Error(`grew by ${BOUND / MIB} MiB or more: ${over.join(', ')}`)
  },
}

function measure(
  dsn: string,
  name: string,
  count: number,
  signal: AbortSignal,
): Promise<MemoryFigures> {
  const child = fork(
    fileURLToPath(new URL('./process.ts', import.meta.url)),
    [dsn, name, `${count}`],
    {
      execArgv: ['--import', 'tsx'],
      signal,
    },
  )
  return new Promise((resolve, reject) => {
    let figures: MemoryFigures | undefined
    child.on('message', (message) => {
      figures = message as MemoryFigures
      child.disconnect()
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (figures !== undefined && code === 0) resolve(figures)
      else reject(new Error(`the process for "${name}" ended with ${code}`))
    })
  })
}
