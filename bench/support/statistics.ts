/** Latency and throughput of many requests: percentiles in ms, requests per second. */
export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly perSecond: number
}

/**
 * The value below which the share `rank` (0 to 1) of the samples lies, interpolated linearly between
 * the two nearest samples (the definition of NumPy's and R's default).
 *
 * @throws {RangeError} if there are no samples.
 */
export function percentile(samples: readonly number[], rank: number): number {
  const sorted = Float64Array.from(samples).sort()
  return percentileOfSorted(sorted, rank)
}

function percentileOfSorted(sorted: Float64Array, rank: number): number {
  const position = (sorted.length - 1) * rank
  const below = sorted[Math.floor(position)]
  const above = sorted[Math.ceil(position)]
  if (below === undefined || above === undefined) throw new RangeError('there are no samples')
  return below + (above - below) * (position - Math.floor(position))
}

/** The middle of the samples. @throws {RangeError} if there are none. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5)
}

/** Percentiles of the durations (ms) of requests that took `elapsedMs` altogether. */
export function summarize(durations: readonly number[], elapsedMs: number): Latency {
  const sorted = Float64Array.from(durations).sort()
  return {
    p50: percentileOfSorted(sorted, 0.5),
    p95: percentileOfSorted(sorted, 0.95),
    p99: percentileOfSorted(sorted, 0.99),
    perSecond: (durations.length / elapsedMs) * 1000,
  }
}

/** Each figure's median over the rounds: one disturbed round moves nothing. */
export function medianOfRounds(rounds: readonly Latency[]): Latency {
  return {
    p50: median(rounds.map((round) => round.p50)),
    p95: median(rounds.map((round) => round.p95)),
    p99: median(rounds.map((round) => round.p99)),
    perSecond: median(rounds.map((round) => round.perSecond)),
  }
}
