import { AuthenticationError, ProtocolError } from '../base/errors.js'
import { md5Password } from './md5.js'
import type { AuthMethod, RequireAuth } from './require-auth.js'
import {
  beginScram,
  continueScram,
  deriveScramKeys,
  SCRAM_SHA_256,
  type ScramBegun,
  type ScramContinued,
  verifyServerFinal,
} from './scram-sha-256.js'

/** What the server asks in an Authentication message. Byte windows must hold until the answer settles. */
export type AuthenticationRequest =
  | { readonly kind: 'ok' }
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'md5'; readonly salt: Uint8Array }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'sasl-continue'; readonly data: Uint8Array }
  | { readonly kind: 'sasl-final'; readonly data: Uint8Array }
  | { readonly kind: 'unsupported'; readonly name: string }

/** What to send back: PasswordMessage, SASLInitialResponse or SASLResponse. */
export type AuthenticationReply =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'sasl-initial'; readonly mechanism: string; readonly data: Uint8Array }
  | { readonly kind: 'sasl-response'; readonly data: Uint8Array }

/** What an {@link Authenticator} needs to know. */
export interface AuthenticatorOptions {
  readonly user: string
  /** Asked at most once, and only when the server wants a password. */
  readonly password: () => Promise<string | undefined>
  /** Why there may be no password, for the error that says so. */
  readonly passwordHint?: string | undefined
  /** Default: every method is allowed. */
  readonly requireAuth?: RequireAuth | undefined
  /** Whether nobody can listen: TLS, or a unix socket. */
  readonly secure: boolean
  /** The most SCRAM iterations to compute. Default 100,000. */
  readonly maxIterations?: number
}

type State =
  | { readonly name: 'start' }
  /** An answer is being made; the server owes nothing before it has it. */
  | { readonly name: 'answering' }
  | { readonly name: 'scram-begun'; readonly begun: ScramBegun; readonly password: string }
  | { readonly name: 'scram-continued'; readonly continued: ScramContinued }
  /** Nothing is left to say; AuthenticationOk may come. */
  | { readonly name: 'answered' }
  | { readonly name: 'over' }

/**
 * Answers the server's authentication requests, for one attempt to connect:
 *
 *   start ── cleartext, md5 ──────────────────────────────────────────────► answered ── ok ──► over
 *   start ── sasl ──► scram-begun ── continue ──► scram-continued ── final ──► answered
 *   start ── ok ──► over
 *
 * Anything else ends it. AuthenticationOk counts only once a server that began SCRAM has proven itself.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions
  #state: State = { name: 'start' }

  constructor(options: AuthenticatorOptions) {
    this.#options = options
  }

  /**
   * Gives what to send back, undefined for nothing. `ok` and `sasl-final` are judged during the call,
   * since what follows them may be in the same chunk; where the password is needed it gives a promise.
   *
   * @throws {AuthenticationError} (or rejects with it) when the method is not allowed or not supported, no
   * password is there, or the server did not prove itself.
   * @throws {ProtocolError} (or rejects with it) when the message is malformed or out of order.
   */
  answer(request: AuthenticationRequest): Promise<AuthenticationReply> | undefined {
    const state = this.#state
    // Whatever is thrown below, nothing may follow it.
    this.#state = { name: 'over' }
    switch (request.kind) {
      case 'ok':
        this.#accept(state)
        return undefined
      case 'cleartext':
        this.#begin(state, 'password')
        this.#refuseCleartext()
        return this.#reply(async () => {
          const password = await this.#password('password')
          return { reply: { kind: 'password', password }, next: { name: 'answered' } }
        })
      case 'md5':
        this.#begin(state, 'md5')
        return this.#reply(async () => {
          const password = this.#hash(await this.#password('md5'), request.salt)
          return { reply: { kind: 'password', password }, next: { name: 'answered' } }
        })
      case 'sasl':
        this.#begin(state, chooseMechanism(request.mechanisms))
        return this.#reply(async () => {
          const password = await this.#password('scram-sha-256')
          const begun = beginScram()
          return {
            reply: { kind: 'sasl-initial', mechanism: SCRAM_SHA_256, data: begun.message },
            next: { name: 'scram-begun', begun, password },
          }
        })
      case 'sasl-continue': {
        if (state.name !== 'scram-begun') throw outOfOrder('AuthenticationSASLContinue', state)
        const { begun, password } = state
        return this.#reply(async () => {
          const continued = await continueScram(
            begun,
            request.data,
            (salt, iterations) => deriveScramKeys(password, salt, iterations),
            this.#options.maxIterations,
          )
          return {
            reply: { kind: 'sasl-response', data: continued.message },
            next: { name: 'scram-continued', continued },
          }
        })
      }
      case 'sasl-final':
        if (state.name !== 'scram-continued') throw outOfOrder('AuthenticationSASLFinal', state)
        verifyServerFinal(state.continued, request.data)
        this.#state = { name: 'answered' }
        return undefined
      case 'unsupported':
        throw new AuthenticationError(
          `the server asks for the authentication method ${printable(request.name)}, which sluice does not support`,
        )
    }
  }

  #accept(state: State): void {
    switch (state.name) {
      case 'start':
        this.#require('none')
        return
      case 'answered':
        return
      case 'scram-begun':
      case 'scram-continued':
        throw new AuthenticationError(
          'the server accepted the connection before it had proven that it knows the password',
        )
      default:
        throw outOfOrder('AuthenticationOk', state)
    }
  }

  /** Checks that the server may ask for `method`, now and at all. */
  #begin(state: State, method: AuthMethod): void {
    if (state.name !== 'start') throw outOfOrder('a request to authenticate', state)
    this.#require(method)
  }

  #require(method: AuthMethod): void {
    const { requireAuth } = this.#options
    if (requireAuth === undefined || requireAuth.allowed.includes(method)) return
    const what =
      method === 'none'
        ? 'the server accepted the connection without authentication'
        : `the server asks for the authentication method "${method}"`
    throw new AuthenticationError(`${what}, which requireAuth "${requireAuth.text}" does not allow`)
  }

  #refuseCleartext(): void {
    const { secure, requireAuth } = this.#options
    // That "password" is among the allowed is known here; it must have been named, too.
    if (secure || requireAuth?.named === true) return
    throw new AuthenticationError(
      'the server asks for the password in clear text over an unencrypted connection; use TLS ' +
        "(ssl: 'require' or stronger), or allow it with requireAuth: 'password'",
    )
  }

  async #reply(
    make: () => Promise<{ reply: AuthenticationReply; next: State }>,
  ): Promise<AuthenticationReply> {
    this.#state = { name: 'answering' }
    try {
      const { reply, next } = await make()
      // A message that came meanwhile was out of order and has ended this.
      if (this.#state.name === 'answering') this.#state = next
      return reply
    } catch (error) {
      this.#state = { name: 'over' }
      throw error
    }
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

function chooseMechanism(mechanisms: readonly string[]): AuthMethod {
  if (mechanisms.includes(SCRAM_SHA_256)) return 'scram-sha-256'
  throw new AuthenticationError(
    `the server offers no SASL mechanism that sluice supports: ${mechanisms.map(printable).join(', ')}`,
  )
}

/** What a server sent before it is trusted, fit for a message. */
function printable(text: string): string {
  return text.slice(0, 100).replaceAll(/[^\x20-\x7e]/gu, '?')
}

function outOfOrder(what: string, state: State): ProtocolError {
  return new ProtocolError(`the server sent ${what} out of order (authentication: ${state.name})`)
}
