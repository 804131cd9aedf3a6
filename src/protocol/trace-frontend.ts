import { CANCEL_REQUEST_CODE, GSSENC_REQUEST_CODE, SSL_REQUEST_CODE } from './frontend.js'
import { Frontend } from './messages.js'
import type { TraceLine } from './trace-line.js'

/** What the server asked for last, which tells the messages of type `p` apart. */
export type PasswordKind = 'password' | 'sasl-initial' | 'sasl' | 'gss'

/** Writes one frontend message that has a type byte. */
export function traceFrontend(code: number, line: TraceLine, kind: PasswordKind): void {
  switch (code) {
    case Frontend.Bind:
      line.name('Bind')
      line.string()
      line.string()
      traceValues(line)
      for (let left = line.int16(); left > 0; left--) line.int16()
      return
    case Frontend.Close:
    case Frontend.Describe:
      line.name(code === Frontend.Close ? 'Close' : 'Describe')
      line.byte1()
      line.string()
      return
    case Frontend.CopyData:
      line.name('CopyData')
      line.bytes(line.remaining)
      return
    case Frontend.CopyDone:
      line.name('CopyDone', false)
      return
    case Frontend.CopyFail:
      line.name('CopyFail')
      line.string()
      return
    case Frontend.Execute:
      line.name('Execute')
      line.string()
      line.int32()
      return
    case Frontend.Flush:
      line.name('Flush', false)
      return
    case Frontend.FunctionCall:
      line.name('FunctionCall')
      line.int32(true)
      traceValues(line)
      line.int16()
      return
    case Frontend.Parse:
      line.name('Parse')
      line.string()
      line.string()
      for (let left = line.int16(); left > 0; left--) line.int32(true)
      return
    case Frontend.Password:
      tracePassword(line, kind)
      return
    case Frontend.Query:
      line.name('Query')
      line.string()
      return
    case Frontend.Sync:
      line.name('Sync', false)
      return
    case Frontend.Terminate:
      line.name('Terminate', false)
      return
    default:
      line.name(`Unknown message: ${code.toString(16)}`, false)
      line.secret(line.remaining)
  }
}

/** Writes a message of the beginning, which has no type byte. Gives whether typed messages follow. */
export function traceUntyped(version: number, line: TraceLine): boolean {
  switch (version) {
    case CANCEL_REQUEST_CODE:
      line.name('CancelRequest')
      line.int16()
      line.int16()
      line.int32(true)
      line.secret(line.remaining)
      return false
    case SSL_REQUEST_CODE:
    case GSSENC_REQUEST_CODE:
      line.name(version === SSL_REQUEST_CODE ? 'SSLRequest' : 'GSSENCRequest')
      line.int16()
      line.int16()
      return false
    default:
      line.name('StartupMessage')
      line.int16()
      line.int16()
      while (line.string() !== '') line.string(true)
      return true
  }
}

function traceValues(line: TraceLine): void {
  for (let left = line.int16(); left > 0; left--) line.int16()
  for (let left = line.int16(); left > 0; left--) line.value()
}

function tracePassword(line: TraceLine, kind: PasswordKind): void {
  switch (kind) {
    case 'password':
      line.name('PasswordMessage')
      break
    case 'sasl-initial':
      line.name('SASLInitialResponse')
      line.string()
      line.int32()
      break
    case 'sasl':
      line.name('SASLResponse')
      break
    case 'gss':
      line.name('GSSResponse')
      break
  }
  line.secret(line.remaining)
}
