import { setTimeout as sleep } from 'node:timers/promises'
import { createPool, type Pool } from '../../dist/index.js'
import { machineFacts } from '../support/machine.js'
import { runApiScenario } from './api-scenario.js'
import type { ApiResult, HandshakeResult } from './result.js'
import { routeName } from './route.js'
import type { HandshakeSettings, Level } from './settings.js'
import type { Target, Transport } from './target.js'
import { QUERY, TransportBench } from './transport-bench.js'

/** A run of the handshake benchmark. */
export interface HandshakeRun {
  readonly target: Target
  readonly settings: HandshakeSettings
  /** The command line, as the result repeats it. */
  readonly command: string
  readonly signal: AbortSignal
  /** Called often, with what is under way and the share (0 to 1) of the run that is done. */
  onProgress(text: string, share: number): void
}

/** The share of a run's time that the rounds take; the web-API scenario takes the rest. */
const ROUNDS_SHARE = 0.9

/** Backends of connections just closed need a moment to go, and would disturb what comes next. */
const SETTLE_MS = 15

/** The web-API scenario runs on the first of these that the server offers. */
const API_TRANSPORTS = ['tcp-tls-scram', 'tcp-tls-direct-scram', 'tcp-scram']

/**
 * Measures fresh connections against pooled ones on every transport of the target. The caller keeps
 * the target. Rejects with the signal's reason when it aborts.
 *
 * @throws {Error} if the server has too little room for the benchmark's connections.
 */
export async function runHandshake(run: HandshakeRun): Promise<HandshakeResult> {
  const { target, settings, signal } = run
  const machine = machineFacts()
  const notes: string[] = []
  const levels = fittingLevels(target, settings, notes)
  const pools: Pool[] = []
  const benches: TransportBench[] = []
  let rounds: number
  try {
    for (const transport of target.transports) {
      run.onProgress(`opening the pool of ${routeName(transport.route)}`, 0)
      const pool = await openPool(transport, settings.poolSize)
      pools.push(pool)
      const bench = new TransportBench(transport, pool, settings, signal)
      await bench.warmUp()
      benches.push(bench)
      signal.throwIfAborted()
    }
    rounds = await runRounds(run, benches, levels)
  } finally {
    await Promise.all(pools.map((pool) => pool.close()))
  }
  if (rounds < settings.rounds) {
    notes.push(`The time was up after ${rounds} of ${settings.rounds} rounds.`)
  }
  const api = await runApi(run, notes)
  return {
    server: target.server,
    origin: target.origin,
    node: process.version,
    measuredAt: new Date().toISOString(),
    command: run.command,
    machine,
    method: {
      query: QUERY,
      rounds,
      poolSize: settings.poolSize,
      requests: levels.map(({ concurrency, fresh, pooled }) => ({ concurrency, fresh, pooled })),
      probes: settings.probes,
    },
    transports: Object.fromEntries(benches.map((bench) => [bench.name, bench.result(levels)])),
    leftOut: target.leftOut,
    notes,
    api,
  }
}

function openPool(transport: Transport, size: number): Promise<Pool> {
  return createPool(transport.dsn, { minSize: size, maxSize: size })
}

function fittingLevels(
  target: Target,
  { levels, poolSize }: HandshakeSettings,
  notes: string[],
): Level[] {
  const pooled = poolSize * target.transports.length
  const fits = (level: Level): boolean => pooled + level.concurrency <= target.room
  if (!levels.some(fits)) {
    throw new Error(
      `the server has room for ${target.room} more connections; the benchmark needs ${pooled + 1}`,
    )
  }
  for (const { concurrency } of levels.filter((level) => !fits(level))) {
    notes.push(`The server has no room for ${concurrency} fresh connections at once: left out.`)
  }
  return levels.filter(fits)
}

async function runRounds(
  run: HandshakeRun,
  benches: readonly TransportBench[],
  levels: readonly Level[],
): Promise<number> {
  const { settings, signal } = run
  const begin = performance.now()
  for (let round = 0; round < settings.rounds; round++) {
    const elapsedMs = performance.now() - begin
    // Judged by the rounds so far, so that a slow server shortens the run and does not stretch it.
    if (round > 0 && (elapsedMs / round) * (round + 1) > settings.budgetMs) return round
    for (const [index, bench] of benches.entries()) {
      for (const [step, level] of levels.entries()) {
        const share = (index + step / levels.length) / benches.length
        run.onProgress(
          `round ${round + 1} of ${settings.rounds} · ${bench.name} · ${level.concurrency} at once`,
          ((round + share) / settings.rounds) * ROUNDS_SHARE,
        )
        // Both orders, in turn: neither kind always finds the machine as the other left it.
        const kinds = ['fresh', 'pooled'] as const
        for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
          signal.throwIfAborted()
          await bench.measure(level, kind)
          await sleep(SETTLE_MS)
        }
      }
      await bench.probe()
      await sleep(SETTLE_MS)
    }
  }
  return settings.rounds
}

async function runApi(run: HandshakeRun, notes: string[]): Promise<ApiResult> {
  const { target, signal } = run
  const { api } = run.settings
  const byName = new Map(target.transports.map((one) => [routeName(one.route), one]))
  const name = API_TRANSPORTS.find((one) => byName.has(one)) ?? [...byName.keys()].at(-1)
  const transport = name === undefined ? undefined : byName.get(name)
  if (name === undefined || transport === undefined) throw new Error('there is no transport')
  const requests = Math.min(api.requests, target.room - api.maxSize - api.smallSize)
  if (requests < api.maxSize) {
    throw new Error(
      `the server has too little room (${target.room} connections) for the web-API scenario`,
    )
  }
  if (requests < api.requests) {
    notes.push(
      `The server has room for ${target.room} connections: the web-API scenario runs ${requests} requests at once.`,
    )
  }
  return runApiScenario({
    transport: name,
    dsn: transport.dsn,
    requests,
    settings: api,
    signal,
    onBurst: (done) => {
      const share = ROUNDS_SHARE + (done / api.bursts) * (1 - ROUNDS_SHARE)
      run.onProgress(`web API · burst ${done + 1} of ${api.bursts}`, share)
    },
  })
}
