import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Peer, PeerTarget } from './peers.js'

/** What a process that takes turns is told. */
export interface TurnsOrder {
  readonly peer: string
  readonly target: PeerTarget
  readonly pairs: number
}

/** For how long a turn of the event loop kept everything else waiting. */
export interface Stall {
  readonly ms: number
  /** As much as the process took itself; for the rest it waited for a processor. */
  readonly ownMs: number
}

const WORKER = fileURLToPath(new URL('turns-worker.ts', import.meta.url))

/**
 * A process that acquires and releases by one driver: in one process the garbage of each would be
 * counted among all.
 */
export class Turns {
  readonly #child
  readonly #exited: Promise<never>

  private constructor(order: TurnsOrder) {
    this.#child = fork(WORKER, { serialization: 'advanced' })
    this.#exited = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`the process of a pool ended with ${code}`)
    })
    this.#exited.catch(() => {})
    this.#child.send(order)
  }

  /** Opens a pool with a connection that is free, and warms up. */
  static async start(peer: Peer, target: PeerTarget, pairs: number): Promise<Turns> {
    const turns = new Turns({ peer: peer.name, target, pairs })
    await turns.#answer<number>()
    return turns
  }

  /** A round: µs of CPU for each pair. */
  async measure(): Promise<number> {
    this.#child.send('measure')
    return this.#answer<number>()
  }

  /** Opens ten connections at once: the longest turn meanwhile. */
  async openCold(): Promise<Stall> {
    this.#child.send('cold')
    return this.#answer<Stall>()
  }

  async #answer<T>(): Promise<T> {
    const [answer] = await Promise.race([once(this.#child, 'message'), this.#exited])
    return answer as T
  }

  async end(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.send('end')
    await exited
  }
}
