/**
 * The error taxonomy. The class says who failed, `code` says what, `safeToRetry` says whether the
 * server can have acted on the request. Codes are API, messages are not.
 */

import { excerpt } from './excerpt.js'
import { type Condition, conditionOf } from './sqlstate.js'

/** What every {@link SluiceError} constructor takes besides its message. */
export interface ErrorDetails {
  /** Stable identifier; each class has a default. */
  readonly code?: string
  /** The error behind this one. */
  readonly cause?: unknown
  /** True only when the server cannot have acted on the request. Default false. */
  readonly safeToRetry?: boolean
}

/** Root of every error that sluice itself makes. */
export abstract class SluiceError extends Error {
  /** A SQLSTATE for errors of the server, `ERR_SLUICE_*` otherwise. */
  readonly code: string
  /** True only when the server cannot have acted on the request, so that repeating it is harmless. */
  readonly safeToRetry: boolean
  /** Of several statements run as a batch: which one failed, the first being 0. */
  declare batchIndex?: number

  constructor(message: string, defaultCode: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = details.code ?? defaultCode
    this.safeToRetry = details.safeToRetry ?? false
  }

  /** Name, message and fields, for logs in JSON. */
  toJSON(): Record<string, unknown> {
    const { name, message, cause } = this
    return {
      name,
      message,
      ...Object.fromEntries(Object.entries(this)),
      ...(cause instanceof Error && { cause: describeCause(cause) }),
    }
  }
}

/** Of errors that are not ours no more than what they say: what else they hold we do not know. */
function describeCause(cause: Error): unknown {
  if (cause instanceof SluiceError) return cause.toJSON()
  const { name, message } = cause
  return { name, message }
}

/**
 * The fields of an ErrorResponse or NoticeResponse, under the names used throughout sluice.
 * A server may leave out any of them.
 *
 * @see https://www.postgresql.org/docs/current/protocol-error-fields.html
 */
export interface ServerMessageFields {
  /** `ERROR`, `FATAL`, `PANIC`, `WARNING`, `NOTICE`, `DEBUG`, `INFO` or `LOG`, never localised. */
  severity?: string
  /** The SQLSTATE, five characters. */
  code?: string
  message?: string
  detail?: string
  hint?: string
  /** Index of the error in the query text, in characters, the first being 1. */
  position?: number
  /** As `position`, for `internalQuery`. */
  internalPosition?: number
  /** The text of a failed command that the server made itself. */
  internalQuery?: string
  /** The context, such as a call stack of server-side functions. */
  where?: string
  schema?: string
  table?: string
  column?: string
  dataType?: string
  constraint?: string
  /** Where in the server's source the error was raised. */
  file?: string
  line?: number
  routine?: string
}

/** A NoticeResponse: what the server tells without failing anything. */
export interface Notice extends ServerMessageFields {}

/**
 * An ErrorResponse: the server refused the request. `code` is its SQLSTATE, `condition` the name of it.
 * Its class is the one for the first two characters of that, such as {@link IntegrityConstraintViolation}.
 */
export class PostgresError extends SluiceError implements ServerMessageFields {
  static {
    PostgresError.prototype.name = 'PostgresError'
  }
  declare readonly severity?: string
  declare readonly detail?: string
  declare readonly hint?: string
  declare readonly position?: number
  declare readonly internalPosition?: number
  declare readonly internalQuery?: string
  declare readonly where?: string
  declare readonly schema?: string
  declare readonly table?: string
  declare readonly column?: string
  declare readonly dataType?: string
  declare readonly constraint?: string
  declare readonly file?: string
  declare readonly line?: number
  declare readonly routine?: string
  /** The text of the query that failed; its parameters are never kept. */
  declare readonly query?: string

  constructor(fields: ServerMessageFields, query?: string) {
    const { message, code, ...rest } = fields
    super(message ?? 'the server sent an error without a message', code ?? 'XX000')
    Object.assign(this, rest)
    if (query !== undefined) this.query = query
  }

  /** What PostgreSQL calls the SQLSTATE, such as `unique_violation`; undefined when it has no name for it. */
  get condition(): Condition | undefined {
    return conditionOf(this.code)
  }

  /** All that there is to say, in lines for people, with a caret under the place in the query. */
  format(): string {
    const { name, message, code, condition, query, position } = this
    const { internalQuery, internalPosition, detail, hint, where } = this
    return [
      `${name}: ${message} (${condition === undefined ? code : `${code} ${condition}`})`,
      ...excerpt(query, position),
      ...(internalQuery === undefined ? [] : ['QUERY:']),
      ...excerpt(internalQuery, internalPosition),
      ...(detail === undefined ? [] : [`DETAIL: ${detail}`]),
      ...(hint === undefined ? [] : [`HINT: ${hint}`]),
      ...(where === undefined ? [] : [`CONTEXT: ${where}`]),
    ].join('\n')
  }
}

/** Where on the way to a usable connection an attempt was. */
export type ConnectPhase = 'resolve' | 'connect' | 'tls' | 'startup' | 'authentication' | 'ready'

/** One address that was tried, and why it did not serve. */
export interface ConnectAttemptFailure {
  /** `host:port`, or the path of a socket. */
  readonly address: string
  readonly phase: ConnectPhase
  readonly cause: unknown
}

/** What connection errors take besides {@link ErrorDetails}. */
export interface ConnectionErrorDetails extends ErrorDetails {
  readonly phase?: ConnectPhase
  readonly address?: string
  readonly attempts?: readonly ConnectAttemptFailure[]
}

