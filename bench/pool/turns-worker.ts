/** The process of {@link Turns}: gets its order, then says what each round cost. */
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { runDelayMs } from '../support/run-delay.js'
import { type Peer, type PeerPool, type PeerTarget, peers } from './peers.js'
import type { Stall, TurnsOrder } from './turns.js'

async function measure(pool: PeerPool, pairs: number): Promise<number> {
  const before = process.cpuUsage()
  await pool.turn(pairs)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / pairs
}

/** Opens a pool of ten connections that are all in use. */
async function measureColdPool(peer: Peer, target: PeerTarget): Promise<Stall> {
  let ms = 0
  let ownMs = 0
  let before = performance.now()
  let delayBefore = runDelayMs()
  let isOver = false
  const tick = (): void => {
    if (isOver) return
    const now = performance.now()
    const delay = runDelayMs()
    ms = Math.max(ms, now - before)
    ownMs = Math.max(ownMs, now - before - (delay - delayBefore))
    before = now
    delayBefore = delay
    setImmediate(tick)
  }
  setImmediate(tick)
  const pool = await peer.open(target, { min: 10, max: 10 })
  const ten = await Promise.all(Array.from({ length: 10 }, () => pool.acquire()))
  await nextTurn()
  isOver = true
  for (const connection of ten) connection.release()
  await pool.close()
  return { ms, ownMs }
}

const [order] = (await once(process, 'message')) as [TurnsOrder]
const peer = peers(true).find(({ name }) => name === order.peer)
if (peer === undefined) throw new Error(`there is no driver ${order.peer}`)
const pool = await peer.open(order.target, { min: 1, max: 10 })
await pool.query('select 1')
// Until the compiler has seen enough of it.
await pool.turn(30 * order.pairs)
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
