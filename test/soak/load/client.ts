import { setTimeout as sleep } from 'node:timers/promises'
import { createPool, type Pool } from '../../../src/index.js'
import { describe } from '../../reliability/sweep/watch.js'
import { Chance } from '../../unit/pool/chance.js'
import type { LoadOptions, LoadReport, LoadSample } from './messages.js'
import { OPERATIONS } from './operations.js'

/*
 * The process that is looked at: a pool and its callers, and nothing of server, proxy and faults. It is
 * told its options by a first message, and to come to an end by a second.
 */

/** A call that takes so long is not going to end, in ms. */
const HUNG_MS = 60_000
const SAMPLE_MS = 2_000
/** How long a caller rests between two calls on average, in ms. */
const REST_MS = 150

const NAMES = Object.keys(OPERATIONS)

class Load {
  readonly #pool: Pool
  readonly #options: LoadOptions
  readonly #stop = new AbortController()
  readonly #counts: Record<string, number> = Object.fromEntries(NAMES.map((name) => [name, 0]))
  #calls = 0
  #gaps = 0
  #events = 0

  constructor(pool: Pool, options: LoadOptions) {
    this.#pool = pool
    this.#options = options
  }

  stop(): void {
    this.#stop.abort()
  }

  async run(): Promise<LoadReport> {
    const sampling = setInterval(() => send({ sample: this.#sample() }), SAMPLE_MS)
    const { callers, seed } = this.#options
    const listening = this.#listen()
    await Promise.all(
      Array.from({ length: callers }, (_, id) => this.#caller(new Chance(seed + id))),
    )
    clearInterval(sampling)
    const stats = this.#pool.stats()
    await this.#pool.close({ timeout: 5_000 })
    await listening
    const left = process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS|Timeout)/.test(name))
    return {
      counts: this.#counts,
      left,
      created: stats.created,
      events: this.#events,
      gaps: this.#gaps,
    }
  }

  async #caller(chance: Chance): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await sleep(chance.integer(2 * REST_MS))
      const name = chance.pick(NAMES)
      const hung = setTimeout(() => send({ hung: name }), HUNG_MS)
      try {
        await OPERATIONS[name]?.(this.#pool, chance)
        this.#counts[name] = (this.#counts[name] ?? 0) + 1
        this.#calls += 1
      } catch (error) {
        send({ failure: { atMs: Date.now(), call: name, what: describe(error) } })
      } finally {
        clearTimeout(hung)
      }
    }
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stop
    try {
      for await (const event of this.#pool.listen('soak', { signal })) {
        if (event.type === 'gap') this.#gaps += 1
        else this.#events += 1
      }
    } catch (error) {
      if (!signal.aborted)
        send({ failure: { atMs: Date.now(), call: 'listen', what: describe(error) } })
    }
  }

  #sample(): LoadSample {
    // Else the collector decides what the figures of memory are.
    globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    const handles = process.getActiveResourcesInfo()
    return {
      atMs: Date.now(),
      rss,
      heapUsed,
      sockets: handles.filter((name) => name === 'TCPSocketWrap').length,
      timers: handles.filter((name) => name === 'Timeout').length,
      calls: this.#calls,
    }
  }
}

function send(message: object): void {
  process.send?.(message)
}

let load: Load | undefined
// Nobody is left to be told anything.
process.on('disconnect', () => process.exit(1))
process.on('unhandledRejection', (error) => send({ uncaught: describe(error) }))
process.on('message', async (message: LoadOptions | 'stop') => {
  if (message === 'stop') {
    load?.stop()
    return
  }
  const pool = await createPool(message.dsn, { minSize: 5, maxSize: 20, name: 'soak' })
  load = new Load(pool, message)
  process.send?.({ report: await load.run() }, () => process.exit(0))
})
