import { Backend } from './messages.js'
import type { TraceLine } from './trace-line.js'

/** Messages without fields. */
const BARE: Readonly<Record<number, string>> = {
  [Backend.BindComplete]: 'BindComplete',
  [Backend.CloseComplete]: 'CloseComplete',
  [Backend.CopyDone]: 'CopyDone',
  [Backend.EmptyQueryResponse]: 'EmptyQueryResponse',
  [Backend.NoData]: 'NoData',
  [Backend.ParseComplete]: 'ParseComplete',
  [Backend.PortalSuspended]: 'PortalSuspended',
}

const COPY_RESPONSES: Readonly<Record<number, string>> = {
  [Backend.CopyBothResponse]: 'CopyBothResponse',
  [Backend.CopyInResponse]: 'CopyInResponse',
  [Backend.CopyOutResponse]: 'CopyOutResponse',
}

const BARE_AUTHENTICATION: Readonly<Record<number, string>> = {
  0: 'AuthenticationOk',
  3: 'AuthenticationCleartextPassword',
  7: 'AuthenticationGSS',
  9: 'AuthenticationSSPI',
}

/** Error fields that name places in the server's source: file, line, routine. */
const SOURCE_FIELDS = [0x46, 0x4c, 0x52]

/** Writes one backend message. @see pqTraceOutputMessage in src/interfaces/libpq/fe-trace.c */
export function traceBackend(code: number, line: TraceLine): void {
  const bare = BARE[code]
  if (bare !== undefined) {
    line.name(bare, false)
    return
  }
  const copy = COPY_RESPONSES[code]
  if (copy !== undefined) {
    line.name(copy)
    line.byte1()
    for (let left = line.int16(); left > 0; left--) line.int16()
    return
  }
  switch (code) {
    case Backend.Authentication:
      traceAuthentication(line)
      return
    case Backend.BackendKeyData:
      line.name('BackendKeyData')
      line.int32(true)
      line.secret(line.remaining)
      return
    case Backend.CommandComplete:
      line.name('CommandComplete')
      line.string()
      return
    case Backend.CopyData:
      line.name('CopyData')
      line.bytes(line.remaining)
      return
    case Backend.DataRow:
      line.name('DataRow')
      for (let left = line.int16(); left > 0; left--) line.value()
      return
    case Backend.ErrorResponse:
    case Backend.NoticeResponse:
      line.name(code === Backend.ErrorResponse ? 'ErrorResponse' : 'NoticeResponse')
      for (let field = line.byte1(); field !== 0; field = line.byte1()) {
        line.string(SOURCE_FIELDS.includes(field))
      }
      return
    case Backend.FunctionCallResponse:
      line.name('FunctionCallResponse')
      line.value()
      return
    case Backend.NegotiateProtocolVersion:
      line.name('NegotiateProtocolVersion')
      line.int32()
      for (let left = line.int32(); left > 0; left--) line.string()
      return
    case Backend.NotificationResponse:
      line.name('NotificationResponse')
      line.int32(true)
      line.string()
      line.string()
      return
    case Backend.ParameterDescription:
      line.name('ParameterDescription')
      for (let left = line.int16(); left > 0; left--) line.int32(true)
      return
    case Backend.ParameterStatus:
      line.name('ParameterStatus')
      line.string()
      line.string(true)
      return
    case Backend.ReadyForQuery:
      line.name('ReadyForQuery')
      line.byte1()
      return
    case Backend.RowDescription:
      line.name('RowDescription')
      for (let left = line.int16(); left > 0; left--) {
        line.string()
        line.int32(true)
        line.int16()
        line.int32(true)
        line.int16()
        line.int32()
        line.int16()
      }
      return
    default:
      line.name(`Unknown message: ${code.toString(16)}`, false)
      line.secret(line.remaining)
  }
}

function traceAuthentication(line: TraceLine): void {
  const method = line.method()
  const bare = BARE_AUTHENTICATION[method]
  if (bare !== undefined) {
    line.name(bare, false)
    return
  }
  switch (method) {
    case 5:
      line.name('AuthenticationMD5Password')
      line.secret(4)
      return
    case 8:
      line.name('AuthenticationGSSContinue')
      break
    case 10:
      line.name('AuthenticationSASL')
      while (line.string() !== '') {
        // Each is the name of a mechanism; an empty one ends the list.
      }
      return
    case 11:
      line.name('AuthenticationSASLContinue')
      break
    case 12:
      line.name('AuthenticationSASLFinal')
      break
    default:
      line.name(`Unknown authentication message ${method}`, false)
  }
  line.secret(line.remaining)
}
