import { type Latency, median, summarize } from './statistics.js'

/** How much to ask of a request: how many at once, how many in all, and when to stop early. */
export interface Load {
  readonly concurrency: number
  readonly requests: number
  /** No request starts later than this many ms after the first. */
  readonly limitMs: number
  readonly signal: AbortSignal
}

/**
 * Runs a request again and again in `concurrency` loops and times each run.
 *
 * Every loop runs at least one request whatever the limit. When one request fails, no more are
 * started, and the promise rejects with its error after those under way have ended.
 */
export async function runLoad(load: Load, request: () => Promise<void>): Promise<Latency> {
  const durations: number[] = []
  let started = 0
  let isStopped = false
  const begin = performance.now()

  const loop = async (): Promise<void> => {
    do {
      started++
      const start = performance.now()
      try {
        await request()
      } catch (error) {
        isStopped = true
        throw error
      }
      const end = performance.now()
      durations.push(end - start)
      isStopped ||= end - begin > load.limitMs
      load.signal.throwIfAborted()
    } while (!isStopped && started < load.requests)
  }

  const outcomes = await Promise.allSettled(Array.from({ length: load.concurrency }, loop))
  const elapsedMs = performance.now() - begin
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return summarize(durations, elapsedMs)
}

/** Named durations in ms, collected one by one and read as medians. */
export class Stopwatches<Name extends string> {
  readonly #samples = new Map<Name, number[]>()

  add(name: Name, durationMs: number): void {
    const samples = this.#samples.get(name)
    if (samples === undefined) this.#samples.set(name, [durationMs])
    else samples.push(durationMs)
  }

  /** Adds the medians of others: a round's to those of all rounds. */
  addMedians(round: Stopwatches<Name>): void {
    for (const name of round.#samples.keys()) this.add(name, round.median(name))
  }

  /** The median of what was added under the name; 0 if nothing was. */
  median(name: Name): number {
    const samples = this.#samples.get(name)
    return samples === undefined ? 0 : median(samples)
  }
}
