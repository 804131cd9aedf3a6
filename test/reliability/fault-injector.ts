import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/index.js'
import type { TestPostgres } from '../../src/testing/index.js'
import type { FaultProxy } from '../support/fault-proxy.js'
import type { Chance } from '../unit/pool/chance.js'

/** What happened to a server and its connections: when, by `Date.now()`. */
export interface FaultEvent {
  readonly name: FaultName
  readonly beganMs: number
  /** When the server could be used again. */
  endedMs: number
}

/** What strikes: the server, its sessions, or the network before it. */
export const FAULT_NAMES = ['terminate', 'reset', 'freeze', 'cut', 'restart', 'kill'] as const
export type FaultName = (typeof FAULT_NAMES)[number]

/** How long the network is frozen, in ms. */
const FREEZE_MS = 300
/** For how long new connections are cut somewhere, in ms. */
const CUT_MS = 400
const RESTART_ATTEMPTS = 8
const RESTART_PAUSE_MS = 250
/** A cut lies in the startup of a connection or in what it is used for. */
const CUT_BYTES = 4_000

/** Strikes a server that clients reach by way of a proxy, with one fault after the other. */
export class FaultInjector {
  readonly events: FaultEvent[] = []
  readonly #server: TestPostgres
  readonly #proxy: FaultProxy
  readonly #chance: Chance

  constructor(server: TestPostgres, proxy: FaultProxy, chance: Chance) {
    this.#server = server
    this.#proxy = proxy
    this.#chance = chance
  }

  /** Strikes at random, with pauses of `pauseMs` on average, until the signal is aborted. */
  async strikeUntil(signal: AbortSignal, pauseMs: number): Promise<void> {
    for (;;) {
      await sleep(this.#chance.integer(2 * pauseMs), undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      await this.strike(this.#chance.pick(FAULT_NAMES))
    }
  }

  /** Resolves when the fault is over. */
  async strike(name: FaultName): Promise<void> {
    const event: FaultEvent = { name, beganMs: Date.now(), endedMs: Number.POSITIVE_INFINITY }
    this.events.push(event)
    await this.#carryOut(name)
    event.endedMs = Date.now()
  }

  /** Such as `3 kill, 5 reset`. */
  summary(): string {
    return FAULT_NAMES.map((name) => [name, this.events.filter((e) => e.name === name).length])
      .filter(([, count]) => count !== 0)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')
  }

  async #carryOut(name: FaultName): Promise<void> {
    switch (name) {
      case 'terminate': {
        await using admin = await connect(this.#server.adminDsn)
        await admin.execute(`select pg_terminate_backend(pid) from pg_stat_activity
          where backend_type = 'client backend' and pid <> pg_backend_pid() and random() < 0.5`)
        return
      }
      case 'reset':
        this.#proxy.resetAll()
        return
      case 'freeze':
        this.#proxy.freeze()
        await sleep(FREEZE_MS)
        this.#proxy.thaw()
        return
      case 'cut': {
        const way = this.#chance.pick(['toServer', 'toClient'] as const)
        this.#proxy.faults = () => ({
          [way]: { cutAfter: this.#chance.integer(CUT_BYTES), cut: 'reset' },
        })
        this.#proxy.resetAll()
        await sleep(CUT_MS)
        this.#proxy.faults = {}
        // Those that have not come to their cut yet would do so long after the fault.
        this.#proxy.resetAll()
        return
      }
      case 'restart':
        return this.#server.restart('fast')
      case 'kill':
        await this.#server.kill('SIGKILL')
        return startAgain(this.#server)
    }
  }
}

/**
 * Starts a server whose postmaster was killed. Its sessions notice that one after the other, and while
 * one is left no other postmaster may start (PGSharedMemoryCreate in sysv_shmem.c).
 */
export async function startAgain(server: TestPostgres): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await sleep(attempt * RESTART_PAUSE_MS)
    try {
      return await server.restart()
    } catch (error) {
      if (attempt === RESTART_ATTEMPTS) throw error
    }
  }
}
