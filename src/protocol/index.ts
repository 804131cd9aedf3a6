/**
 * `sluice/protocol`: the PostgreSQL frontend/backend protocol, 3.0 and 3.2, as functions over bytes, without any I/O.
 */

export type { Notice, ServerMessageFields } from '../base/errors.js'
export { EncodeError, InterfaceError, ProtocolError, SluiceError } from '../base/errors.js'
export {
  readAuthentication,
  readBackendKeyData,
  readCommandComplete,
  readCopyResponse,
  readDataRow,
  readEmpty,
  readFunctionCallResponse,
  readNegotiateProtocolVersion,
  readNotification,
  readParameterDescription,
  readParameterStatus,
  readReadyForQuery,
  readRowDescription,
  readServerMessage,
} from './backend.js'
export type { CommandTag } from './command-tag.js'
export { parseCommandTag } from './command-tag.js'
export type { MessageSink } from './framer.js'
export { MessageFramer } from './framer.js'
export {
  beginBind,
  CANCEL_REQUEST_CODE,
  finishBind,
  GSSENC_REQUEST_CODE,
  PROTOCOL_3_0,
  PROTOCOL_3_2,
  SSL_REQUEST_CODE,
  writeCancelRequest,
  writeClose,
  writeCopyData,
  writeCopyDone,
  writeCopyFail,
  writeDescribe,
  writeExecute,
  writeFlush,
  writeFunctionCall,
  writeGssEncRequest,
  writeGssResponse,
  writeParse,
  writePassword,
  writeQuery,
  writeSaslInitialResponse,
  writeSaslResponse,
  writeSslRequest,
  writeStartup,
  writeSync,
  writeTerminate,
} from './frontend.js'
export { MAX_MESSAGE_BYTES, MessageWriter } from './message-writer.js'
export type {
  AuthenticationRequest,
  BackendKeyData,
  CopyResponse,
  DescribeTarget,
  FieldDescription,
  Format,
  Notification,
  ProtocolNegotiation,
  TransactionStatus,
} from './messages.js'
export { Backend, backendMessageName, Frontend } from './messages.js'
export type { TraceOptions, TraceSink } from './trace.js'
export { ProtocolTracer } from './trace.js'
export type { TraceStyle } from './trace-line.js'
