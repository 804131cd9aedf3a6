import { EncodeError, InterfaceError } from '../base/errors.js'
import type { MessageWriter } from './message-writer.js'
import { type DescribeTarget, type Format, Frontend } from './messages.js'

/*
 * Each function appends one frontend message to `out`. Names and texts go as NUL-terminated UTF-8;
 * a NUL within one is an InterfaceError, and `out` must then be rewound.
 */

/** Protocol version 3.0: major in the high, minor in the low 16 bits. */
export const PROTOCOL_3_0 = 0x0003_0000

/** Protocol version 3.2, of PostgreSQL 18. There is no 3.1. */
export const PROTOCOL_3_2 = 0x0003_0002

/** Stands for the version in CancelRequest; no protocol version has a major of 1234. */
export const CANCEL_REQUEST_CODE = 0x04d2_162e

/** Stands for the version in SSLRequest. */
export const SSL_REQUEST_CODE = 0x04d2_162f

/** Stands for the version in GSSENCRequest. */
export const GSSENC_REQUEST_CODE = 0x04d2_1630

/** StartupMessage: the version wanted, then the parameters (`user`, `database`, settings). */
export function writeStartup(
  out: MessageWriter,
  version: number,
  parameters: Readonly<Record<string, string>>,
): void {
  out.begin(0)
  out.int32(version)
  for (const [name, value] of Object.entries(parameters)) {
    // It would end the list, and make of the value something else.
    if (name === '') throw new InterfaceError('a startup parameter has no name')
    out.cstring(name)
    out.cstring(value)
  }
  out.int8(0)
  out.finish()
}

/** SSLRequest. The server answers with one byte: `S` (go on with TLS), `N` (it has none), or an ErrorResponse. */
export function writeSslRequest(out: MessageWriter): void {
  out.begin(0)
  out.int32(SSL_REQUEST_CODE)
  out.finish()
}

/** GSSENCRequest. The server answers with one byte: `G` (go on with GSSAPI), `N` (it cannot), or an ErrorResponse. */
export function writeGssEncRequest(out: MessageWriter): void {
  out.begin(0)
  out.int32(GSSENC_REQUEST_CODE)
  out.finish()
}

/** CancelRequest, to be sent on a connection of its own. The server closes without an answer. */
export function writeCancelRequest(
  out: MessageWriter,
  processId: number,
  secretKey: Uint8Array,
): void {
  out.begin(0)
  out.int32(CANCEL_REQUEST_CODE)
  out.int32(processId)
  out.bytes(secretKey)
  out.finish()
}

/** PasswordMessage: a password in clear text, or its md5 answer. */
export function writePassword(out: MessageWriter, password: string): void {
  out.begin(Frontend.Password)
  out.cstring(password)
  out.finish()
}

/** SASLInitialResponse: the mechanism chosen and its first message. */
export function writeSaslInitialResponse(
  out: MessageWriter,
  mechanism: string,
  data: Uint8Array,
): void {
  out.begin(Frontend.Password)
  out.cstring(mechanism)
  out.int32(data.byteLength)
  out.bytes(data)
  out.finish()
}

/** SASLResponse: the next message of the mechanism. */
export function writeSaslResponse(out: MessageWriter, data: Uint8Array): void {
  out.begin(Frontend.Password)
  out.bytes(data)
  out.finish()
}

/** GSSResponse: the next token of GSSAPI or SSPI. */
export function writeGssResponse(out: MessageWriter, token: Uint8Array): void {
  writeSaslResponse(out, token)
}

/** Query: one or more statements in the simple protocol. */
export function writeQuery(out: MessageWriter, sql: string): void {
  out.begin(Frontend.Query)
  writeText(out, sql)
  out.finish()
}

function writeText(out: MessageWriter, sql: string): void {
  try {
    out.cstring(sql)
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error
    throw new EncodeError(`the text of the query is too long: ${error.message}`, { cause: error })
  }
}

