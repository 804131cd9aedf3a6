import { CLAIM_TEXT, verdicts } from '../handshake/claim.js'
import type { HandshakeResult } from '../handshake/result.js'
import type { Latency } from '../support/statistics.js'
import { formatCount, formatMs, formatPhase, formatShare } from './format.js'
import { type TextColumn, textTable } from './text-table.js'
import { apiTitle, PARTS, PHASE_METHOD, requestMethod } from './wording.js'

const left = (heading: string): TextColumn => ({ heading, align: 'left' })
const right = (heading: string): TextColumn => ({ heading, align: 'right' })

/** The result as tables for a terminal. */
export function handshakeText(result: HandshakeResult): string {
  return [
    `${facts(result)}\n`,
    'Fresh connection per request against a pool\n',
    latencyTable(result),
    "Where a fresh connection's time goes (one at a time, medians)\n",
    phaseTable(result),
    `Web API: ${apiTitle(result)}\n`,
    apiTable(result),
    `The claim: ${CLAIM_TEXT}\n`,
    textTable(
      [left('measured'), right('saved'), left('the claim')],
      verdicts(result).map(({ subject, saved, outcome }) => [subject, saved, outcome]),
    ),
    footnotes(result),
  ].join('\n')
}

function facts({ server, node, machine }: HandshakeResult): string {
  const load = machine.loadAverage.map((one) => one.toFixed(2)).join(' ')
  return `${server} · Node.js ${node} · ${machine.cpus} CPUs (${machine.cpuModel}) · load average ${load}`
}

function latencyTable({ transports }: HandshakeResult): string {
  const columns = [
    left('transport'),
    right('at once'),
    left('connection'),
    right('p50'),
    right('p95'),
    right('p99'),
    right('requests/s'),
    right('setting up'),
    right('saved'),
  ]
  const rows = Object.entries(transports).flatMap(([name, transport]) => {
    const levels = Object.entries(transport.concurrency)
    return [
      ['fresh', transport.fresh, name, '1', formatShare(transport.setupShare), ''] as const,
      ['pooled', transport.pooled, '', '', '', formatShare(transport.saved)] as const,
      ...levels.flatMap(([concurrency, { fresh, pooled, saved }]) => [
        ['fresh', fresh, '', concurrency, '', ''] as const,
        ['pooled', pooled, '', '', '', formatShare(saved)] as const,
      ]),
    ].map(([kind, latency, title, concurrency, setup, saved]) => [
      title,
      concurrency,
      kind,
      ...latencyCells(latency),
      setup,
      saved,
    ])
  })
  return textTable(columns, rows)
}

function latencyCells({ p50, p95, p99, perSecond }: Latency): string[] {
  return [formatMs(p50), formatMs(p95), formatMs(p99), formatCount(perSecond)]
}

function phaseTable({ transports }: HandshakeResult): string {
  const columns = [left('transport'), ...PARTS.map(({ label }) => right(label))]
  const rows = Object.entries(transports).map(([name, transport]) => [
    name,
    ...PARTS.map((part) => formatPhase(part.of(transport))),
  ])
  return textTable(columns, rows)
}

function apiTable({ api }: HandshakeResult): string {
  const { fresh, pooled, small, requests } = api
  const columns = [
    left('connection'),
    right('p50'),
    right('p95'),
    right('p99'),
    right('requests/s'),
    right('served'),
    right('PoolTimeoutError'),
  ]
  return textTable(columns, [
    ['fresh', ...latencyCells(fresh), `${requests}`, '0'],
    [`pool of ${pooled.minSize} to ${pooled.maxSize}`, ...latencyCells(pooled), `${requests}`, '0'],
    ['  its first burst', ...latencyCells(pooled.firstBurst), `${requests}`, '0'],
    [
      `pool of ${small.maxSize}, gives up after ${small.acquireTimeout} ms`,
      ...latencyCells(small),
      `${small.served}`,
      `${small.timedOut}`,
    ],
  ])
}

function footnotes(result: HandshakeResult): string {
  const { method, leftOut, notes } = result
  const lines = [
    requestMethod(result),
    'Setting up: share of the fresh request spent in connect. Saved: share of the fresh p50 that pooling removes.',
    `Medians over ${method.rounds} interleaved rounds. ${PHASE_METHOD}`,
    ...leftOut.map(({ transport, reason }) => `Left out: ${transport}: ${reason}`),
    ...notes,
  ]
  return `${lines.join('\n')}\n`
}
