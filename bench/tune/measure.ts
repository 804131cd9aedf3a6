import { setTimeout as sleep } from 'node:timers/promises'
import type { Peer, PeerTarget } from '../pool/peers.js'
import { percentile } from '../support/statistics.js'

/** A load that arrives by chance. */
export interface Arrivals {
  /** Requests a second. */
  readonly rate: number
  /** How long each holds its connection, in ms. */
  readonly holdMs: number
  readonly durationMs: number
}

/** What a pool of one size made of it. */
export interface TuneResult {
  readonly size: number
  /** 99 of 100 waited less for a connection, in ms. */
  readonly p99: number
  /** Share of the time that its connections were in use. */
  readonly utilisation: number
}

/** Lets requests arrive at random (Poisson) and measures how long they wait for a connection. */
export async function measureSize(
  peer: Peer,
  target: PeerTarget,
  size: number,
  { rate, holdMs, durationMs }: Arrivals,
): Promise<TuneResult> {
  const pool = await peer.open(target, { min: size, max: size })
  const waits: number[] = []
  const pending: Promise<void>[] = []
  let usedMs = 0
  const request = async () => {
    const askedMs = performance.now()
    const connection = await pool.acquire()
    const gotMs = performance.now()
    waits.push(gotMs - askedMs)
    await connection.query(`select pg_sleep(${holdMs / 1000})`)
    connection.release()
    usedMs += performance.now() - gotMs
  }
  const started = performance.now()
  let dueMs = started
  while (dueMs < started + durationMs) {
    // Between random arrivals the times are distributed exponentially.
    dueMs += (-Math.log(1 - Math.random()) * 1000) / rate
    const restMs = dueMs - performance.now()
    if (restMs > 1) await sleep(restMs)
    pending.push(request())
    // A size at which the queue only grows needs no more proof.
    if (pending.length - waits.length > rate) break
  }
  await Promise.all(pending)
  const elapsedMs = performance.now() - started
  await pool.close()
  return { size, p99: percentile(waits, 0.99), utilisation: usedMs / elapsedMs / size }
}
