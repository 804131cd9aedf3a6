import { AuthenticationError, ProtocolError } from '../base/errors.js'
import { serverEndPoint } from './channel-binding.js'
import type { AuthenticationReply, Exchange } from './exchange.js'
import { GssExchange, type GssProvider } from './gss.js'
import { md5Password } from './md5.js'
import {
  OAUTHBEARER,
  type OAuthDiscovery,
  OAuthExchange,
  type OAuthTokenProvider,
  printable,
} from './oauth.js'
import type { AuthMethod, RequireAuth } from './require-auth.js'
import { type ScramBinding, ScramExchange } from './scram-exchange.js'
import { ScramKeyCache, type ScramKeys } from './scram-keys.js'
import { SCRAM_SHA_256, SCRAM_SHA_256_PLUS } from './scram-sha-256.js'

/** What the server asks in an Authentication message. Byte windows must hold until the answer settles. */
export type AuthenticationRequest =
  | { readonly kind: 'ok' }
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'md5'; readonly salt: Uint8Array }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'sasl-continue'; readonly data: Uint8Array }
  | { readonly kind: 'sasl-final'; readonly data: Uint8Array }
  | { readonly kind: 'gss' }
  | { readonly kind: 'gss-continue'; readonly data: Uint8Array }
  | { readonly kind: 'unsupported'; readonly name: string }

/** What an {@link Authenticator} needs to know. */
export interface AuthenticatorOptions {
  readonly user: string
  /** The host of the connection. Default: its name is empty. */
  readonly host?: string
  /** Asked at most once, and only when the server wants a password. */
  readonly password: () => Promise<string | undefined>
  /** Why there may be no password, for the error that says so. */
  readonly passwordHint?: string | undefined
  /** Default: every method is allowed. */
  readonly requireAuth?: RequireAuth | undefined
  /** Whether nobody can listen: TLS, or a unix socket. */
  readonly secure: boolean
  /** The TLS connection; absent without TLS. */
  readonly tls?: TlsPeer | undefined
  /** Whether SCRAM is bound to the TLS connection: never, where server and certificate can, or else not at all. Default `prefer`. */
  readonly channelBinding?: 'disable' | 'prefer' | 'require'
  /** The most SCRAM iterations to compute. Default 100,000. */
  readonly maxIterations?: number | undefined
  /** Keys of SCRAM in the place of a password. */
  readonly scramKeys?: ScramKeys | undefined
  /** Keys that were derived before. Default: a cache of its own. */
  readonly keyCache?: ScramKeyCache | undefined
  readonly oauthToken?: OAuthTokenProvider | undefined
  /** What the server said of OAuth tokens when it was asked before. */
  readonly oauthDiscovery?: OAuthDiscovery | undefined
  readonly gssProvider?: GssProvider | undefined
  /** Default `postgres`. */
  readonly gssServiceName?: string | undefined
  /** Called when the server wants something proven. */
  readonly onAsked?: (() => void) | undefined
}

/** The other end of a TLS connection. */
export interface TlsPeer {
  /** Its certificate in DER; undefined when it showed none. */
  certificate(): Uint8Array | undefined
}

type State =
  | { readonly name: 'start' }
  /** An answer is being made; the server owes nothing before it has it. */
  | { readonly name: 'answering' }
  | { readonly name: 'exchanging'; readonly exchange: Exchange }
  /** The password went out; nothing is left to say. */
  | { readonly name: 'answered' }
  | { readonly name: 'over' }

