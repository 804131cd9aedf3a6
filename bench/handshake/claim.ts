import { formatRange, formatShare } from '../report/format.js'
import type { HandshakeResult } from './result.js'

/** What is said about pooling, as shares of a request's time (0 to 1). */
export const CLAIM = { least: 0.7, most: 0.9 } as const

/** Whether the claim held, in words. */
export interface Verdict {
  readonly subject: string
  readonly saved: string
  /** Such as "held", "more than claimed". */
  readonly outcome: string
}

/** The claim in one sentence. */
export const CLAIM_TEXT = 'Pooling removes 70 to 90 % of the time of a short request.'

/** The claim beside what was measured: one request at a time, under load, and the web-API scenario. */
export function verdicts(result: HandshakeResult): Verdict[] {
  const transports = Object.values(result.transports)
  const concurrencies = Object.keys(transports[0]?.concurrency ?? {})
  const underLoad = concurrencies.map((concurrency) =>
    verdict(
      `${concurrency} requests at once`,
      transports.flatMap(({ concurrency: levels }) => levels[concurrency]?.saved ?? []),
    ),
  )
  const { api } = result
  return [
    verdict(
      'One request at a time',
      transports.map(({ saved }) => saved),
    ),
    ...underLoad,
    verdict(`${api.requests} at once, query of ${api.queryMs} ms`, [api.saved]),
  ]
}

function verdict(subject: string, saved: readonly number[]): Verdict {
  return { subject, saved: formatRange(saved, formatShare), outcome: judge(saved) }
}

function judge(saved: readonly number[]): string {
  const above = saved.filter((share) => share > CLAIM.most).length
  const below = saved.filter((share) => share < CLAIM.least).length
  if (above === saved.length) return 'more than claimed'
  if (below === saved.length) return 'less than claimed'
  if (above + below === 0) return 'held'
  return below === 0 ? 'held or exceeded' : 'held only in part'
}
