import { textTable } from '../report/text-table.js'
import type { Benchmark } from '../support/benchmark.js'
import { machineFacts } from '../support/machine.js'
import { describeOptions, type OptionTable, parseOptions } from '../support/options.js'
import { ownServer, targetOf } from '../support/own-server.js'
import { median } from '../support/statistics.js'
import { type Mix, measurePipelining, type PipeliningResult } from './measure.js'

const OPTIONS = {
  quick: { type: 'boolean', doc: 'Fewer and shorter rounds, for a look.' },
  help: { type: 'boolean', doc: 'Print this text.' },
} as const satisfies OptionTable

const HELP = `npm run bench -- pipelining [OPTIONS]

What the option "pipelining" of a pool brings and costs: 100 callers on ten connections of a server
of its own, with queries of 0.2 ms alone, and with one of 200 ms among a hundred. The settings take
turns, so that a busy machine disturbs all alike.

${describeOptions(OPTIONS)}
`

const MIXES: readonly Mix[] = [
  { name: 'short alone', slowShare: 0 },
  { name: '1 % of 200 ms', slowShare: 0.01 },
]

const SETTINGS: readonly (number | false)[] = [false, 2, 8, 32]

/** `npm run bench -- pipelining`. */
export const pipelining: Benchmark = {
  help: HELP,
  async run(args, { stdout, signal }) {
    const { quick } = parseOptions(OPTIONS, args)
    const { cpuModel, cpus, loadAverage } = machineFacts()
    stdout.write(
      `${cpus} × ${cpuModel}, load ${loadAverage.join(' ')}, Node.js ${process.version}\n\n`,
    )
    await using server = await ownServer()
    const target = targetOf(server)
    const [rounds, durationMs] = quick ? [1, 500] : [7, 2_000]
    const rows: string[][] = []
    for (const mix of MIXES) {
      const results = SETTINGS.map((): PipeliningResult[] => [])
      for (let round = 0; round < rounds; round++) {
        for (const [index, setting] of SETTINGS.entries()) {
          signal.throwIfAborted()
          results[index]?.push(await measurePipelining(target, setting, mix, 100, durationMs))
        }
      }
      for (const [index, setting] of SETTINGS.entries()) {
        rows.push([mix.name, String(setting), ...cells(results[index] ?? [])])
      }
    }
    stdout.write(
      textTable(
        [
          { heading: 'load', align: 'left' },
          { heading: 'pipelining', align: 'right' },
          { heading: 'queries/s', align: 'right' },
          { heading: 'CPU per query', align: 'right' },
          { heading: 'short p50 / p99', align: 'right' },
        ],
        rows,
      ),
    )
  },
}

/** The medians of the rounds. */
function cells(results: readonly PipeliningResult[]): string[] {
  const of = (name: keyof PipeliningResult) => median(results.map((result) => result[name]))
  return [
    of('rate').toFixed(0),
    `${of('cpuUs').toFixed(1)} µs`,
    `${of('shortP50').toFixed(1)} / ${of('shortP99').toFixed(1)} ms`,
  ]
}
