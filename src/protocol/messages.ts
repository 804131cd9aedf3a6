/**
 * The message types of protocol 3 and what their fields mean.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** Type bytes of the messages a client sends. */
export const Frontend = {
  Bind: 0x42, // B
  Close: 0x43, // C
  CopyData: 0x64, // d
  CopyDone: 0x63, // c
  CopyFail: 0x66, // f
  Describe: 0x44, // D
  Execute: 0x45, // E
  Flush: 0x48, // H
  FunctionCall: 0x46, // F
  Parse: 0x50, // P
  /** PasswordMessage, SASLInitialResponse, SASLResponse and GSSResponse share it. */
  Password: 0x70, // p
  Query: 0x51, // Q
  Sync: 0x53, // S
  Terminate: 0x58, // X
} as const

/** Type bytes of the messages a server sends. */
export const Backend = {
  Authentication: 0x52, // R
  BackendKeyData: 0x4b, // K
  BindComplete: 0x32, // 2
  CloseComplete: 0x33, // 3
  CommandComplete: 0x43, // C
  CopyBothResponse: 0x57, // W
  CopyData: 0x64, // d
  CopyDone: 0x63, // c
  CopyInResponse: 0x47, // G
  CopyOutResponse: 0x48, // H
  DataRow: 0x44, // D
  EmptyQueryResponse: 0x49, // I
  ErrorResponse: 0x45, // E
  FunctionCallResponse: 0x56, // V
  NegotiateProtocolVersion: 0x76, // v
  NoData: 0x6e, // n
  NoticeResponse: 0x4e, // N
  NotificationResponse: 0x41, // A
  ParameterDescription: 0x74, // t
  ParameterStatus: 0x53, // S
  ParseComplete: 0x31, // 1
  PortalSuspended: 0x73, // s
  ReadyForQuery: 0x5a, // Z
  RowDescription: 0x54, // T
} as const

const backendNames = new Map<number, string>(
  Object.entries(Backend).map(([name, code]) => [code, name]),
)

/** The name of a backend message, or its type byte in hexadecimal if there is no such message. */
export function backendMessageName(code: number): string {
  return backendNames.get(code) ?? `message of type 0x${code.toString(16).padStart(2, '0')}`
}

/** How a value travels: 0 as text, 1 in the binary form of its type. */
export type Format = 0 | 1

/** What a prepared statement and a portal are called in Describe and Close. */
export type DescribeTarget = 'S' | 'P'

/** Whether the session is outside a transaction, in one, or in one that failed. */
export type TransactionStatus = 'idle' | 'transaction' | 'failed'

/** A column of a result, as RowDescription tells it. */
export interface FieldDescription {
  readonly name: string
  /** The table the column is of; 0 when it is not a column of a table. */
  readonly tableOid: number
  /** `pg_attribute.attnum`; 0 when the column is not one of a table. */
  readonly columnNumber: number
  readonly typeOid: number
  /** `pg_type.typlen`; negative for types of variable width. */
  readonly typeSize: number
  /** `pg_attribute.atttypmod`; -1 when there is none. */
  readonly typeModifier: number
  /** In the answer to Describe of a statement not yet known, and so 0. */
  readonly format: Format
}

/** What the server asks for, or says, in an Authentication message. */
export type AuthenticationRequest =
  | { readonly kind: 'ok' }
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'md5'; readonly salt: Uint8Array }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'sasl-continue'; readonly data: Uint8Array }
  | { readonly kind: 'sasl-final'; readonly data: Uint8Array }
  | { readonly kind: 'gss' }
  /** A token of GSSAPI or SSPI. */
  | { readonly kind: 'gss-continue'; readonly data: Uint8Array }
  /** A method that sluice does not know how to answer, by its name. */
  | { readonly kind: 'unsupported'; readonly name: string }

/** An asynchronous message about a channel the session listens to. */
export interface Notification {
  /** Process id of the session that notified. */
  readonly processId: number
  readonly channel: string
  readonly payload: string
}

/** What CancelRequest needs to name a session. */
export interface BackendKeyData {
  readonly processId: number
  /** 4 bytes in protocol 3.0, up to 256 in 3.2. */
  readonly secretKey: Uint8Array
}

/** The server's answer to a startup message that asked for more than it knows. */
export interface ProtocolNegotiation {
  /** Newest minor version of protocol 3 that the server knows. */
  readonly minorVersion: number
  /** Names of the `_pq_.` options it did not recognise. */
  readonly unknownOptions: readonly string[]
}

/** How COPY data will be formatted. */
export interface CopyResponse {
  readonly format: Format
  readonly columnFormats: readonly Format[]
}