/**
 * Answers the server's authentication requests, for one attempt to connect:
 *
 *   start ── cleartext, md5 ─► answered ─────────────────────────────── ok ──► over
 *   start ── sasl, gss ──────► exchanging ── continue*, final ──► … ─── ok ──► over
 *   start ── ok ──► over
 *
 * Anything else ends it. AuthenticationOk counts only when the exchange agrees: for SCRAM, once the server
 * has proven itself.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions
  #state: State = { name: 'start' }
  #exchange: Exchange | undefined

  constructor(options: AuthenticatorOptions) {
    this.#options = options
  }

  /**
   * Gives what to send back, undefined for nothing. `ok` and `sasl-final` are judged during the call,
   * since what follows them may be in the same chunk; everything else gives a promise.
   *
   * @throws {AuthenticationError} (or rejects with it) when the method is not allowed or not supported, no
   * password is there, or the server did not prove itself.
   * @throws {ProtocolError} (or rejects with it) when the message is malformed or out of order.
   */
  answer(request: AuthenticationRequest): Promise<AuthenticationReply | undefined> | undefined {
    const state = this.#state
    // Whatever is thrown below, nothing may follow it.
    this.#state = { name: 'over' }
    if (request.kind !== 'ok') this.#options.onAsked?.()
    switch (request.kind) {
      case 'ok':
        this.#accept(state)
        return undefined
      case 'cleartext':
        this.#begin(state, 'password')
        this.#refuseOverOpenNetwork('password', 'the password in clear text')
        return this.#reply({ name: 'answered' }, async () => ({
          kind: 'password',
          password: await this.#password('password'),
        }))
      case 'md5':
        this.#begin(state, 'md5')
        return this.#reply({ name: 'answered' }, async () => ({
          kind: 'password',
          password: this.#hash(await this.#password('md5'), request.salt),
        }))
      case 'sasl':
        return this.#start(state, () => this.#chooseMechanism(request.mechanisms))
      case 'gss':
        return this.#start(state, () => this.#gss())
      case 'sasl-continue': {
        const exchange = exchangeOf(state, 'sasl', 'AuthenticationSASLContinue')
        return this.#reply(state, () => exchange.continue(request.data))
      }
      case 'gss-continue': {
        const exchange = exchangeOf(state, 'gss', 'AuthenticationGSSContinue')
        return this.#reply(state, () => exchange.continue(request.data))
      }
      case 'sasl-final':
        exchangeOf(state, 'sasl', 'AuthenticationSASLFinal').finish(request.data)
        this.#state = state
        return undefined
      case 'unsupported':
        if (state.name !== 'start') throw outOfOrder('a request to authenticate', state)
        throw new AuthenticationError(
          `the server asks for the authentication method ${printable(request.name)}, which sluice does not support`,
        )
    }
  }

  /** Tells it that the attempt has failed; what was derived for it is forgotten. */
  fail(): void {
    this.#state = { name: 'over' }
    this.#exchange?.fail()
  }

  /** What the server said of OAuth tokens when it wanted another, if it was not known before. */
  get oauthDiscovery(): OAuthDiscovery | undefined {
    if (this.#options.oauthDiscovery !== undefined) return undefined
    const discovery = this.#exchange instanceof OAuthExchange ? this.#exchange.discovery : undefined
    return discovery?.status === 'invalid_token' ? discovery : undefined
  }

  #accept(state: State): void {
    const { channelBinding } = this.#options
    switch (state.name) {
      case 'start':
        this.#requireMethod('none')
        break
      case 'answered':
        break
      case 'exchanging':
        state.exchange.accept()
        break
      default:
        throw outOfOrder('AuthenticationOk', state)
    }
    if (channelBinding === 'require' && this.#exchange?.isChannelBound !== true) {
      throw unbound('the server accepted the connection without')
    }
  }

  /** Checks that the server may ask for `method`, now and at all. */
  #begin(state: State, method: AuthMethod): void {
    if (state.name !== 'start') throw outOfOrder('a request to authenticate', state)
    this.#requireMethod(method)
    if (this.#options.channelBinding === 'require' && method !== 'scram-sha-256') {
      throw unbound(`the server asks for the authentication method "${method}", which has no`)
    }
  }

  #requireMethod(method: AuthMethod): void {
    const { requireAuth } = this.#options
    if (requireAuth === undefined || requireAuth.allowed.includes(method)) return
    const what =
      method === 'none'
        ? 'the server accepted the connection without authentication'
        : `the server asks for the authentication method "${method}"`
    throw new AuthenticationError(`${what}, which requireAuth "${requireAuth.text}" does not allow`)
  }

  /** Keeps a secret that travels as it is from an open network, unless its method was named. */
  #refuseOverOpenNetwork(method: AuthMethod, what: string): void {
    const { secure, requireAuth } = this.#options
    // That the method is among the allowed is known here; it must have been named, too.
    if (secure || requireAuth?.named === true) return
    throw new AuthenticationError(
      `the server asks for ${what} over an unencrypted connection; use TLS ` +
        `(ssl: 'require' or stronger), or allow it with requireAuth: '${method}'`,
    )
  }

  #start(state: State, choose: () => Exchange): Promise<AuthenticationReply | undefined> {
    if (state.name !== 'start') throw outOfOrder('a request to authenticate', state)
    const exchange = choose()
    this.#begin(state, exchange.method)
    this.#exchange = exchange
    return this.#reply({ name: 'exchanging', exchange }, () => exchange.begin())
  }

  async #reply(
    next: State,
    make: () => Promise<AuthenticationReply | undefined>,
  ): Promise<AuthenticationReply | undefined> {
    this.#state = { name: 'answering' }
    try {
      const reply = await make()
      // A message that came meanwhile was out of order and has ended this.
      if (this.#state.name === 'answering') this.#state = next
      return reply
    } catch (error) {
      this.#state = { name: 'over' }
      throw error
    }
  }

  /** The first mechanism that is allowed, else the first that is known, whose refusal says why. */
  #chooseMechanism(mechanisms: readonly string[]): Exchange {
    const { requireAuth, oauthToken } = this.#options
    const offersScram = mechanisms.some(
      (name) => name === SCRAM_SHA_256 || name === SCRAM_SHA_256_PLUS,
    )
    const offersOAuth = mechanisms.includes(OAUTHBEARER)
    const allows = (method: AuthMethod) => requireAuth?.allowed.includes(method) ?? true
    if (offersScram && (allows('scram-sha-256') || !(offersOAuth && allows('oauth')))) {
      return this.#scram(mechanisms)
    }
    if (offersOAuth) {
      this.#requireMethod('oauth')
      this.#refuseOverOpenNetwork('oauth', 'an OAuth token')
      if (oauthToken !== undefined) return this.#oauth(oauthToken)
      throw new AuthenticationError('the server asks for an OAuth token: set the option oauthToken')
    }
    throw new AuthenticationError(
      `the server offers no SASL mechanism that sluice supports: ${mechanisms.map(printable).join(', ')}`,
    )
  }

  #scram(mechanisms: readonly string[]): ScramExchange {
    const { scramKeys, maxIterations, keyCache = new ScramKeyCache() } = this.#options
    return new ScramExchange({
      password: () => this.#password('scram-sha-256'),
      keys: scramKeys,
      cache: keyCache,
      maxIterations,
      channelBinding: this.#chooseBinding(mechanisms),
    })
  }

  /** @see pg_SASL_init and build_client_first_message in src/interfaces/libpq */
  #chooseBinding(mechanisms: readonly string[]): ScramBinding {
    const { tls, channelBinding = 'prefer' } = this.#options
    const isOffered = mechanisms.includes(SCRAM_SHA_256_PLUS)
    if (tls === undefined) {
      if (isOffered) throw new ProtocolError(`the server offers ${SCRAM_SHA_256_PLUS} without TLS`)
      if (channelBinding === 'require') throw unbound('without TLS there is no')
      return { flag: 'n' }
    }
    const withoutBinding = (flag: 'n' | 'y', why: string): ScramBinding => {
      if (channelBinding === 'require') throw unbound(why)
      if (mechanisms.includes(SCRAM_SHA_256)) return { flag }
      throw new AuthenticationError(`the server offers nothing but ${SCRAM_SHA_256_PLUS}`)
    }
    if (channelBinding === 'disable') return withoutBinding('n', '')
    // `y` has a server that can bind, and whose offer somebody has taken out, find that out.
    if (!isOffered) return withoutBinding('y', 'the server does not offer')
    const certificate = tls.certificate()
    const data = certificate === undefined ? undefined : serverEndPoint(certificate)
    if (data === undefined) {
      return withoutBinding('n', "the signature of the server's certificate has no hash for")
    }
    return { flag: 'p', data }
  }

  #oauth(provider: OAuthTokenProvider): OAuthExchange {
    const { user, host = '', oauthDiscovery: discovery } = this.#options
    return new OAuthExchange(provider, {
      user,
      host,
      ...(discovery !== undefined && { discovery }),
    })
  }

  #gss(): GssExchange {
    const { user, host = '', gssProvider, gssServiceName: service = 'postgres' } = this.#options
    this.#requireMethod('gss')
    if (gssProvider !== undefined) return new GssExchange(gssProvider, { user, host, service })
    throw new AuthenticationError('the server asks for GSSAPI: set the option gssProvider')
  }

  async #password(method: AuthMethod): Promise<string> {
    const { user, passwordHint } = this.#options
    let password: unknown
    try {
      password = await this.#options.password()
    } catch (cause) {
      throw new AuthenticationError(`the password for user "${user}" could not be had`, { cause })
    }
    // PostgreSQL has no empty passwords, and libpq takes one for none (conn->pgpass in fe-auth.c).
    if (password === undefined || password === '') {
      throw new AuthenticationError(
        `the server asks for a password (${method}) and there is none for user "${user}": set password, ` +
          `PGPASSWORD or a line in the passfile${passwordHint === undefined ? '' : ` (${passwordHint})`}`,
      )
    }
    if (typeof password !== 'string') {
      throw new AuthenticationError(`the password for user "${user}" is not a string`)
    }
    if (password.includes('\0')) {
      throw new AuthenticationError(`the password for user "${user}" contains a NUL character`)
    }
    return password
  }

  #hash(password: string, salt: Uint8Array): string {
    try {
      return md5Password(this.#options.user, password, salt)
    } catch (cause) {
      throw new AuthenticationError('the server asks for MD5, which this Node.js cannot compute', {
        cause,
      })
    }
  }
}

function exchangeOf(state: State, family: Exchange['family'], what: string): Exchange {
  if (state.name === 'exchanging' && state.exchange.family === family) return state.exchange
  throw outOfOrder(what, state)
}

function unbound(why: string): AuthenticationError {
  return new AuthenticationError(`${why} channel binding, which channelBinding "require" demands`)
}

function outOfOrder(what: string, state: State): ProtocolError {
  return new ProtocolError(`the server sent ${what} out of order (authentication: ${state.name})`)
}
