import { ProtocolError, type ServerMessageFields } from '../base/errors.js'
import { MessageReader } from './message-reader.js'
import {
  type AuthenticationRequest,
  type BackendKeyData,
  backendMessageName,
  type CopyResponse,
  type FieldDescription,
  type Format,
  type Notification,
  type ProtocolNegotiation,
  type TransactionStatus,
} from './messages.js'

/*
 * Each function reads the body `buf[start, end)` of one backend message, to its last byte, and
 * throws ProtocolError when it is not what its type says.
 */

const authenticationNames: Readonly<Record<number, string>> = {
  2: 'Kerberos V5',
  9: 'SSPI',
}

/** Reads Authentication* (`R`). */
export function readAuthentication(buf: Buffer, start: number, end: number): AuthenticationRequest {
  const reader = new MessageReader('Authentication', buf, start, end)
  const method = reader.int32()
  switch (method) {
    case 0:
      reader.finish()
      return { kind: 'ok' }
    case 3:
      reader.finish()
      return { kind: 'cleartext' }
    case 5: {
      const salt = reader.bytes(4)
      reader.finish()
      return { kind: 'md5', salt }
    }
    case 7:
      reader.finish()
      return { kind: 'gss' }
    case 8:
      return { kind: 'gss-continue', data: reader.bytes(reader.remaining) }
    case 10: {
      const mechanisms: string[] = []
      for (let name = reader.cstring(); name !== ''; name = reader.cstring()) mechanisms.push(name)
      reader.finish()
      return { kind: 'sasl', mechanisms }
    }
    case 11:
      return { kind: 'sasl-continue', data: reader.bytes(reader.remaining) }
    case 12:
      return { kind: 'sasl-final', data: reader.bytes(reader.remaining) }
    default:
      return { kind: 'unsupported', name: authenticationNames[method] ?? `method ${method}` }
  }
}

/** Reads BackendKeyData (`K`). The key is 4 bytes long in protocol 3.0 and 4 to 256 in 3.2; which it is the caller knows. */
export function readBackendKeyData(buf: Buffer, start: number, end: number): BackendKeyData {
  const reader = new MessageReader('BackendKeyData', buf, start, end)
  const processId = reader.int32()
  const length = reader.remaining
  if (length < 4 || length > 256) throw reader.error(`a secret key of ${length} bytes`)
  return { processId, secretKey: reader.bytes(length) }
}

/** Reads CommandComplete (`C`): the command tag, such as `INSERT 0 5`. */
export function readCommandComplete(buf: Buffer, start: number, end: number): string {
  return readOnlyString('CommandComplete', buf, start, end)
}

/** Reads CopyInResponse (`G`), CopyOutResponse (`H`) or CopyBothResponse (`W`). */
export function readCopyResponse(buf: Buffer, start: number, end: number): CopyResponse {
  const reader = new MessageReader('CopyResponse', buf, start, end)
  const format = readFormat(reader, reader.uint8())
  const columnFormats: Format[] = []
  for (let left = reader.count(2); left > 0; left--) {
    columnFormats.push(readFormat(reader, reader.int16()))
  }
  reader.finish()
  return { format, columnFormats }
}

/** Reads DataRow (`D`): a copy of each value, null for NULL. Drivers decode in place instead. */
export function readDataRow(buf: Buffer, start: number, end: number): (Buffer | null)[] {
  const reader = new MessageReader('DataRow', buf, start, end)
  const values: (Buffer | null)[] = []
  for (let left = reader.count(4); left > 0; left--) values.push(readValue(reader))
  reader.finish()
  return values
}

/** Reads ErrorResponse (`E`) or NoticeResponse (`N`). Every field may be absent; unknown ones are passed over. */
export function readServerMessage(buf: Buffer, start: number, end: number): ServerMessageFields {
  const reader = new MessageReader('error or notice', buf, start, end)
  const fields: ServerMessageFields = {}
  for (let type = reader.uint8(); type !== 0; type = reader.uint8()) {
    setServerMessageField(fields, type, reader.cstring())
  }
  reader.finish()
  return fields
}

/** Reads FunctionCallResponse (`V`): a copy of the result, null for NULL. */
export function readFunctionCallResponse(buf: Buffer, start: number, end: number): Buffer | null {
  const reader = new MessageReader('FunctionCallResponse', buf, start, end)
  const value = readValue(reader)
  reader.finish()
  return value
}

/** Reads NegotiateProtocolVersion (`v`). */
export function readNegotiateProtocolVersion(
  buf: Buffer,
  start: number,
  end: number,
): ProtocolNegotiation {
  const reader = new MessageReader('NegotiateProtocolVersion', buf, start, end)
  const version = reader.uint32()
  const count = reader.int32()
  if (count < 0 || count > reader.remaining) throw reader.error(`${count} options do not fit`)
  const unknownOptions: string[] = []
  for (let left = count; left > 0; left--) unknownOptions.push(reader.cstring())
  reader.finish()
  // Servers send the whole version number, 3 << 16 | minor; the documentation says the minor alone.
  const major = version >>> 16
  if (major !== 3 && major !== 0) throw reader.error(`${major} is no major version of the protocol`)
  return { minorVersion: version & 0xffff, unknownOptions }
}

