/** The upper bounds, in ms, of the buckets of a {@link Histogram}: 0.125 ms and its doubles up to 131 s. */
export const HISTOGRAM_BOUNDS: readonly number[] = Object.freeze(
  Array.from({ length: 21 }, (_, index) => 0.125 * 2 ** index),
)

/** A copy of a {@link Histogram}. */
export interface HistogramSnapshot {
  /** How many durations were recorded. */
  readonly count: number
  /** Their sum, in ms. */
  readonly sum: number
  /** Upper bounds of the buckets, in ms, each inclusive. The last bucket has none. */
  readonly bounds: readonly number[]
  /** How many durations fell into each bucket; one more than there are bounds. */
  readonly buckets: readonly number[]
}

/** Durations counted in buckets of fixed, doubling widths. Recording allocates nothing. */
export class Histogram {
  readonly #buckets = new Float64Array(HISTOGRAM_BOUNDS.length + 1)
  #count = 0
  #sum = 0

  /** Counts one duration of `ms`; a clock that went back counts as 0. */
  record(ms: number): void {
    const eighths = Math.ceil(ms * 8)
    // clz32 takes 32 bits, which 2³¹ eighths of a millisecond, some three days, fit into.
    const index = eighths <= 1 ? 0 : 32 - Math.clz32(Math.min(eighths, 0x7fffffff) - 1)
    const bucket = Math.min(index, HISTOGRAM_BOUNDS.length)
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
    this.#count += 1
    if (ms > 0) this.#sum += ms
  }

  snapshot(): HistogramSnapshot {
    return {
      count: this.#count,
      sum: this.#sum,
      bounds: HISTOGRAM_BOUNDS,
      buckets: [...this.#buckets],
    }
  }
}
