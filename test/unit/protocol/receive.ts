import * as backend from '../../../src/protocol/index.js'
import { Backend, MessageFramer } from '../../../src/protocol/index.js'

/** A message as a {@link MessageFramer} handed it on, its body copied. */
export interface Received {
  readonly code: number
  readonly body: Buffer
}

/** The messages that a framer finds in `chunks`. Throws what the framer throws. */
export function receive(chunks: readonly Buffer[], maxBodyBytes: number = 1024 * 1024): Received[] {
  const received: Received[] = []
  const framer = new MessageFramer(collector(received), maxBodyBytes)
  for (const chunk of chunks) framer.push(chunk)
  return received
}

/** A sink that adds what comes to `received`. */
export function collector(received: Received[]): backend.MessageSink {
  return {
    onMessage(code, buf, start, end) {
      received.push({ code, body: Buffer.from(buf.subarray(start, end)) })
    },
  }
}

/** Gives the body `buf[start, end)` to the reader for messages of type `code`; undefined if there is none. */
export function readBody(code: number, buf: Buffer, start: number, end: number): unknown {
  switch (code) {
    case Backend.Authentication:
      return backend.readAuthentication(buf, start, end)
    case Backend.BackendKeyData:
      return backend.readBackendKeyData(buf, start, end)
    case Backend.CommandComplete:
      return backend.readCommandComplete(buf, start, end)
    case Backend.CopyInResponse:
    case Backend.CopyOutResponse:
    case Backend.CopyBothResponse:
      return backend.readCopyResponse(buf, start, end)
    case Backend.DataRow:
      return backend.readDataRow(buf, start, end)
    case Backend.ErrorResponse:
    case Backend.NoticeResponse:
      return backend.readServerMessage(buf, start, end)
    case Backend.FunctionCallResponse:
      return backend.readFunctionCallResponse(buf, start, end)
    case Backend.NegotiateProtocolVersion:
      return backend.readNegotiateProtocolVersion(buf, start, end)
    case Backend.NotificationResponse:
      return backend.readNotification(buf, start, end)
    case Backend.ParameterDescription:
      return backend.readParameterDescription(buf, start, end)
    case Backend.ParameterStatus:
      return backend.readParameterStatus(buf, start, end)
    case Backend.ReadyForQuery:
      return backend.readReadyForQuery(buf, start, end)
    case Backend.RowDescription:
      return backend.readRowDescription(buf, start, end)
    case Backend.BindComplete:
    case Backend.CloseComplete:
    case Backend.CopyDone:
    case Backend.EmptyQueryResponse:
    case Backend.NoData:
    case Backend.ParseComplete:
    case Backend.PortalSuspended:
      return backend.readEmpty(code, start, end)
  }
  return undefined
}
