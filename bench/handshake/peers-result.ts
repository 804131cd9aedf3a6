import type { Machine } from '../support/machine.js'

/** What `--peers` measured. */
export interface PeersResult {
  readonly server: string
  readonly node: string
  readonly machine: Machine
  /** The version of TLS and the cipher. */
  readonly tls: string
  readonly rounds: number
  /** Fresh connections per contender and round. */
  readonly requests: number
  /** Medians of the rounds, for one connection with its query. */
  readonly contenders: readonly {
    readonly name: string
    readonly cpuMs: number
    readonly wallMs: number
  }[]
  /** Our CPU as a share of the other's: the median over the rounds. */
  readonly cpuRatio: number
  /** The share it should stay below. */
  readonly mostCpu: number
}

/** The figures as text for a terminal. */
export function peersText(result: PeersResult): string {
  const { server, node, machine, tls, rounds, requests, contenders, cpuRatio, mostCpu } = result
  const rows = contenders.map(
    ({ name, cpuMs, wallMs }) =>
      `  ${name.padEnd(12)} ${cpuMs.toFixed(2).padStart(7)} ms ${wallMs.toFixed(2).padStart(9)} ms`,
  )
  return [
    'Fresh connection with TLS and SCRAM, one query, close; one at a time from one pool',
    `${server}, ${tls}; Node.js ${node}; ${machine.cpus} × ${machine.cpuModel}, load ${machine.loadAverage.join(' ')}`,
    `Medians of ${rounds} interleaved rounds of ${requests}`,
    '',
    `  ${''.padEnd(12)} ${'client CPU'.padStart(10)} ${'time'.padStart(11)}`,
    ...rows,
    '',
    `  CPU ratio ${cpuRatio.toFixed(2)} (at most ${mostCpu}): ${cpuRatio <= mostCpu ? 'held' : 'missed'}`,
    '',
  ].join('\n')
}