/** Reads NotificationResponse (`A`). */
export function readNotification(buf: Buffer, start: number, end: number): Notification {
  const reader = new MessageReader('NotificationResponse', buf, start, end)
  const processId = reader.int32()
  const channel = reader.cstring()
  const payload = reader.cstring()
  reader.finish()
  return { processId, channel, payload }
}

/** Reads ParameterDescription (`t`): the type OID of each parameter. */
export function readParameterDescription(buf: Buffer, start: number, end: number): number[] {
  const reader = new MessageReader('ParameterDescription', buf, start, end)
  const typeOids: number[] = []
  for (let left = reader.count(4); left > 0; left--) typeOids.push(reader.uint32())
  reader.finish()
  return typeOids
}

/** Reads ParameterStatus (`S`): name and value of a setting that the server reports. */
export function readParameterStatus(
  buf: Buffer,
  start: number,
  end: number,
): { name: string; value: string } {
  const reader = new MessageReader('ParameterStatus', buf, start, end)
  const name = reader.cstring()
  const value = reader.cstring()
  reader.finish()
  return { name, value }
}

/** Reads ReadyForQuery (`Z`). */
export function readReadyForQuery(buf: Buffer, start: number, end: number): TransactionStatus {
  if (end - start === 1) {
    switch (buf[start]) {
      case 0x49: // I
        return 'idle'
      case 0x54: // T
        return 'transaction'
      case 0x45: // E
        return 'failed'
    }
  }
  throw new ProtocolError('malformed ReadyForQuery: no known transaction status')
}

/** Fixed part of a field in RowDescription, beside its name and the name's NUL. */
const FIELD_BYTES = 18

/** Reads RowDescription (`T`). */
export function readRowDescription(buf: Buffer, start: number, end: number): FieldDescription[] {
  const reader = new MessageReader('RowDescription', buf, start, end)
  const fields: FieldDescription[] = []
  for (let left = reader.count(FIELD_BYTES + 1); left > 0; left--) {
    fields.push({
      name: reader.cstring(),
      tableOid: reader.uint32(),
      columnNumber: reader.int16(),
      typeOid: reader.uint32(),
      typeSize: reader.int16(),
      typeModifier: reader.int32(),
      format: readFormat(reader, reader.int16()),
    })
  }
  reader.finish()
  return fields
}

/**
 * Checks a message whose body must be empty: ParseComplete, BindComplete, CloseComplete, NoData,
 * EmptyQueryResponse, PortalSuspended, CopyDone.
 */
export function readEmpty(code: number, start: number, end: number): void {
  if (start !== end) {
    throw new ProtocolError(`malformed ${backendMessageName(code)}: ${end - start} bytes too many`)
  }
}

function readOnlyString(message: string, buf: Buffer, start: number, end: number): string {
  const reader = new MessageReader(message, buf, start, end)
  const text = reader.cstring()
  reader.finish()
  return text
}

function readFormat(reader: MessageReader, code: number): Format {
  if (code !== 0 && code !== 1) throw reader.error(`${code} is no format code`)
  return code
}

function readValue(reader: MessageReader): Buffer | null {
  const length = reader.int32()
  return length === -1 ? null : reader.bytes(length)
}

function setServerMessageField(fields: ServerMessageFields, type: number, value: string): void {
  switch (String.fromCharCode(type)) {
    case 'S':
      fields.severity ??= value
      return
    case 'V':
      // As `S`, never localised; servers send it after `S` since 9.6.
      fields.severity = value
      return
    case 'C':
      fields.code = value
      return
    case 'M':
      fields.message = value
      return
    case 'D':
      fields.detail = value
      return
    case 'H':
      fields.hint = value
      return
    case 'P':
      if (isCount(value)) fields.position = Number(value)
      return
    case 'p':
      if (isCount(value)) fields.internalPosition = Number(value)
      return
    case 'q':
      fields.internalQuery = value
      return
    case 'W':
      fields.where = value
      return
    case 's':
      fields.schema = value
      return
    case 't':
      fields.table = value
      return
    case 'c':
      fields.column = value
      return
    case 'd':
      fields.dataType = value
      return
    case 'n':
      fields.constraint = value
      return
    case 'F':
      fields.file = value
      return
    case 'L':
      if (isCount(value)) fields.line = Number(value)
      return
    case 'R':
      fields.routine = value
      return
  }
}

function isCount(value: string): boolean {
  return /^\d+$/.test(value)
}
