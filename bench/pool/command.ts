import { textTable } from '../report/text-table.js'
import type { Benchmark } from '../support/benchmark.js'
import { machineFacts } from '../support/machine.js'
import { describeOptions, type OptionTable, parseOptions } from '../support/options.js'
import { ownServer, targetOf } from '../support/own-server.js'
import { measureQueue, measureSpike, measureUncontended } from './measure.js'
import { peers } from './peers.js'

const OPTIONS = {
  peers: { type: 'boolean', doc: 'Measure pg and postgres.js as well (npm ci --prefix bench).' },
  quick: { type: 'boolean', doc: 'Fewer rounds, for a look.' },
  help: { type: 'boolean', doc: 'Print this text.' },
} as const satisfies OptionTable

const HELP = `npm run bench -- pool [OPTIONS]

The pool by itself, on a server of its own:

  uncontended  acquire and release with idle connections, µs of CPU; and for how long nothing else can
               run while ten connections are opened, of which the server, starting ten processes, may
               have taken more than the driver; rounds interleaved, a process for each driver
  queue        1,000 callers at once on 10 connections: who waits how long, and in which order
  spike        50 requests of 2 ms at once, 5 connections open, 50 allowed, 150 ms to connect:
               how many connections there are afterwards

${describeOptions(OPTIONS)}
`

/** `npm run bench -- pool`. */
export const pool: Benchmark = {
  help: HELP,
  async run(args, { stdout, signal }) {
    const options = parseOptions(OPTIONS, args)
    const chosen = peers(options.peers)
    const { cpuModel, cpus, loadAverage } = machineFacts()
    stdout.write(
      `${cpus} × ${cpuModel}, load ${loadAverage.join(' ')}, Node.js ${process.version}\n\n`,
    )
    await using server = await ownServer()
    const target = targetOf(server)
    const [rounds, pairs] = options.quick ? [3, 5_000] : [9, 10_000]
    const uncontended = await measureUncontended(chosen, target, rounds, pairs)
    const own = uncontended.get('sluice')?.turnUs ?? Number.NaN
    const rows: string[][] = []
    for (const peer of chosen) {
      signal.throwIfAborted()
      const queue = await measureQueue(peer, target, options.quick ? 200 : 1_000)
      const spike = await measureSpike(peer, target)
      const { turnUs = Number.NaN, coldStall } = uncontended.get(peer.name) ?? {}
      rows.push([
        peer.name,
        `${turnUs.toFixed(2)} µs (${(turnUs / own).toFixed(1)}x)`,
        `${coldStall?.ms.toFixed(1)} / ${coldStall?.ownMs.toFixed(1)} ms`,
        `${queue.outOfOrder}`,
        `${queue.p50.toFixed(0)} / ${queue.p99.toFixed(0)} / ${queue.longest.toFixed(0)} ms`,
        `${spike.opened}`,
        `${spike.totalMs.toFixed(0)} ms`,
      ])
    }
    stdout.write(
      textTable(
        [
          { heading: 'driver', align: 'left' },
          { heading: 'acquire + release, CPU', align: 'right' },
          { heading: 'ten opened: stall / own', align: 'right' },
          { heading: 'out of order', align: 'right' },
          { heading: 'wait p50 / p99 / longest', align: 'right' },
          { heading: 'spike: connections', align: 'right' },
          { heading: 'spike: time', align: 'right' },
        ],
        rows,
      ),
    )
  },
}
