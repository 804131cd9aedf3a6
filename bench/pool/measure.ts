import { setTimeout as sleep } from 'node:timers/promises'
import { slowConnect } from '../support/slow-connect.js'
import { median, percentile } from '../support/statistics.js'
import type { Peer, PeerTarget } from './peers.js'
import { type Stall, Turns } from './turns.js'

/** What a pool costs while nobody has to wait. */
export interface UncontendedResult {
  /** µs of CPU to acquire and release a connection that is free. */
  readonly turnUs: number
  /** For how long nothing else could run while ten connections were opened. */
  readonly coldStall: Stall
}

/** Turns are short, so that many can be taken side by side on a machine whose speed changes. */
const TURNS_FOR_EACH = 9

/** Acquires and releases again and again on a pool with idle connections, and opens pools; by peer. */
export async function measureUncontended(
  peers: readonly Peer[],
  target: PeerTarget,
  rounds: number,
  pairs: number,
): Promise<ReadonlyMap<string, UncontendedResult>> {
  const processes: { name: string; turns: Turns; samples: number[]; stalls: Stall[] }[] = []
  try {
    for (const peer of peers) {
      const turns = await Turns.start(peer, target, pairs)
      processes.push({ name: peer.name, turns, samples: [], stalls: [] })
    }
    for (let round = 0; round < rounds * TURNS_FOR_EACH; round++) {
      for (const { turns, samples } of processes) samples.push(await turns.measure())
    }
    for (let round = 0; round < rounds; round++) {
      for (const { turns, stalls } of processes) stalls.push(await turns.openCold())
    }
  } finally {
    for (const { turns } of processes) await turns.end()
  }
  return new Map(
    processes.map(({ name, samples, stalls }) => [
      name,
      {
        turnUs: median(samples),
        coldStall: {
          ms: median(stalls.map((stall) => stall.ms)),
          ownMs: median(stalls.map((stall) => stall.ownMs)),
        },
      },
    ]),
  )
}

/** How callers fared that all came at once. */
export interface QueueResult {
  /** Callers served before one who had come earlier. */
  readonly outOfOrder: number
  readonly p50: number
  readonly p99: number
  readonly longest: number
  readonly totalMs: number
}

/** `callers` at once on ten connections, each with a query of 1 ms. */
export async function measureQueue(
  peer: Peer,
  target: PeerTarget,
  callers: number,
): Promise<QueueResult> {
  const pool = await peer.open(target, { min: 10, max: 10 })
  const ten = await Promise.all(Array.from({ length: 10 }, () => pool.acquire()))
  for (const connection of ten) connection.release()
  const started = performance.now()
  const waits: number[] = []
  let outOfOrder = 0
  let latest = -1
  const work = async (index: number) => {
    const connection = await pool.acquire()
    waits.push(performance.now() - started)
    if (index < latest) outOfOrder += 1
    latest = Math.max(latest, index)
    await connection.query('select pg_sleep(0.001)')
    connection.release()
  }
  await Promise.all(Array.from({ length: callers }, (_, index) => work(index)))
  const totalMs = performance.now() - started
  await pool.close()
  return {
    outOfOrder,
    p50: median(waits),
    p99: percentile(waits, 0.99),
    longest: Math.max(...waits),
    totalMs,
  }
}

/** What a burst did to a pool. */
export interface SpikeResult {
  readonly opened: number
  readonly totalMs: number
}

/** HikariCP's spike: 50 requests of 2 ms at once, 5 connections open, 50 allowed, 150 ms to connect. */
export async function measureSpike(peer: Peer, target: PeerTarget): Promise<SpikeResult> {
  const proxy = await slowConnect(target.port, 150)
  const pool = await peer.open({ ...target, port: proxy.port }, { min: 5, max: 50 })
  try {
    // Five connections for each, whether or not it opens its minimum by itself.
    const five = await Promise.all(Array.from({ length: 5 }, () => pool.acquire()))
    for (const connection of five) connection.release()
    for (let i = 0; i < 20; i++) await pool.query('select pg_sleep(0.002)')
    const before = performance.now()
    await Promise.all(Array.from({ length: 50 }, () => pool.query('select pg_sleep(0.002)')))
    const totalMs = performance.now() - before
    // Those that are still being opened count as well.
    await sleep(500)
    return { opened: proxy.opened, totalMs }
  } finally {
    await pool.close()
    await proxy.close()
  }
}
