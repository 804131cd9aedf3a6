import { createPool } from '../../../src/index.js'
import { Chance } from '../../unit/pool/chance.js'
import { runTeller } from './teller.js'

/** What a process of tellers is told. */
export interface ClientTask {
  readonly name: string
  readonly dsn: string
  readonly seed: number
  readonly tellers: number
}

/** What it tells: the method of `TellerEvents`, and its argument. */
export type ClientMessage = readonly [event: string, argument?: string]

/*
 * A process of tellers, to be killed at any time. What it has not told by then nobody counts on.
 */
process.on('disconnect', () => process.exit(1))
process.once('message', async ({ name, dsn, seed, tellers }: ClientTask) => {
  const tell = (...message: ClientMessage) => void process.send?.(message)
  const events = {
    onCommitted: (id: string) => tell('onCommitted', id),
    onDoubt: () => tell('onDoubt'),
    onResolved: () => tell('onResolved'),
    onFailure: () => tell('onFailure'),
    onDefect: (what: string) => tell('onDefect', what),
  }
  const pool = await createPool(dsn, { minSize: 0, maxSize: 4 })
  for (let i = 0; i < tellers; i++) {
    const chance = new Chance(seed + i)
    void runTeller(`${name}.${i}`, pool, chance, events, new AbortController().signal)
  }
})
