import type { Socket } from 'node:net'
import { Authenticator } from '../auth/authenticator.js'
import {
  AuthenticationError,
  type ConnectAttemptFailure,
  ConnectionError,
  type ConnectPhase,
  ConnectTimeoutError,
  PostgresError,
  TlsError,
} from '../base/errors.js'
import type { ConnectAttempt, ConnectionConfig } from '../config/resolve.js'
import { openSocket, SocketTransport } from '../transport/socket.js'
import { requestTls, startTls } from '../transport/tls.js'
import type { TypeMap } from '../types/type-map.js'
import { StartupRequest } from './requests/startup.js'
import { Session } from './session.js'
import { StatementCache } from './statement-cache.js'
import { type ConnectionHandler, WireConnection } from './wire-connection.js'

/** Invalid authorisation: the server will not have this user. SQLSTATE class 28. */
const AUTHORIZATION_CLASS = '28'
const NOT_LET_IN = '28000'

/**
 * Makes a connection ready for queries: each attempt of the configuration in turn until one serves.
 *
 * Rejects with the error of the attempt if there was but one, else with a {@link ConnectionError} that
 * lists them; with `signal.reason` when aborted. No socket stays open then. When a server refuses the
 * user no other host is asked, as in libpq; when *we* refuse to authenticate nothing else is tried at
 * all, so that nobody can talk us out of TLS by a bad proof.
 */
export async function connectWire(
  config: ConnectionConfig,
  types: TypeMap,
  handler: ConnectionHandler,
  signal?: AbortSignal,
): Promise<WireConnection> {
  const failures: ConnectAttemptFailure[] = []
  for (const attempt of config.attempts) {
    if (attempt.fallback && !allowsFallback(failures.at(-1))) continue
    const run = new AttemptRun(attempt, config, signal)
    try {
      return await run.connect(types, handler)
    } catch (error) {
      signal?.throwIfAborted()
      const failure = { address: attempt.address, phase: run.phase, cause: error }
      failures.push(failure)
      if (error instanceof AuthenticationError) break
      if (isRefusal(error) && !(hasFallback(config, attempt) && allowsFallback(failure))) break
    } finally {
      run.dispose()
    }
  }
  throw summary(failures)
}

/** One attempt, with its deadline. */
class AttemptRun {
  phase: ConnectPhase = 'connect'
  readonly #attempt: ConnectAttempt
  readonly #config: ConnectionConfig
  readonly #outer: AbortSignal | undefined
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined
  readonly #onOuterAbort = () => this.#abort.abort(this.#outer?.reason)

  constructor(attempt: ConnectAttempt, config: ConnectionConfig, outer: AbortSignal | undefined) {
    this.#attempt = attempt
    this.#config = config
    this.#outer = outer
    outer?.throwIfAborted()
    outer?.addEventListener('abort', this.#onOuterAbort)
    if (config.connectTimeout > 0) {
      this.#timer = setTimeout(() => this.#abort.abort(this.#timeoutError()), config.connectTimeout)
    }
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#onOuterAbort)
  }

  async connect(types: TypeMap, handler: ConnectionHandler): Promise<WireConnection> {
    const { signal } = this.#abort
    const { address, path, host, port } = this.#attempt
    const target = path === undefined ? { host, port } : { path }
    const socket = await openSocket(target, this.#config.keepAlive, signal).catch(
      (error: unknown) => {
        throw error instanceof Error && error !== signal.reason
          ? new ConnectionError(`cannot connect to ${address}: ${reasonOf(error)}`, {
              phase: 'connect',
              address,
              safeToRetry: true,
              cause: error,
            })
          : error
      },
    )
    const secured = await this.#secure(socket)
    this.phase = 'startup'
    const wire = new WireConnection(
      new Session(types, new StatementCache(this.#config.statementCacheSize)),
      address,
      this.#config.maxMessageSize,
      handler,
    )
    const transport = new SocketTransport(secured, wire)
    const onAbort = () => wire.destroy()
    signal.addEventListener('abort', onAbort)
    try {
      const startup = new StartupRequest(
        this.#config.startupParameters,
        this.#authenticator(transport.encrypted || path !== undefined),
      )
      wire.start(transport, startup)
      if (signal.aborted) onAbort()
      await startup.promise
      return wire
    } catch (error) {
      wire.destroy()
      transport.destroy()
      throw signal.aborted ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #secure(socket: Socket): Promise<Socket> {
    const { signal } = this.#abort
    const { address, host, encryption } = this.#attempt
    const { tls } = this.#config
    if (encryption === 'plain' || tls === undefined) return socket
    this.phase = 'tls'
    if (tls.negotiation === 'postgres' && !(await requestTls(socket, address, signal))) {
      if (encryption === 'tls-if-offered') return socket
      socket.destroy()
      throw new TlsError(`${address} does not offer TLS, which sslmode=${tls.mode} demands`, {
        address,
      })
    }
    return startTls(socket, host, address, tls, signal)
  }

  #authenticator(secure: boolean): Authenticator {
    const { user, requireAuth, password, passwordHint } = this.#config
    return new Authenticator({
      user,
      secure,
      requireAuth,
      passwordHint,
      password: async () => {
        this.phase = 'authentication'
        return (
          (typeof password === 'function' ? await password() : password) ?? this.#attempt.password
        )
      },
    })
  }

  #timeoutError(): ConnectTimeoutError {
    const { address } = this.#attempt
    return new ConnectTimeoutError(
      `no connection to ${address} within ${this.#config.connectTimeout} ms (phase: ${this.phase})`,
      { phase: this.phase, address },
    )
  }
}

/** A host with several addresses fails with an error for each, in one that says nothing itself. */
function reasonOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message
  return error.errors.map((each) => (each instanceof Error ? each.message : each)).join('; ')
}

/**
 * Whether the second half of sslmode=prefer or allow is worth trying: TLS failed, or pg_hba.conf has
 * no line that lets this user in by the first. A password that was wrong stays wrong, and a host that
 * did not answer in time is not asked again.
 */
function allowsFallback(former: ConnectAttemptFailure | undefined): boolean {
  if (former === undefined || former.cause instanceof ConnectTimeoutError) return false
  const { phase, cause } = former
  return phase === 'tls' || (cause instanceof PostgresError && cause.code === NOT_LET_IN)
}

function hasFallback(config: ConnectionConfig, attempt: ConnectAttempt): boolean {
  return config.attempts[config.attempts.indexOf(attempt) + 1]?.fallback ?? false
}

function isRefusal(error: unknown): boolean {
  return error instanceof PostgresError && error.code.startsWith(AUTHORIZATION_CLASS)
}

function summary(failures: readonly ConnectAttemptFailure[]): unknown {
  const last = failures.at(-1)
  if (failures.length === 1 || isSameRefusal(failures)) return failures[0]?.cause
  const lines = failures.map(({ cause }) => `\n  ${cause instanceof Error ? cause.message : cause}`)
  return new ConnectionError(`no server could be reached:${lines.join('')}`, {
    phase: last?.phase ?? 'resolve',
    attempts: failures,
    cause: last?.cause,
  })
}

/** Whether one server gave one answer to both halves of sslmode=prefer or allow. */
function isSameRefusal(failures: readonly ConnectAttemptFailure[]): boolean {
  const [first] = failures
  return failures.every(
    ({ address, cause }) =>
      address === first?.address &&
      cause instanceof PostgresError &&
      first.cause instanceof PostgresError &&
      cause.code === first.cause.code,
  )
}
