import { AuthenticationError, ProtocolError } from '../base/errors.js'
import { TLS_SERVER_END_POINT } from './channel-binding.js'
import type { AuthenticationReply, Exchange } from './exchange.js'
import type { ScramKeyCache, ScramKeys } from './scram-keys.js'
import {
  beginScram,
  type ChannelBinding,
  continueScram,
  SCRAM_SHA_256,
  SCRAM_SHA_256_PLUS,
  type ScramBegun,
  type ScramContinued,
  verifyServerFinal,
} from './scram-sha-256.js'

/** What a {@link ScramExchange} needs. */
export interface ScramExchangeOptions {
  /** Asked once; not at all where there are keys. */
  readonly password: () => Promise<string>
  /** The keys themselves, in the place of a password. */
  readonly keys: ScramKeys | undefined
  readonly cache: ScramKeyCache
  readonly maxIterations: number | undefined
  readonly channelBinding: ScramBinding
}

/** As {@link ChannelBinding}; of `p` just the data. */
export type ScramBinding =
  | { readonly flag: 'n' | 'y' }
  | { readonly flag: 'p'; readonly data: Uint8Array }

type State =
  | { readonly name: 'start' | 'deriving' | 'proven' }
  | { readonly name: 'begun'; readonly begun: ScramBegun; readonly password: string }
  | { readonly name: 'continued'; readonly continued: ScramContinued }

/** SCRAM-SHA-256 and SCRAM-SHA-256-PLUS. */
export class ScramExchange implements Exchange {
  readonly method = 'scram-sha-256'
  readonly family = 'sasl'
  readonly #options: ScramExchangeOptions
  #state: State = { name: 'start' }
  /** Forgets the keys that the proof was made with. */
  #dropKeys: () => void = () => {}

  constructor(options: ScramExchangeOptions) {
    this.#options = options
  }

  get isChannelBound(): boolean {
    return this.#options.channelBinding.flag === 'p' && this.#state.name === 'proven'
  }

  async begin(): Promise<AuthenticationReply> {
    const { channelBinding: binding, keys, password } = this.#options
    const channelBinding: ChannelBinding =
      binding.flag === 'p' ? { ...binding, type: TLS_SERVER_END_POINT } : binding
    const begun = beginScram({ channelBinding })
    this.#state = { name: 'begun', begun, password: keys === undefined ? await password() : '' }
    return {
      kind: 'sasl-initial',
      mechanism: binding.flag === 'p' ? SCRAM_SHA_256_PLUS : SCRAM_SHA_256,
      data: begun.message,
    }
  }

  async continue(data: Uint8Array): Promise<AuthenticationReply> {
    const state = this.#state
    if (state.name !== 'begun') throw outOfOrder('AuthenticationSASLContinue', state.name)
    this.#state = { name: 'deriving' }
    const { keys, cache, maxIterations } = this.#options
    const continued = await continueScram(
      state.begun,
      data,
      (salt, iterations) => {
        if (keys !== undefined) return Promise.resolve(keys)
        this.#dropKeys = () => cache.drop(salt, iterations)
        return cache.get(state.password, salt, iterations)
      },
      maxIterations,
    )
    this.#state = { name: 'continued', continued }
    return { kind: 'sasl-response', data: continued.message }
  }

  finish(data: Uint8Array): void {
    const state = this.#state
    if (state.name !== 'continued') throw outOfOrder('AuthenticationSASLFinal', state.name)
    verifyServerFinal(state.continued, data)
    this.#state = { name: 'proven' }
  }

  accept(): void {
    if (this.#state.name === 'proven') return
    throw new AuthenticationError(
      'the server accepted the connection before it had proven that it knows the password',
    )
  }

  fail(): void {
    if (this.#state.name !== 'proven') this.#dropKeys()
  }
}

function outOfOrder(what: string, state: string): ProtocolError {
  return new ProtocolError(`the server sent ${what} out of order (${SCRAM_SHA_256}: ${state})`)
}