/** The connection could not be made, or was lost. */
export class ConnectionError extends SluiceError {
  static {
    ConnectionError.prototype.name = 'ConnectionError'
  }
  /** How far the connection had come. */
  readonly phase: ConnectPhase
  /** The address of the server, as `host:port` or as the path of a socket. */
  declare readonly address?: string
  /** Every address that was tried by a failed `connect()`, in order. */
  declare readonly attempts?: readonly ConnectAttemptFailure[]

  constructor(
    message: string,
    details: ConnectionErrorDetails = {},
    defaultCode = 'ERR_SLUICE_CONNECTION',
  ) {
    super(message, defaultCode, details)
    this.phase = details.phase ?? 'ready'
    if (details.address !== undefined) this.address = details.address
    if (details.attempts !== undefined) this.attempts = details.attempts
  }
}

/** `connectTimeout` passed before the connection was ready. */
export class ConnectTimeoutError extends ConnectionError {
  static {
    ConnectTimeoutError.prototype.name = 'ConnectTimeoutError'
  }
  constructor(message: string, details: ConnectionErrorDetails = {}) {
    super(message, { safeToRetry: true, ...details }, 'ERR_SLUICE_CONNECT_TIMEOUT')
  }
}

/** No server of the list has what `targetSessionAttrs` asks for, or the one that was reached has not. */
export class TargetSessionAttrsError extends ConnectionError {
  static {
    TargetSessionAttrsError.prototype.name = 'TargetSessionAttrsError'
  }
  constructor(message: string, details: ConnectionErrorDetails = {}) {
    super(
      message,
      { phase: 'startup', safeToRetry: true, ...details },
      'ERR_SLUICE_TARGET_SESSION_ATTRS',
    )
  }
}

/** The connection is closed: by `close()`, by the server or by the network. `cause` says why where it is known. */
export class ConnectionClosedError extends ConnectionError {
  static {
    ConnectionClosedError.prototype.name = 'ConnectionClosedError'
  }
  constructor(message: string, details: ConnectionErrorDetails = {}) {
    super(message, details, 'ERR_SLUICE_CONNECTION_CLOSED')
  }
}

/** We refused to authenticate: method not allowed, no password, bad proof of the server. What the server refuses is a {@link PostgresError}. */
export class AuthenticationError extends ConnectionError {
  static {
    AuthenticationError.prototype.name = 'AuthenticationError'
  }
  constructor(message: string, details: ConnectionErrorDetails = {}) {
    super(message, { phase: 'authentication', ...details }, 'ERR_SLUICE_AUTHENTICATION')
  }
}

/** TLS could not be set up as the sslmode demands. */
export class TlsError extends ConnectionError {
  static {
    TlsError.prototype.name = 'TlsError'
  }
  constructor(message: string, details: ConnectionErrorDetails = {}) {
    super(message, { phase: 'tls', ...details }, 'ERR_SLUICE_TLS')
  }
}

/** The server broke the protocol. The connection is gone, since positions in the stream mean nothing after it. */
export class ProtocolError extends SluiceError {
  static {
    ProtocolError.prototype.name = 'ProtocolError'
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, 'ERR_SLUICE_PROTOCOL', details)
  }
}

/** The API was used wrongly. Nothing was sent. */
export class InterfaceError extends SluiceError {
  static {
    InterfaceError.prototype.name = 'InterfaceError'
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, 'ERR_SLUICE_INTERFACE', { safeToRetry: true, ...details })
  }
}

/** What an {@link EncodeError} takes besides its message. */
export interface EncodeErrorDetails extends ErrorDetails {
  readonly parameter?: number
  readonly type?: string
  readonly row?: number
  readonly column?: string
}

/** A value cannot become what its parameter needs. Nothing was sent. The value itself is not kept. */
export class EncodeError extends SluiceError {
  static {
    EncodeError.prototype.name = 'EncodeError'
  }
  /** Position of the parameter, the first being 1. */
  declare parameter?: number
  /** Name of the PostgreSQL type. */
  declare type?: string
  /** Where many rows were given: which one, the first being 0. */
  declare row?: number
  /** Where rows of a table were given: the name of the column. */
  declare column?: string

  constructor(message: string, details: EncodeErrorDetails = {}) {
    super(message, 'ERR_SLUICE_ENCODE', { safeToRetry: true, ...details })
    if (details.parameter !== undefined) this.parameter = details.parameter
    if (details.row !== undefined) this.row = details.row
    if (details.column !== undefined) this.column = details.column
    if (details.type !== undefined) this.type = details.type
  }
}

/** A value from the server does not fit its JavaScript type. The query itself was carried out. */
export class DecodeError extends SluiceError {
  static {
    DecodeError.prototype.name = 'DecodeError'
  }
  /** Name of the column. */
  declare column?: string
  /** Name of the PostgreSQL type. */
  declare type?: string

  constructor(message: string, details: ErrorDetails & { column?: string; type?: string } = {}) {
    super(message, 'ERR_SLUICE_DECODE', details)
    if (details.column !== undefined) this.column = details.column
    if (details.type !== undefined) this.type = details.type
  }
}

/**
 * A query took longer than its `timeout`, or the `queryTimeout` of its connection. It was cancelled if
 * it had been sent, which `safeToRetry` tells: false when the server may have carried it out.
 */
export class QueryTimeoutError extends SluiceError {
  static {
    QueryTimeoutError.prototype.name = 'QueryTimeoutError'
  }
  /** The deadline that passed, in ms. */
  readonly timeout: number

  constructor(timeout: number, details: ErrorDetails = {}, what = 'query') {
    super(`the ${what} did not end within ${timeout} ms`, 'ERR_SLUICE_QUERY_TIMEOUT', details)
    this.timeout = timeout
  }
}
