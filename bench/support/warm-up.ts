/** In so many measurements in a row none costs clearly less than the best before it: the compiler has seen enough. */
const IDLE_ROUNDS = 3
const GAIN = 0.95

/** Measures until it gets no cheaper, but for no more than `maxMs`. */
export async function warmUp(measureCost: () => Promise<number>, maxMs: number): Promise<void> {
  const end = performance.now() + maxMs
  let best = Number.POSITIVE_INFINITY
  let idleRounds = 0
  while (performance.now() < end && idleRounds < IDLE_ROUNDS) {
    const cost = await measureCost()
    idleRounds = cost < best * GAIN ? 0 : idleRounds + 1
    best = Math.min(best, cost)
  }
}
