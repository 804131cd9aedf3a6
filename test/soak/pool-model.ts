import { Simulation } from '../unit/pool/simulation.js'
import type { Soak } from './soak.js'

/** The model test of the pool with seeds that no other run had. */
export const soakPoolModel: Soak = async (signal) => {
  const first = Math.floor(Math.random() * 2 ** 31)
  let seed = first
  for (; !signal.aborted; seed++) {
    try {
      await new Simulation(seed).run()
    } catch (error) {
      throw new Error(`SLUICE_SEED=${seed} fails`, { cause: error })
    }
    // Lets the deadline pass.
    if (seed % 100 === 0) await new Promise(setImmediate)
  }
  return `${seed - first} random runs`
}
