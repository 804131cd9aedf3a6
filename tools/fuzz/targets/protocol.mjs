/** The framer and every reader of backend messages: a value or a ProtocolError, whatever the bytes and their chunks. */
import * as protocol from '../../../build/protocol/index.js'
import { mustBe } from '../outcome.mjs'

const { Backend } = protocol

const READERS = new Map([
  [Backend.Authentication, protocol.readAuthentication],
  [Backend.BackendKeyData, protocol.readBackendKeyData],
  [Backend.CommandComplete, protocol.readCommandComplete],
  [Backend.CopyBothResponse, protocol.readCopyResponse],
  [Backend.CopyInResponse, protocol.readCopyResponse],
  [Backend.CopyOutResponse, protocol.readCopyResponse],
  [Backend.DataRow, protocol.readDataRow],
  [Backend.ErrorResponse, protocol.readServerMessage],
  [Backend.FunctionCallResponse, protocol.readFunctionCallResponse],
  [Backend.NegotiateProtocolVersion, protocol.readNegotiateProtocolVersion],
  [Backend.NoticeResponse, protocol.readServerMessage],
  [Backend.NotificationResponse, protocol.readNotification],
  [Backend.ParameterDescription, protocol.readParameterDescription],
  [Backend.ParameterStatus, protocol.readParameterStatus],
  [Backend.ReadyForQuery, protocol.readReadyForQuery],
  [Backend.RowDescription, protocol.readRowDescription],
])

/** The first byte says how the rest is cut into chunks. */
export function fuzz(data) {
  const [size = 0] = data
  const bytes = data.subarray(1)
  const whole = receive(bytes, bytes.length)
  const cut = receive(bytes, size + 1)
  if (whole !== cut) throw new Error(`chunks of ${size + 1} bytes: ${cut}, whole: ${whole}`)
}

/** What the messages say, and how reading them ended, as a text. */
function receive(bytes, size) {
  const said = []
  const framer = new protocol.MessageFramer(
    {
      onMessage(code, buf, start, end) {
        const read = READERS.get(code)
        said.push(code, read ? describe(read(buf, start, end)) : end - start)
      },
    },
    1 << 20,
  )
  try {
    for (let at = 0; at < bytes.length; at += size) framer.push(bytes.subarray(at, at + size))
  } catch (error) {
    mustBe(error, protocol.ProtocolError)
    said.push(error.message)
  }
  return said.join('\n')
}

function describe(value) {
  return JSON.stringify(value)
}
