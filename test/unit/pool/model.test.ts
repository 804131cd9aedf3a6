import { expect, test } from 'vitest'
import { Simulation } from './simulation.js'

/** `SLUICE_SEED=n` replays one run, `SLUICE_SEEDS=n` makes that many. */
const { SLUICE_SEED: replayed, SLUICE_SEEDS: count = '2000' } = process.env
const seeds =
  replayed === undefined
    ? Array.from({ length: Number(count) }, (_, index) => index + 1)
    : [Number(replayed)]

test(`whatever happens, the pool keeps its promises (${seeds.length} random runs)`, async () => {
  for (const seed of seeds) {
    try {
      await new Simulation(seed).run()
    } catch (error) {
      expect.fail(`SLUICE_SEED=${seed}: ${error instanceof Error ? error.message : error}`)
    }
  }
}, 600_000)
