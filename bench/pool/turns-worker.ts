/** The process of {@link Turns}: gets its order, then says how long each round took. */
import { once } from 'node:events'
import { type PeerPool, peers } from './peers.js'
import type { TurnsOrder } from './turns.js'

async function measure(pool: PeerPool, pairs: number): Promise<number> {
  const before = process.cpuUsage()
  await pool.turn(pairs)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / pairs
}

const [order] = (await once(process, 'message')) as [TurnsOrder]
const peer = peers(true).find(({ name }) => name === order.peer)
if (peer === undefined) throw new Error(`there is no driver ${order.peer}`)
const pool = await peer.open(order.target, { min: 1, max: 10 })
await pool.query('select 1')
// Until the compiler has seen enough of it.
await pool.turn(6 * order.pairs)
process.send?.(await measure(pool, order.pairs))
for (;;) {
  const [command] = await once(process, 'message')
  if (command === 'end') break
  process.send?.(await measure(pool, order.pairs))
}
await pool.close()
process.disconnect()
