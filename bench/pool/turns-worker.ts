/** The process of {@link Turns}: gets its order, then says what each round cost. */
import { once } from 'node:events'
import { type Peer, type PeerPool, type PeerTarget, peers } from './peers.js'
import type { TurnsOrder } from './turns.js'

async function measure(pool: PeerPool, pairs: number): Promise<number> {
  const before = process.cpuUsage()
  await pool.turn(pairs)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / pairs
}

/** Opens a pool of ten connections that are all in use; gives for how long nothing else could run, in ms. */
async function measureColdPool(peer: Peer, target: PeerTarget): Promise<number> {
  let longest = 0
  let before = performance.now()
  let isOver = false
  const tick = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - before)
    before = now
    if (!isOver) setImmediate(tick)
  }
  setImmediate(tick)
  const pool = await peer.open(target, { min: 10, max: 10 })
  const ten = await Promise.all(Array.from({ length: 10 }, () => pool.acquire()))
  isOver = true
  for (const connection of ten) connection.release()
  await pool.close()
  return longest
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
  process.send?.(
    command === 'cold'
      ? await measureColdPool(peer, order.target)
      : await measure(pool, order.pairs),
  )
}
await pool.close()
process.disconnect()
