import type { HistogramSnapshot } from './histogram.js'
import type { Pool } from './pool.js'
import type { ResourcePoolStats } from './resource-pool-stats.js'

type Figure = readonly [
  name: string,
  type: 'gauge' | 'counter' | 'histogram',
  help: string,
  lines: (stats: ResourcePoolStats, name: string, pool: string) => string[],
]

const one =
  (read: (stats: ResourcePoolStats) => number) =>
  (stats: ResourcePoolStats, name: string, pool: string): string[] => [
    `${name}{${pool}} ${read(stats)}`,
  ]

const FIGURES: readonly Figure[] = [
  ['sluice_pool_connections', 'gauge', 'Connections by state.', connections],
  ['sluice_pool_min_size', 'gauge', 'Connections kept open.', one((stats) => stats.minSize)],
  ['sluice_pool_max_size', 'gauge', 'Most connections at once.', one((stats) => stats.maxSize)],
  ['sluice_pool_waiting', 'gauge', 'Callers that wait.', one((stats) => stats.waiting)],
  ['sluice_pool_acquired_total', 'counter', 'Connections lent.', one((stats) => stats.acquired)],
  [
    'sluice_pool_released_total',
    'counter',
    'Connections given back.',
    one((stats) => stats.released),
  ],
  ['sluice_pool_created_total', 'counter', 'Connections opened.', one((stats) => stats.created)],
  [
    'sluice_pool_create_failed_total',
    'counter',
    'Connections that could not be opened.',
    one((stats) => stats.createFailed),
  ],
  [
    'sluice_pool_timed_out_total',
    'counter',
    'Callers past their deadline.',
    one((s) => s.timedOut),
  ],
  ['sluice_pool_aborted_total', 'counter', 'Callers that gave up.', one((stats) => stats.aborted)],
  [
    'sluice_pool_refused_total',
    'counter',
    'Callers refused at once.',
    one((stats) => stats.refused),
  ],
  ['sluice_pool_shed_total', 'counter', 'Callers shed under overload.', one((stats) => stats.shed)],
  ['sluice_pool_destroyed_total', 'counter', 'Connections closed, by reason.', destroyed],
  ['sluice_pool_wait_seconds', 'histogram', 'Waiting of callers.', histogram((s) => s.waitTime)],
  ['sluice_pool_use_seconds', 'histogram', 'Length of loans.', histogram((s) => s.useTime)],
  ['sluice_pool_create_seconds', 'histogram', 'Opening.', histogram((s) => s.createTime)],
]

/**
 * The figures of pools in Prometheus's text format 0.0.4, to be served as
 * `text/plain; version=0.0.4`. Each pool is labelled with its `name`.
 */
export function prometheusMetrics(...pools: readonly Pool[]): string {
  const all = pools.map((pool) => ({
    stats: pool.stats(),
    label: `pool="${escapeLabel(pool.name)}"`,
  }))
  return FIGURES.map(([name, type, help, lines]) =>
    [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...all.flatMap(({ stats, label }) => lines(stats, name, label)),
      '',
    ].join('\n'),
  ).join('')
}

function connections(stats: ResourcePoolStats, name: string, pool: string): string[] {
  return (['idle', 'lent', 'creating'] as const).map(
    (state) => `${name}{${pool},state="${state}"} ${stats[state]}`,
  )
}

function destroyed(stats: ResourcePoolStats, name: string, pool: string): string[] {
  return Object.entries(stats.destroyed).map(
    ([reason, count]) => `${name}{${pool},reason="${reason}"} ${count}`,
  )
}

function histogram(read: (stats: ResourcePoolStats) => HistogramSnapshot): Figure[3] {
  return (stats, name, pool) => {
    const { bounds, buckets, count, sum } = read(stats)
    let below = 0
    const lines = bounds.map((bound, i) => {
      below += buckets[i] ?? 0
      return `${name}_bucket{${pool},le="${bound / 1000}"} ${below}`
    })
    return [
      ...lines,
      `${name}_bucket{${pool},le="+Inf"} ${count}`,
      `${name}_sum{${pool}} ${sum / 1000}`,
      `${name}_count{${pool}} ${count}`,
    ]
  }
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}
