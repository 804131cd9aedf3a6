import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createPool } from '../../dist/index.js'
import { machineFacts } from '../support/machine.js'
import { UsageError } from '../support/options.js'
import { median } from '../support/statistics.js'
import { warmUp } from '../support/warm-up.js'
import type { PeersResult } from './peers-result.js'
import type { Target } from './target.js'

/** The part of `pg.Pool` that is needed. */
interface PgPool {
  query(text: string): Promise<unknown>
  end(): Promise<void>
}

interface Pg {
  readonly Pool: new (options: object) => PgPool
}

/** What connects afresh for every request. */
interface Contender {
  readonly name: string
  request(): Promise<unknown>
  close(): Promise<void>
}

const QUERY = 'select 1'
const ROUNDS = 15
const REQUESTS = 40
/** V8 compiles what connecting takes only after hundreds of connections, which cost up to twice as much. */
const WARM_UP = { requests: 400, maxMs: 60_000 } as const
const PACKAGES = fileURLToPath(new URL('../package.json', import.meta.url))

/** The share of the client CPU of `pg` that a fresh connection may cost. */
const MOST_CPU = 0.55

/**
 * Measures what a fresh connection with TLS and SCRAM, one query and the closing cost the client: from one
 * pool of ours and from one of `pg`, whose connections serve one request each, in turns.
 *
 * @throws {UsageError} if `pg` is not installed, or the target has no TLS with SCRAM.
 */
export async function runPeers(
  target: Target,
  signal: AbortSignal,
  onProgress: (text: string, share: number) => void,
): Promise<PeersResult> {
  const transport = target.transports.find(
    ({ route }) => route.tls === 'negotiated' && route.auth === 'scram-sha-256',
  )
  if (transport === undefined) throw new UsageError('--peers needs a server with TLS and SCRAM')
  const { dsn } = transport
  const { pg, version } = loadPg()
  const contenders: readonly Contender[] = [await ours(dsn), theirs(pg, version, dsn)]
  const rounds: { readonly name: string; readonly cpuMs: number; readonly wallMs: number }[] = []
  const machine = machineFacts()
  try {
    for (const contender of contenders) {
      onProgress(`fresh connections against pg · ${contender.name} warms up`, 0)
      const cost = async () => {
        signal.throwIfAborted()
        return (await measure(contender, WARM_UP.requests)).cpuMs
      }
      await warmUp(cost, WARM_UP.maxMs)
    }
    for (let round = 0; round < ROUNDS; round++) {
      onProgress(`fresh connections against pg · round ${round + 1} of ${ROUNDS}`, round / ROUNDS)
      // Both orders, in turn: none always finds the machine as the other left it.
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        signal.throwIfAborted()
        rounds.push({ name: contender.name, ...(await measure(contender, REQUESTS)) })
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()))
  }
  const figures = contenders.map(({ name }) => {
    const own = rounds.filter((round) => round.name === name)
    return {
      name,
      cpuMs: median(own.map(({ cpuMs }) => cpuMs)),
      wallMs: median(own.map(({ wallMs }) => wallMs)),
    }
  })
  const [mine, other] = contenders.map(({ name }) => rounds.filter((round) => round.name === name))
  const ratios = (mine ?? []).map(({ cpuMs }, i) => cpuMs / (other?.[i]?.cpuMs ?? Number.NaN))
  return {
    server: target.server,
    node: process.version,
    machine,
    tls: transport.tlsSession ?? 'none',
    rounds: ROUNDS,
    requests: REQUESTS,
    contenders: figures,
    cpuRatio: median(ratios),
    mostCpu: MOST_CPU,
  }
}

async function ours(dsn: string): Promise<Contender> {
  const pool = await createPool(dsn, { minSize: 0, maxSize: 1, maxQueries: 1 })
  return { name: 'sluice', request: () => pool.fetchval(QUERY), close: () => pool.close() }
}

function theirs(pg: Pg, version: string, dsn: string): Contender {
  const pool = new pg.Pool({ connectionString: dsn, max: 1, maxUses: 1 })
  return { name: `pg ${version}`, request: () => pool.query(QUERY), close: () => pool.end() }
}

async function measure(
  { request }: Contender,
  count: number,
): Promise<{ cpuMs: number; wallMs: number }> {
  const cpu = process.cpuUsage()
  const begin = performance.now()
  for (let i = 0; i < count; i++) await request()
  const wallMs = (performance.now() - begin) / count
  const { user, system } = process.cpuUsage(cpu)
  return { cpuMs: (user + system) / 1_000 / count, wallMs }
}

function loadPg(): { pg: Pg; version: string } {
  const require = createRequire(PACKAGES)
  if (!existsSync(fileURLToPath(new URL('../node_modules/pg', import.meta.url)))) {
    throw new UsageError('--peers: pg is not installed; run "npm ci --prefix bench"')
  }
  const { version } = require('pg/package.json') as { version: string }
  return { pg: require('pg') as Pg, version }
}
