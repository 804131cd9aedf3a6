import { createPool } from '../../dist/index.js'
import type { PeerTarget } from '../pool/peers.js'
import { median, percentile } from '../support/statistics.js'

/** What callers ask for. */
export interface Mix {
  readonly name: string
  /** Which share of the queries takes 200 ms, 0 to 1; the others take some 0.2 ms. */
  readonly slowShare: number
}

/** How one setting fared in one round. */
export interface PipeliningResult {
  /** Queries a second. */
  readonly rate: number
  /** CPU time of this process per query, in µs. */
  readonly cpuUs: number
  readonly shortP50: number
  readonly shortP99: number
}

const SHORT = 'select count(*) from generate_series(1, 1500)'
const SLOW = 'select pg_sleep(0.2)'

/** `callers` that ask again and again on ten connections, for so long. */
export async function measurePipelining(
  target: PeerTarget,
  pipelining: number | false,
  { slowShare }: Mix,
  callers: number,
  durationMs: number,
): Promise<PipeliningResult> {
  const { password, ...rest } = target
  await using pool = await createPool({
    ...rest,
    ...(password !== undefined && { password }),
    ssl: 'disable',
    minSize: 10,
    maxSize: 10,
    pipelining,
  })
  await Promise.all(Array.from({ length: 20 }, () => pool.fetchval(SHORT)))
  const durations: number[] = []
  let count = 0
  const before = process.cpuUsage()
  const begin = performance.now()
  const caller = async (index: number) => {
    const every = slowShare === 0 ? Number.POSITIVE_INFINITY : Math.round(1 / slowShare)
    for (let i = index; performance.now() - begin < durationMs; i++) {
      const isSlow = i % every === every - 1
      const started = performance.now()
      await pool.fetchval(isSlow ? SLOW : SHORT)
      if (!isSlow) durations.push(performance.now() - started)
      count += 1
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)))
  const elapsedMs = performance.now() - begin
  const { user, system } = process.cpuUsage(before)
  return {
    rate: (count / elapsedMs) * 1000,
    cpuUs: (user + system) / count,
    shortP50: median(durations),
    shortP99: percentile(durations, 0.99),
  }
}
