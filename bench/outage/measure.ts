import { setTimeout as sleep } from 'node:timers/promises'
import type { TestPostgres } from '../../dist/testing/index.js'
import type { Peer } from '../pool/peers.js'
import { targetOf } from '../support/own-server.js'
import { slowConnect } from '../support/slow-connect.js'
import type { Fault } from './faults.js'

const CALLERS = 20
const CONNECTIONS = 10
/** How long each caller rests between two queries, in ms. */
const REST_MS = 5
/** How long a driver has to recover, in ms. */
const LIMIT_MS = 20_000

/** How a driver came through an outage. */
export interface OutageResult {
  /** From the server's return to the first query that succeeded; `undefined` when none did. */
  readonly firstMs: number | undefined
  /** … until every caller had one that began after the return. */
  readonly allMs: number | undefined
  /** How many errors callers got, by code or message. */
  readonly errors: ReadonlyMap<string, number>
  /** Connections tried from the outage on. */
  readonly connects: number
  /** Callers whose query was never answered. */
  readonly stuck: number
}

/** Keeps a pool busy while a fault strikes, and for as long as it takes to recover. */
export async function measureOutage(
  peer: Peer,
  server: TestPostgres,
  fault: Fault,
): Promise<OutageResult> {
  const proxy = await slowConnect(server.port, 0)
  const pool = await peer.open(
    { ...targetOf(server), port: proxy.port },
    { min: CONNECTIONS, max: CONNECTIONS },
  )
  const errors = new Map<string, number>()
  const recovered = new Map<number, number>()
  let backAtMs = Number.POSITIVE_INFINITY
  let isOver = false
  const caller = async (id: number): Promise<void> => {
    while (!isOver) {
      const beganMs = performance.now()
      try {
        await pool.query('select 1')
        if (beganMs > backAtMs && !recovered.has(id)) recovered.set(id, performance.now())
      } catch (error) {
        const kind = kindOf(error)
        errors.set(kind, (errors.get(kind) ?? 0) + 1)
      }
      await sleep(REST_MS)
    }
  }
  let running = 0
  for (let id = 0; id < CALLERS; id++) {
    running += 1
    void caller(id).finally(() => {
      running -= 1
    })
  }
  await sleep(500)
  const connectsBefore = proxy.opened
  backAtMs = await fault.strike(server)
  while (recovered.size < CALLERS && performance.now() < backAtMs + LIMIT_MS) await sleep(5)
  const connects = proxy.opened - connectsBefore
  isOver = true
  await Promise.race([pool.close().catch(() => {}), sleep(3_000)])
  // Those at rest notice that it is over.
  await sleep(20 * REST_MS)
  const stuck = running
  await proxy.close()
  const times = [...recovered.values()].map((ms) => ms - backAtMs)
  return {
    firstMs: times.length === 0 ? undefined : Math.min(...times),
    allMs: times.length < CALLERS ? undefined : Math.max(...times),
    errors,
    connects,
    stuck,
  }
}

function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : error.message.slice(0, 40)
}
