import { AuthenticationError, ProtocolError } from '../base/errors.js'
import type { AuthenticationReply, Exchange } from './exchange.js'

/** The name of the mechanism in AuthenticationSASL. */
export const OAUTHBEARER = 'OAUTHBEARER'

/** What a server without a token, or with one that it does not take, says of those it takes (RFC 7628, section 3.2.2). */
export interface OAuthDiscovery {
  /** Why the token was not taken; `invalid_token` also where there was none. */
  readonly status: string
  /** Address of the discovery document of the issuer, as the server has it. */
  readonly openidConfiguration?: string
  /** Scopes that a token must have, with spaces between. */
  readonly scope?: string
}

/** What a token is wanted for. */
export interface OAuthTokenRequest {
  /** The role to connect as. */
  readonly user: string
  /** The host of the connection. */
  readonly host: string
  /**
   * What the server said of tokens; absent when it has not been asked. Trust it no more than the server:
   * compare the address with that of the issuer you know before you send anything there.
   */
  readonly discovery?: OAuthDiscovery
}

/**
 * Gives a bearer token, or undefined to ask the server first which one it takes; it is called again then.
 * It is also called again, once, when the server refuses a token as invalid.
 */
export type OAuthTokenProvider = (
  request: OAuthTokenRequest,
) => string | undefined | Promise<string | undefined>

/** b64token of RFC 6750, section 2.1. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/** Separates the keys and values of a client message. */
const SEPARATOR = '\x01'

/**
 * OAUTHBEARER (RFC 7628), as PostgreSQL 18 speaks it: the client sends its token, and the server either
 * accepts it without a word of SASL or says in JSON what it wants, after which it ends the connection.
 */
export class OAuthExchange implements Exchange {
  readonly method = 'oauth'
  readonly family = 'sasl'
  readonly isChannelBound = false
  readonly #request: OAuthTokenRequest
  readonly #provider: OAuthTokenProvider
  #discovery: OAuthDiscovery | undefined

  constructor(provider: OAuthTokenProvider, request: OAuthTokenRequest) {
    this.#provider = provider
    this.#request = request
  }

  /** What the server said when it refused. */
  get discovery(): OAuthDiscovery | undefined {
    return this.#discovery
  }

  async begin(): Promise<AuthenticationReply> {
    const token = await this.#token()
    const auth = token === undefined ? '' : `Bearer ${token}`
    const text = `n,,${SEPARATOR}auth=${auth}${SEPARATOR}${SEPARATOR}`
    return { kind: 'sasl-initial', mechanism: OAUTHBEARER, data: Buffer.from(text) }
  }

  async continue(data: Uint8Array): Promise<AuthenticationReply> {
    if (this.#discovery !== undefined) {
      throw new ProtocolError(`the server goes on after it has refused ${OAUTHBEARER}`)
    }
    this.#discovery = readDiscovery(data)
    // A lone separator acknowledges the failure; the server owes an ErrorResponse for it.
    return { kind: 'sasl-response', data: Buffer.from(SEPARATOR) }
  }

  finish(): void {
    throw new ProtocolError(`the server sent AuthenticationSASLFinal, which ${OAUTHBEARER} has not`)
  }

  accept(): void {
    if (this.#discovery === undefined) return
    throw new AuthenticationError(
      'the server accepted the connection after it had refused the token',
    )
  }

  fail(): void {}

  async #token(): Promise<string | undefined> {
    const { user, discovery } = this.#request
    let token: unknown
    try {
      token = await this.#provider(this.#request)
    } catch (cause) {
      throw new AuthenticationError(`the OAuth token for user "${user}" could not be had`, {
        cause,
      })
    }
    if (token === undefined || token === '') {
      if (discovery === undefined) return undefined
      throw new AuthenticationError(
        `oauthToken gives no token for user "${user}", though it knows what the server takes ` +
          `(status: ${printable(discovery.status)})`,
      )
    }
    if (typeof token !== 'string' || !TOKEN.test(token)) {
      throw new AuthenticationError(`what oauthToken gives for user "${user}" is no bearer token`)
    }
    return token
  }
}

function readDiscovery(data: Uint8Array): OAuthDiscovery {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  let json: unknown
  try {
    json = JSON.parse(bytes.toString())
  } catch {
    // What the text was may be anything, and is not repeated.
    throw new ProtocolError(`malformed ${OAUTHBEARER} message of the server: no JSON`)
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ProtocolError(`malformed ${OAUTHBEARER} message of the server: no object`)
  }
  const field = (name: string): string | undefined => {
    const value: unknown = Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined
    if (value === undefined || typeof value === 'string') return value
    throw new ProtocolError(`malformed ${OAUTHBEARER} message of the server: "${name}" is no text`)
  }
  const status = field('status')
  if (status === undefined) {
    throw new ProtocolError(`malformed ${OAUTHBEARER} message of the server: no status`)
  }
  const openidConfiguration = field('openid-configuration')
  const scope = field('scope')
  return Object.freeze({
    status,
    ...(openidConfiguration !== undefined && { openidConfiguration }),
    ...(scope !== undefined && { scope }),
  })
}

/** What a server sent before it is trusted, fit for a message. */
export function printable(text: string): string {
  return text.slice(0, 100).replaceAll(/[^\x20-\x7e]/gu, '?')
}
