import { AuthenticationError, ProtocolError } from '../base/errors.js'
import type { AuthenticationReply, Exchange } from './exchange.js'

/** Whom a security context is to be made for. */
export interface GssRequest {
  /** The role to connect as. */
  readonly user: string
  /** The host of the connection; with {@link service} it makes the server's principal, `service@host`. */
  readonly host: string
  /** The option `gssServiceName`. */
  readonly service: string
}

/** A security context of GSSAPI, of a library that the application brings. */
export interface GssContext {
  /**
   * Takes the server's token, undefined at first, and gives the next one to send; undefined when there is
   * none. `gss_init_sec_context`.
   */
  step(token: Uint8Array | undefined): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** Whether both sides are authenticated: GSS_S_COMPLETE. */
  readonly isComplete: boolean
}

/** Makes a {@link GssContext}, at each connect whose server asks for GSSAPI. */
export type GssProvider = (request: GssRequest) => GssContext | Promise<GssContext>

/** GSSAPI through a provider (protocol docs, "AuthenticationGSS"). */
export class GssExchange implements Exchange {
  readonly method = 'gss'
  readonly family = 'gss'
  readonly isChannelBound = false
  readonly #provider: GssProvider
  readonly #request: GssRequest
  #context: GssContext | undefined

  constructor(provider: GssProvider, request: GssRequest) {
    this.#provider = provider
    this.#request = request
  }

  async begin(): Promise<AuthenticationReply> {
    const token = await this.#call(async () => {
      this.#context = await this.#provider(this.#request)
      return this.#context.step(undefined)
    })
    if (token === undefined)
      throw new AuthenticationError('the GSSAPI provider gave no first token')
    return { kind: 'gss-response', data: token }
  }

  async continue(data: Uint8Array): Promise<AuthenticationReply | undefined> {
    const context = this.#context
    if (context === undefined || context.isComplete) {
      throw new ProtocolError('the server goes on with GSSAPI when that is complete')
    }
    const token = await this.#call(async () => context.step(data))
    return token === undefined ? undefined : { kind: 'gss-response', data: token }
  }

  finish(): void {
    throw new ProtocolError('the server sent AuthenticationSASLFinal during GSSAPI')
  }

  accept(): void {
    if (this.#context?.isComplete === true) return
    throw new AuthenticationError('the server accepted the connection before GSSAPI was complete')
  }

  fail(): void {}

  async #call(step: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    let token: unknown
    try {
      token = await step()
    } catch (cause) {
      const { service, host } = this.#request
      throw new AuthenticationError(`GSSAPI with ${service}@${host} failed in its provider`, {
        cause,
      })
    }
    if (token === undefined || token instanceof Uint8Array) return token
    throw new AuthenticationError('the GSSAPI provider gave something else than bytes')
  }
}
