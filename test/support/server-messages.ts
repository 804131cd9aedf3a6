import { Backend } from '../../src/protocol/index.js'
import { concat, message } from './bytes.js'

/*
 * What a server says, as bytes. Written for tests: no check keeps anybody from saying nonsense.
 */

export const authenticationOk: Buffer = authentication(0)
export const bindComplete: Buffer = message(Backend.BindComplete)
export const closeComplete: Buffer = message(Backend.CloseComplete)
export const copyDone: Buffer = message(Backend.CopyDone)
export const emptyQueryResponse: Buffer = message(Backend.EmptyQueryResponse)
export const noData: Buffer = message(Backend.NoData)
export const parseComplete: Buffer = message(Backend.ParseComplete)
export const portalSuspended: Buffer = message(Backend.PortalSuspended)
export const copyInResponse: Buffer = message(Backend.CopyInResponse, Buffer.of(0, 0, 0))
export const copyOutResponse: Buffer = message(Backend.CopyOutResponse, Buffer.of(0, 0, 0))
export const copyBothResponse: Buffer = message(Backend.CopyBothResponse, Buffer.of(0, 0, 0))

export function authentication(method: number, ...data: readonly Uint8Array[]): Buffer {
  return message(Backend.Authentication, int32(method), ...data)
}

export function backendKeyData(processId: number, secretKey: Uint8Array = int32(42)): Buffer {
  return message(Backend.BackendKeyData, int32(processId), secretKey)
}

/** `I` outside a transaction, `T` in one, `E` in one that failed. */
export function readyForQuery(status: 'I' | 'T' | 'E' = 'I'): Buffer {
  return message(Backend.ReadyForQuery, Buffer.from(status))
}

export function parameterStatus(name: string, value: string): Buffer {
  return message(Backend.ParameterStatus, cstring(name), cstring(value))
}

export function parameterDescription(...oids: readonly number[]): Buffer {
  return message(Backend.ParameterDescription, int16(oids.length), ...oids.map(int32))
}

/** Columns as name and type OID. */
export function rowDescription(...columns: readonly (readonly [string, number])[]): Buffer {
  const fields = columns.map(([name, typeOid]) =>
    concat(cstring(name), int32(0), int16(0), int32(typeOid), int16(-1), int32(-1), int16(0)),
  )
  return message(Backend.RowDescription, int16(columns.length), ...fields)
}

/** Values as their bytes, as the text they are, or null. */
export function dataRow(...values: readonly (Uint8Array | string | null)[]): Buffer {
  const fields = values.map((value) => {
    if (value === null) return int32(-1)
    const bytes = Buffer.from(value)
    return concat(int32(bytes.length), bytes)
  })
  return message(Backend.DataRow, int16(values.length), ...fields)
}

export function commandComplete(tag: string): Buffer {
  return message(Backend.CommandComplete, cstring(tag))
}

export function copyData(text: string): Buffer {
  return message(Backend.CopyData, Buffer.from(text))
}

export function notification(processId: number, channel: string, payload: string): Buffer {
  const body = [int32(processId), cstring(channel), cstring(payload)]
  return message(Backend.NotificationResponse, ...body)
}

/** An ErrorResponse. */
export function errorResponse(code: string, text: string, severity = 'ERROR'): Buffer {
  return message(Backend.ErrorResponse, serverFields(code, text, severity))
}

/** A NoticeResponse. */
export function noticeResponse(code: string, text: string, severity = 'NOTICE'): Buffer {
  return message(Backend.NoticeResponse, serverFields(code, text, severity))
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}

export function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

function serverFields(code: string, text: string, severity: string): Buffer {
  return Buffer.from(`S${severity}\0V${severity}\0C${code}\0M${text}\0\0`)
}
