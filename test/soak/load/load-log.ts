import { textTable } from '../../../bench/report/text-table.js'
import type { FaultEvent } from '../../reliability/fault-injector.js'
import type { LoadFailure, LoadMessage, LoadReport, LoadSample } from './messages.js'

/** How long after a fault a call may still fail of it, in ms: the pool's pauses, and calls that had waited. */
const AFTERMATH_MS = 5_000
/** What memory and handles may have more in the last quarter than in the second. */
const GROWTH = { share: 0.1, rss: 16 * 2 ** 20, heapUsed: 6 * 2 ** 20, sockets: 5, timers: 20 }

const MEASURES = ['rss', 'heapUsed', 'sockets', 'timers'] as const
type Measure = (typeof MEASURES)[number]

/** What the process of the callers has told. */
export class LoadLog {
  readonly samples: LoadSample[] = []
  readonly failures: LoadFailure[] = []
  readonly hung: string[] = []
  readonly uncaught: string[] = []
  report: LoadReport | undefined

  take({ sample, failure, hung, uncaught, report }: LoadMessage): void {
    if (sample !== undefined) this.samples.push(sample)
    if (failure !== undefined) this.failures.push(failure)
    if (hung !== undefined) this.hung.push(hung)
    if (uncaught !== undefined) this.uncaught.push(uncaught)
    if (report !== undefined) this.report = report
  }

  /** Calls and failures by operation, and the course of memory and handles. */
  table(): string {
    const counts = this.report?.counts ?? {}
    const calls = Object.entries(counts).map(([name, count]) => [
      name,
      `${count}`,
      `${this.failures.filter(({ call }) => call === name).length}`,
    ])
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
    calls.push(['all', `${total}`, `${this.failures.length}`])
    const quarters = MEASURES.map((measure) => [
      measure,
      ...[1, 2, 3, 4].map((quarter) => format(measure, medianOf(this.samples, quarter, measure))),
    ])
    const right = (heading: string) => ({ heading, align: 'right' }) as const
    return [
      textTable([{ heading: 'calls', align: 'left' }, right('done'), right('failed')], calls),
      textTable(
        [
          { heading: 'median of', align: 'left' },
          ...['1st', '2nd', '3rd', '4th quarter'].map(right),
        ],
        quarters,
      ),
    ].join('\n')
  }
}

/** Whether there was a fault that a failure can come of. */
export function isExplained({ atMs }: LoadFailure, faults: readonly FaultEvent[]): boolean {
  return faults.some(({ beganMs, endedMs }) => atMs >= beganMs && atMs <= endedMs + AFTERMATH_MS)
}

/** What has grown from the second quarter to the last. */
export function judgeGrowth(samples: readonly LoadSample[]): string[] {
  return MEASURES.flatMap((measure) => {
    const early = medianOf(samples, 2, measure)
    const late = medianOf(samples, 4, measure)
    const allowed = Math.max(early * GROWTH.share, GROWTH[measure])
    if (late - early <= allowed) return []
    return [`${measure} grew from ${format(measure, early)} to ${format(measure, late)}`]
  })
}

function medianOf(samples: readonly LoadSample[], quarter: number, measure: Measure): number {
  const size = samples.length / 4
  const values = samples
    .slice(Math.floor((quarter - 1) * size), Math.floor(quarter * size))
    .map((sample) => sample[measure])
    .sort((a, b) => a - b)
  return values[Math.floor(values.length / 2)] ?? 0
}

function format(measure: Measure, value: number): string {
  const isBytes = measure === 'rss' || measure === 'heapUsed'
  return isBytes ? `${(value / 2 ** 20).toFixed(1)} MiB` : `${value}`
}