/** Parse: `sql` becomes the prepared statement `statement`; the types of its parameters are the server's to infer, except those given (0 infers too). */
export function writeParse(
  out: MessageWriter,
  statement: string,
  sql: string,
  parameterTypeOids: readonly number[] = [],
): void {
  out.begin(Frontend.Parse)
  out.cstring(statement)
  writeText(out, sql)
  out.uint16(parameterTypeOids.length)
  for (const oid of parameterTypeOids) out.int32(oid)
  out.finish()
}

/**
 * The beginning of Bind: `statement` becomes the portal `portal`. The caller appends the parameter
 * formats and values, then calls {@link finishBind}.
 */
export function beginBind(out: MessageWriter, portal: string, statement: string): void {
  out.begin(Frontend.Bind)
  out.cstring(portal)
  out.cstring(statement)
}

/** The end of Bind: the format of each result column; none means text for all, one alone holds for all. */
export function finishBind(out: MessageWriter, resultFormats: readonly Format[]): void {
  writeResultFormats(out, resultFormats)
  out.finish()
}

/** What {@link finishBind} writes, for who ends the message otherwise. */
export function writeResultFormats(out: MessageWriter, formats: readonly Format[]): void {
  out.uint16(formats.length)
  for (let i = 0; i < formats.length; i++) out.int16(formats[i] as Format)
}

/** Describe: asks what a statement takes and gives, or what a portal gives. */
export function writeDescribe(out: MessageWriter, target: DescribeTarget, name: string): void {
  writeTarget(out, Frontend.Describe, target, name)
}

/** Execute: runs a portal for at most `maxRows` rows; 0 for all. */
export function writeExecute(out: MessageWriter, portal: string, maxRows: number): void {
  out.begin(Frontend.Execute)
  out.cstring(portal)
  out.int32(maxRows)
  out.finish()
}

/** Close: forgets a statement or a portal; it is no error when there is none. */
export function writeClose(out: MessageWriter, target: DescribeTarget, name: string): void {
  writeTarget(out, Frontend.Close, target, name)
}

/** Sync: ends the implicit transaction; the server answers ReadyForQuery. */
export function writeSync(out: MessageWriter): void {
  out.begin(Frontend.Sync)
  out.finish()
}

/** Flush: makes the server send what it has, without ending anything. */
export function writeFlush(out: MessageWriter): void {
  out.begin(Frontend.Flush)
  out.finish()
}

/** CopyData: a piece of COPY data, cut anywhere. */
export function writeCopyData(out: MessageWriter, data: Uint8Array): void {
  out.begin(Frontend.CopyData)
  out.bytes(data)
  out.finish()
}

/** CopyData that are all of what `data` holds, which is empty afterwards. */
export function moveCopyData(out: MessageWriter, data: MessageWriter): void {
  out.begin(Frontend.CopyData)
  data.moveTo(out)
  out.finish()
}

/** CopyDone: the COPY data is complete. */
export function writeCopyDone(out: MessageWriter): void {
  out.begin(Frontend.CopyDone)
  out.finish()
}

/** CopyFail: the COPY data cannot be completed; the server fails the statement with `reason`. */
export function writeCopyFail(out: MessageWriter, reason: string): void {
  out.begin(Frontend.CopyFail)
  out.cstring(reason)
  out.finish()
}

/**
 * FunctionCall: calls a function by its OID. One format for all arguments, the result in the same. Kept
 * by PostgreSQL for old clients; a statement that calls the function does more.
 */
export function writeFunctionCall(
  out: MessageWriter,
  functionOid: number,
  args: readonly (Uint8Array | null)[],
  format: Format,
): void {
  out.begin(Frontend.FunctionCall)
  out.int32(functionOid)
  out.uint16(1)
  out.int16(format)
  out.uint16(args.length)
  for (const value of args) {
    if (value === null) {
      out.int32(-1)
    } else {
      out.int32(value.byteLength)
      out.bytes(value)
    }
  }
  out.int16(format)
  out.finish()
}

/** Terminate: ends the session. */
export function writeTerminate(out: MessageWriter): void {
  out.begin(Frontend.Terminate)
  out.finish()
}

function writeTarget(out: MessageWriter, code: number, target: DescribeTarget, name: string): void {
  out.begin(code)
  out.int8(target.charCodeAt(0))
  out.cstring(name)
  out.finish()
}
