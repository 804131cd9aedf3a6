import { connect, createPool, type Pool, PoolTimeoutError } from '../../dist/index.js'
import { type Latency, median, medianOfRounds, summarize } from '../support/statistics.js'
import type { ApiResult } from './result.js'
import type { HandshakeSettings } from './settings.js'

/** What the scenario needs to know. */
export interface ApiScenario {
  readonly transport: string
  readonly dsn: string
  /** Requests that start at once. */
  readonly requests: number
  readonly settings: HandshakeSettings['api']
  readonly signal: AbortSignal
  /** Called before each burst with the number of bursts already done. */
  onBurst(done: number): void
}

/** Measures bursts of requests without a pool, with a good one, and with one that is too small. */
export async function runApiScenario(scenario: ApiScenario): Promise<ApiResult> {
  const { dsn, settings } = scenario
  const { minSize, maxSize, smallSize, acquireTimeout } = settings
  const pool = await createPool(dsn, { minSize, maxSize })
  try {
    const small = await createPool(dsn, {
      minSize: smallSize,
      maxSize: smallSize,
      acquireTimeout,
    })
    try {
      return await measureBursts(scenario, pool, small)
    } finally {
      await small.close()
    }
  } finally {
    await pool.close()
  }
}

async function measureBursts(scenario: ApiScenario, pool: Pool, small: Pool): Promise<ApiResult> {
  const { dsn, requests, settings, signal } = scenario
  const query = `select 1 from pg_sleep(${settings.queryMs / 1000})`
  const fetchFresh = async (): Promise<void> => {
    const connection = await connect(dsn)
    await connection.fetchval(query)
    await connection.close()
  }
  const fetchFrom = (from: Pool) => async (): Promise<void> => {
    await from.fetchval(query)
  }

  const firstBurst = await burst(requests, fetchFrom(pool))
  const bursts: Record<'fresh' | 'pooled' | 'small', Burst[]> = { fresh: [], pooled: [], small: [] }
  for (let i = 0; i < settings.bursts; i++) {
    scenario.onBurst(i)
    signal.throwIfAborted()
    bursts.fresh.push(await burst(requests, fetchFresh))
    signal.throwIfAborted()
    bursts.pooled.push(await burst(requests, fetchFrom(pool)))
    bursts.small.push(await burst(requests, fetchFrom(small)))
  }

  const fresh = medianOfRounds(bursts.fresh.map(({ latency }) => latency))
  const pooled = medianOfRounds(bursts.pooled.map(({ latency }) => latency))
  const timedOut = Math.round(median(bursts.small.map((one) => one.timedOut)))
  return {
    transport: scenario.transport,
    requests,
    queryMs: settings.queryMs,
    fresh,
    pooled: {
      ...pooled,
      minSize: settings.minSize,
      maxSize: settings.maxSize,
      firstBurst: firstBurst.latency,
    },
    small: {
      ...medianOfRounds(bursts.small.map(({ latency }) => latency)),
      maxSize: settings.smallSize,
      acquireTimeout: settings.acquireTimeout,
      served: requests - timedOut,
      timedOut,
    },
    saved: 1 - pooled.p50 / fresh.p50,
  }
}

/** Requests that started together: the latency of the served ones, and how many were not. */
interface Burst {
  readonly latency: Latency
  readonly timedOut: number
}

async function burst(requests: number, request: () => Promise<void>): Promise<Burst> {
  const served: number[] = []
  const begin = performance.now()
  const one = async (): Promise<void> => {
    await request()
    served.push(performance.now() - begin)
  }
  const outcomes = await Promise.allSettled(Array.from({ length: requests }, one))
  const elapsedMs = performance.now() - begin
  for (const outcome of outcomes) {
    const isFailure = outcome.status === 'rejected'
    if (isFailure && !(outcome.reason instanceof PoolTimeoutError)) throw outcome.reason
  }
  return { latency: summarize(served, elapsedMs), timedOut: requests - served.length }
}
