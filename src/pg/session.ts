import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Authenticator } from '../auth/authenticator.js'
import { ScramKeyCache } from '../auth/scram-keys.js'
import { PostgresError } from '../base/errors.js'
import { defaultFiles } from '../config/environment.js'
import { readPassfile } from '../config/passfile.js'
import { peerCertificate } from '../transport/peer-certificate.js'
import { SocketTransport } from '../transport/socket.js'
import { TypeCatalogue } from '../types/type-catalogue.js'
import { cancelThrough } from '../wire/cancel.js'
import { StartupRequest } from '../wire/requests/startup.js'
import { Session } from '../wire/session.js'
import { StatementCache } from '../wire/statement-cache.js'
import { type ConnectionHandler, WireConnection } from '../wire/wire-connection.js'
import type { ClientConfig } from './client-config.js'
import { Connection } from './connection.js'
import type { ConnectionParameters } from './connection-parameters.js'
import { DatabaseError } from './database-error.js'

const MAX_MESSAGE_BYTES = 0x3ffffffe

/** A client, as far as its session needs to know it. */
export interface SessionClient {
  readonly connectionParameters: ConnectionParameters
  readonly config: ClientConfig
  readonly user: string | undefined
  readonly database: string | undefined
  readonly host: string
  readonly port: number
  readonly ssl: unknown
  readonly sslNegotiation: 'postgres' | 'direct'
  readonly enableChannelBinding: boolean
  readonly scramMaxIterations: number
  password: ConnectionParameters['password']
}

/**
 * Opens a session for a client: stream, TLS, startup and authentication.
 *
 * Rejects with what pg rejects with: Node's error, the server's as {@link DatabaseError}, the error of a
 * password function as it is. The stream is the caller's to close.
 */
export async function openSession(
  client: SessionClient,
  connection: Connection,
  handler: ConnectionHandler,
): Promise<WireConnection> {
  const { connectionParameters: parameters } = client
  const stream = (await connection._open(client.port, client.host)) as Socket | TLSSocket
  const address = parameters.isDomainSocket
    ? `${client.host}/.s.PGSQL.${client.port}`
    : `${client.host}:${client.port}`
  const session = new Session(new TypeCatalogue({}), new StatementCache(0))
  const wire = new WireConnection(
    session,
    {
      name: address,
      address,
      host: client.host,
      target: parameters.isDomainSocket
        ? { path: address }
        : { host: client.host, port: client.port },
      encryption: 'plain',
      tls: undefined,
      keepAlive: false,
    },
    MAX_MESSAGE_BYTES,
    handler,
    () => cancelThrough((signal) => openBeside(client, signal), session.key),
  )
  const transport = new SocketTransport(stream, wire)
  const certificate =
    'getPeerX509Certificate' in stream
      ? { certificate: () => peerCertificate(stream)?.raw }
      : undefined
  let passwordError: unknown
  const authenticator = new Authenticator({
    user: client.user ?? '',
    host: client.host,
    password: () =>
      passwordOf(client, parameters).catch((error: unknown) => {
        passwordError = error
        throw error
      }),
    // pg hands a password to whoever asks.
    secure: true,
    tls: certificate,
    channelBinding: client.enableChannelBinding ? 'prefer' : 'disable',
    maxIterations: client.scramMaxIterations || Number.POSITIVE_INFINITY,
    keyCache: keysFor(client.config),
  })
  const startup = new StartupRequest(
    startupParameters(parameters),
    { min: 0, max: 0 },
    authenticator,
  )
  wire.start(transport, startup)
  try {
    await startup.promise
    return wire
  } catch (error) {
    wire.destroy()
    // As it is, for who made it looks for it.
    if (passwordError !== undefined) throw passwordError
    if (error instanceof PostgresError) throw DatabaseError.fromCore(error)
    throw nodeErrorOf(error)
  }
}

/** Clients made of one object, as all of a pool are, derive the keys of their password once. */
const keyCaches = new WeakMap<ClientConfig, ScramKeyCache>()

function keysFor(config: ClientConfig): ScramKeyCache {
  let cache = keyCaches.get(config)
  if (cache === undefined) {
    cache = new ScramKeyCache()
    keyCaches.set(config, cache)
  }
  return cache
}

/** Another stream to the server of a client, in the same TLS mode: for a CancelRequest. */
function openBeside(client: SessionClient, signal: AbortSignal): Promise<Socket> {
  const { stream } = client.config
  const beside = new Connection({
    // A stream that was given is the client's own; a function makes another.
    ...(typeof stream === 'function' && { stream }),
    ssl: client.ssl,
    sslNegotiation: client.sslNegotiation,
  })
  const onAbort = () => beside.stream.destroy()
  signal.addEventListener('abort', onAbort)
  beside.stream.once('close', () => signal.removeEventListener('abort', onAbort))
  return beside._open(client.port, client.host) as Promise<Socket>
}

/** Node's own error where there is one, or pg's words for a server that has hung up. */
function nodeErrorOf(error: unknown): unknown {
  const { cause, code } = error as { cause?: unknown; code?: string }
  if (code !== 'ERR_SLUICE_CONNECTION_CLOSED') return error
  return cause instanceof Error
    ? cause
    : new Error('Connection terminated unexpectedly', { cause: error })
}

async function passwordOf(
  client: SessionClient,
  parameters: ConnectionParameters,
): Promise<string> {
  let { password } = client as { password: unknown }
  if (typeof password === 'function') {
    password = await password(parameters)
    if (password !== undefined && typeof password !== 'string') {
      throw new TypeError('Password must be a string')
    }
  } else if (password === null || password === undefined) {
    password = readPassfile(process.env['PGPASSFILE'] || defaultFiles(process.env).passfile).find({
      host: client.host,
      port: client.port,
      database: client.database ?? '',
      user: client.user ?? '',
    })
  }
  parameters.password = client.password = (password ?? null) as string | null
  if (typeof password !== 'string') {
    throw new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string')
  }
  if (password === '') {
    throw new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string')
  }
  return password
}

function startupParameters(parameters: ConnectionParameters): Record<string, string> {
  const startup: Record<string, string> = { user: parameters.user ?? '', client_encoding: 'UTF8' }
  const add = (name: string, value: unknown): void => {
    if (value) startup[name] = String(value)
  }
  add('database', parameters.database)
  add('application_name', parameters.application_name || parameters.fallback_application_name)
  add('replication', parameters.replication)
  for (const name of [
    'statement_timeout',
    'lock_timeout',
    'idle_in_transaction_session_timeout',
  ] as const) {
    if (parameters[name]) add(name, Number.parseInt(String(parameters[name]), 10))
  }
  add('options', parameters.options)
  return startup
}
