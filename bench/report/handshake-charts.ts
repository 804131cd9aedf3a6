import type { Comparison, HandshakeResult, TransportResult } from '../handshake/result.js'
import type { Latency } from '../support/statistics.js'
import { type BarChart, type Group, greatest, type Row } from './bar-chart.js'
import { formatCount, formatFactor, formatMs } from './format.js'
import type { Tone } from './palette.js'
import { apiTitle, PARTS, splitFresh } from './wording.js'

/** p50 and p95 of one request at a time, fresh and pooled, on each transport. */
export function latencyChart({ transports }: HandshakeResult): BarChart {
  const all = Object.values(transports)
  return {
    id: 'latency',
    title: 'Time of one request: fresh connection against pool',
    description: all
      .map(
        ({ label, fresh, pooled }) =>
          `${label}: fresh ${formatMs(fresh.p50)}, pooled ${formatMs(pooled.p50)}.`,
      )
      .join(' '),
    groups: all.map(({ label, fresh, pooled }) => ({
      title: label,
      rows: [
        latencyRow('Fresh', formatMs(fresh.p50), fresh, 'fresh'),
        latencyRow(
          'Pooled',
          `${formatMs(pooled.p50)}, ${formatFactor(fresh.p50 / pooled.p50)} as fast`,
          pooled,
          'pooled',
        ),
      ],
    })),
  }
}

function latencyRow(name: string, value: string, { p50, p95 }: Latency, tone: Tone): Row {
  return { name, value, bars: [{ segments: [{ value: p50, tone }], whisker: p95 }] }
}

/** The parts of a fresh request on each transport, stacked. */
export function phaseChart({ transports }: HandshakeResult): BarChart {
  const all = Object.values(transports)
  return {
    id: 'phases',
    title: "Where a fresh connection's time goes",
    description: all.map(describePhases).join(' '),
    groups: [
      {
        title: '',
        rows: all.map((transport) => ({
          name: transport.label,
          value: formatMs(transport.fresh.p50),
          bars: [{ segments: splitFresh(transport) }],
        })),
      },
    ],
  }
}

function describePhases(transport: TransportResult): string {
  const parts = PARTS.filter((part) => part.of(transport) > 0)
  const texts = parts.map((part) => `${part.label.toLowerCase()} ${formatMs(part.of(transport))}`)
  return `${transport.label}: ${texts.join(', ')}.`
}

/** Requests per second by transport and concurrency: one chart per transport, on one scale. */
export function throughputCharts({ transports }: HandshakeResult): BarChart[] {
  const all = Object.entries(transports).map(([name, transport]) => {
    const levels: [string, Comparison][] = [
      ['1', transport],
      ...Object.entries(transport.concurrency),
    ]
    return { name, label: transport.label, levels }
  })
  const groups = all.map(
    ({ label, levels }): Group => ({
      title: label,
      rows: levels.map(([concurrency, comparison]) => throughputRow(concurrency, comparison)),
    }),
  )
  const scaleTo = greatest(groups)
  return all.map(({ name, label, levels }, i) => ({
    id: `throughput-${name}`,
    title: `Requests per second: ${label}`,
    description: levels
      .map(
        ([concurrency, { fresh, pooled }]) =>
          `${concurrency} at once: fresh ${formatCount(fresh.perSecond)}, pooled ${formatCount(pooled.perSecond)}.`,
      )
      .join(' '),
    groups: groups.slice(i, i + 1),
    scaleTo,
  }))
}

function throughputRow(concurrency: string, { fresh, pooled }: Comparison): Row {
  return {
    name: `${concurrency} at once`,
    value: `${formatCount(fresh.perSecond)} → ${formatCount(pooled.perSecond)}`,
    bars: [
      { segments: [{ value: fresh.perSecond, tone: 'fresh' }] },
      { segments: [{ value: pooled.perSecond, tone: 'pooled' }] },
    ],
  }
}

/** p50 and p99 of the web-API scenario. */
export function apiChart(result: HandshakeResult): BarChart {
  const { fresh, pooled, small } = result.api
  const row = (name: string, latency: Latency, tone: Tone): Row => ({
    name,
    value: `${formatMs(latency.p50)}, p99 ${formatMs(latency.p99)}`,
    bars: [{ segments: [{ value: latency.p50, tone }], whisker: latency.p99 }],
  })
  const rows = [
    row('Fresh', fresh, 'fresh'),
    row(`Pool of ${pooled.minSize} to ${pooled.maxSize}`, pooled, 'pooled'),
    row(`Pool of ${small.maxSize}`, small, 'pooled'),
  ]
  return {
    id: 'api',
    title: `Web API: ${apiTitle(result)}`,
    description:
      `${rows.map(({ name, value }) => `${name}: p50 ${value}.`).join(' ')} ` +
      `The pool of ${small.maxSize} served ${small.served} requests; ${small.timedOut} gave up.`,
    groups: [{ title: '', rows }],
  }
}
