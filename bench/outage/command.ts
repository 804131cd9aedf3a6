import { peers } from '../pool/peers.js'
import { textTable } from '../report/text-table.js'
import type { Benchmark } from '../support/benchmark.js'
import { describeOptions, type OptionTable, parseOptions, UsageError } from '../support/options.js'
import { ownServer } from '../support/own-server.js'
import { FAULTS } from './faults.js'
import { measureOutage } from './measure.js'

const OPTIONS = {
  peers: { type: 'boolean', doc: 'Measure pg and postgres.js as well (npm ci --prefix bench).' },
  only: { type: 'string', value: 'FAULT', doc: 'Only this fault.' },
  help: { type: 'boolean', doc: 'Print this text.' },
} as const satisfies OptionTable

const HELP = `npm run bench -- outage [OPTIONS]

What callers notice of an outage: 20 of them query through a pool of ten connections, on a server of
its own, while

${FAULTS.map(({ name, doc }) => `  ${name.padEnd(10)} ${doc}`).join('\n')}

Prints how long after the server's return the first query succeeds and every caller has had one that
began after the return; which errors they got; how often the pool tried to connect.

${describeOptions(OPTIONS)}
`

/** `npm run bench -- outage`. */
export const outage: Benchmark = {
  help: HELP,
  async run(args, { stdout, signal }) {
    const options = parseOptions(OPTIONS, args)
    const faults = FAULTS.filter(({ name }) => options.only === undefined || name === options.only)
    if (faults.length === 0) throw new UsageError(`--only: there is no fault "${options.only}"`)
    const rows: string[][] = []
    for (const fault of faults) {
      for (const peer of peers(options.peers)) {
        signal.throwIfAborted()
        // A server that was killed has work to do at its start: each driver gets a new one.
        await using server = await ownServer()
        const { firstMs, allMs, errors, connects, stuck } = await measureOutage(peer, server, fault)
        const codes = [...errors].map(([code, count]) => `${count} × ${code}`).join(', ')
        const lost = stuck > 0 ? `, ${stuck} never answered` : ''
        rows.push([
          fault.name,
          peer.name,
          describe(firstMs),
          describe(allMs),
          `${connects}`,
          `${codes === '' ? 'none' : codes}${lost}`,
        ])
      }
    }
    stdout.write(
      textTable(
        [
          { heading: 'fault', align: 'left' },
          { heading: 'driver', align: 'left' },
          { heading: 'first answer', align: 'right' },
          { heading: 'all callers', align: 'right' },
          { heading: 'connects', align: 'right' },
          { heading: 'errors seen', align: 'left' },
        ],
        rows,
      ),
    )
  },
}

function describe(ms: number | undefined): string {
  return ms === undefined ? 'never' : `${ms.toFixed(0)} ms`
}
