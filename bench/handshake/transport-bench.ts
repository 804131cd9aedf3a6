import { connect, type Pool } from '../../dist/index.js'
import { runLoad, Stopwatches } from '../support/load.js'
import { type Latency, medianOfRounds } from '../support/statistics.js'
import { probe } from './probe.js'
import type { Comparison, TransportResult } from './result.js'
import { routeLabel, routeName } from './route.js'
import type { HandshakeSettings, Level } from './settings.js'
import type { Transport } from './target.js'

/** The query of every request but those of the web-API scenario. */
export const QUERY = 'select 1'

type Kind = 'fresh' | 'pooled'
type Phase = 'tcp' | 'tls' | 'connect' | 'firstQuery' | 'close' | 'total'

/** Measures one transport round by round and sums the rounds up. */
export class TransportBench {
  readonly name: string
  readonly #transport: Transport
  readonly #pool: Pool
  readonly #settings: HandshakeSettings
  readonly #signal: AbortSignal
  readonly #rounds = new Map<string, Latency[]>()
  /** The medians of each round. */
  readonly #phases = new Stopwatches<Phase>()

  /** Borrows the pool; whoever made it closes it. */
  constructor(transport: Transport, pool: Pool, settings: HandshakeSettings, signal: AbortSignal) {
    this.name = routeName(transport.route)
    this.#transport = transport
    this.#pool = pool
    this.#settings = settings
    this.#signal = signal
  }

  /** Runs a few requests of both kinds that count for nothing. */
  async warmUp(): Promise<void> {
    for (let i = 0; i < 3; i++) await this.#freshRequest()
    for (let i = 0; i < 100; i++) await this.#pooledRequest()
  }

  /** One measurement: `level.concurrency` requests of one kind at once. */
  async measure(level: Level, kind: Kind): Promise<void> {
    const phases = new Stopwatches<Phase>()
    const isTimed = kind === 'fresh' && level.concurrency === 1
    const request = {
      fresh: isTimed ? () => this.#timedFreshRequest(phases) : () => this.#freshRequest(),
      pooled: () => this.#pooledRequest(),
    }[kind]
    const load = {
      concurrency: level.concurrency,
      requests: level[kind],
      limitMs: this.#settings.limitMs,
      signal: this.#signal,
    }
    const latency = await runLoad(load, request)
    this.#phases.addMedians(phases)
    const key = `${kind} ${level.concurrency}`
    const rounds = this.#rounds.get(key)
    if (rounds === undefined) this.#rounds.set(key, [latency])
    else rounds.push(latency)
  }

  /** Times TCP and TLS on raw connections. */
  async probe(): Promise<void> {
    const target = this.#transport.probe
    if (target === null) return
    const phases = new Stopwatches<Phase>()
    for (let i = 0; i < this.#settings.probes; i++) {
      this.#signal.throwIfAborted()
      const times = await probe(target)
      phases.add('tcp', times.tcp)
      phases.add('tls', times.tls)
    }
    this.#phases.addMedians(phases)
  }

  /** The medians over the rounds so far. */
  result(levels: readonly Level[]): TransportResult {
    const tcp = this.#phases.median('tcp')
    const tls = this.#phases.median('tls')
    const connecting = this.#phases.median('connect')
    const underLoad = levels.filter(({ concurrency }) => concurrency > 1)
    return {
      ...this.#compare(1),
      label: routeLabel(this.#transport.route),
      phases: {
        tcp,
        tls,
        // What is left of the driver's own connect: nobody else can see it from outside.
        auth: Math.max(0, connecting - tcp - tls),
        firstQuery: this.#phases.median('firstQuery'),
      },
      close: this.#phases.median('close'),
      setupShare: connecting / this.#phases.median('total'),
      tls: this.#transport.tlsSession,
      concurrency: Object.fromEntries(
        underLoad.map(({ concurrency }) => [String(concurrency), this.#compare(concurrency)]),
      ),
    }
  }

  #compare(concurrency: number): Comparison {
    const fresh = medianOfRounds(this.#rounds.get(`fresh ${concurrency}`) ?? [])
    const pooled = medianOfRounds(this.#rounds.get(`pooled ${concurrency}`) ?? [])
    return { fresh, pooled, saved: 1 - pooled.p50 / fresh.p50 }
  }

  async #freshRequest(): Promise<void> {
    const connection = await connect(this.#transport.dsn)
    await connection.fetchval(QUERY)
    await connection.close()
  }

  async #timedFreshRequest(phases: Stopwatches<Phase>): Promise<void> {
    const start = performance.now()
    const connection = await connect(this.#transport.dsn)
    const connected = performance.now()
    await connection.fetchval(QUERY)
    const answered = performance.now()
    await connection.close()
    const closed = performance.now()
    phases.add('connect', connected - start)
    phases.add('firstQuery', answered - connected)
    phases.add('close', closed - answered)
    phases.add('total', closed - start)
  }

  async #pooledRequest(): Promise<void> {
    await this.#pool.fetchval(QUERY)
  }
}
