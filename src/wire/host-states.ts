import type { Clock } from '../base/clock.js'
import type { TargetSessionAttrs } from '../config/connect-options.js'
import { type ServerRole, whyUnfit } from './server-role.js'

/**
 * What was last seen of servers, remembered for a while and shared by the connections of a pool, so that
 * not each of them waits for a host that is down, or asks a standby before the primary. Nothing is taken
 * on trust: it only decides who is tried first.
 */
export class HostStates {
  readonly #recheckMs: number
  readonly #clock: Clock
  readonly #states = new Map<
    string,
    { readonly state: ServerRole | 'unreachable'; readonly seenAt: number }
  >()

  /** @param recheckMs For how long a state is believed; 0 remembers nothing. */
  constructor(recheckMs: number, clock: Clock) {
    this.#recheckMs = recheckMs
    this.#clock = clock
  }

  remember(address: string, state: ServerRole | 'unreachable'): void {
    if (this.#recheckMs > 0) this.#states.set(address, { state, seenAt: this.#clock.now() })
  }

  /** Those of `hosts` that will do as far as is known, then those of which nothing is, then the others. */
  order<T>(
    hosts: readonly T[],
    addressOf: (host: T) => string,
    wanted: TargetSessionAttrs,
  ): readonly T[] {
    if (hosts.length < 2) return hosts
    const ranked = hosts.map((host) => ({ host, rank: this.#rank(addressOf(host), wanted) }))
    return ranked.sort((a, b) => a.rank - b.rank).map(({ host }) => host)
  }

  #rank(address: string, wanted: TargetSessionAttrs): number {
    const known = this.#states.get(address)
    if (known === undefined || this.#clock.now() - known.seenAt >= this.#recheckMs) return 1
    if (known.state === 'unreachable') return 3
    if (wanted === 'any') return 1
    return whyUnfit(known.state, wanted === 'prefer-standby' ? 'standby' : wanted) === undefined
      ? 0
      : 2
  }
}
