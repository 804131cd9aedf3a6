export type { GssContext, GssProvider, GssRequest } from './auth/gss.js'
export type { OAuthDiscovery, OAuthTokenProvider, OAuthTokenRequest } from './auth/oauth.js'
export type {
  ConnectAttemptFailure,
  ConnectPhase,
  Notice,
  ServerMessageFields,
} from './base/errors.js'
export {
  AuthenticationError,
  ConnectionClosedError,
  ConnectionError,
  ConnectTimeoutError,
  DecodeError,
  EncodeError,
  InterfaceError,
  PostgresError,
  ProtocolError,
  QueryTimeoutError,
  SluiceError,
  TargetSessionAttrsError,
  TlsError,
} from './base/errors.js'
export type { PoolSnapshot } from './base/pool-errors.js'
export { PoolClosedError, PoolOverloadedError, PoolTimeoutError } from './base/pool-errors.js'
export {
  CardinalityViolation,
  CaseNotFound,
  ConfigurationFileError,
  ConnectionException,
  DataException,
  DependentPrivilegeDescriptorsStillExist,
  DiagnosticsException,
  ExternalRoutineException,
  ExternalRoutineInvocationException,
  FeatureNotSupported,
  ForeignDataWrapperError,
  InsufficientResources,
  IntegrityConstraintViolation,
  InternalError,
  InvalidAuthorizationSpecification,
  InvalidCatalogName,
  InvalidCursorName,
  InvalidCursorState,
  InvalidGrantor,
  InvalidRoleSpecification,
  InvalidSchemaName,
  InvalidSqlStatementName,
  InvalidTransactionInitiation,
  InvalidTransactionState,
  InvalidTransactionTermination,
  LocatorException,
  ObjectNotInPrerequisiteState,
  OperatorIntervention,
  PlpgsqlError,
  ProgramLimitExceeded,
  SavepointException,
  SnapshotFailure,
  SqlRoutineException,
  SqlStatementNotYetComplete,
  SyntaxErrorOrAccessRuleViolation,
  SystemError,
  TransactionRollback,
  TriggeredActionException,
  TriggeredDataChangeViolation,
  WithCheckOptionViolation,
  XqueryError,
} from './base/server-errors.js'
export type { Condition } from './base/sqlstate.js'
export type {
  AcquireTrace,
  ConnectTrace,
  CopyTrace,
  PrepareTrace,
  QueryListener,
  QueryTrace,
  Trace,
  TransactionTrace,
} from './base/telemetry.js'
export { onQuery } from './base/telemetry.js'
export { CommitRolledBackError, TransactionOutcomeUnknownError } from './base/transaction-errors.js'
export type {
  ChannelBinding,
  LoadBalanceHosts,
  PasswordProvider,
  ProtocolVersion,
  StatementMode,
  TargetSessionAttrs,
} from './config/connect-options.js'
export type {
  SslCertMode,
  SslMode,
  SslNegotiation,
  SslOptions,
  TlsVersion,
} from './config/tls-options.js'
export type { BatchStatement } from './connection/batch-items.js'
export { BulkQueryable } from './connection/bulk-queryable.js'
export type { ConnectOptions } from './connection/connect.js'
export { connect } from './connection/connect.js'
export type { CloseOptions, ServerVersion } from './connection/connection.js'
export { Connection } from './connection/connection.js'
export type { ConnectionEvents } from './connection/connection-events.js'
export type { CopyRecordsOptions, Records } from './connection/copy-records.js'
export type { CopySink } from './connection/copy-sink.js'
export type { CopyPiece, CopySource } from './connection/copy-source.js'
export type {
  CopyFormat,
  CopyFormatOptions,
  CopyFromOptions,
  CopyQuery,
  CopyTableOptions,
  CopyToOptions,
} from './connection/copy-statement.js'
export type { CursorOptions } from './connection/cursor.js'
export { Cursor } from './connection/cursor.js'
export type { ColumnsResult, FetchColumnsOptions } from './connection/fetch-columns.js'
export type { InsertManyOptions, InsertManyResult } from './connection/insert-many.js'
export type { LargeObjectMode, SeekOrigin } from './connection/large-object.js'
export {
  createLargeObject,
  LargeObject,
  openLargeObject,
  unlinkLargeObject,
} from './connection/large-object.js'
export type { NotificationListener } from './connection/listener.js'
export { Subscription } from './connection/listener.js'
export type { ManyResult, ParameterRows } from './connection/many.js'
export type {
  ExplainOptions,
  PrepareOptions,
  StatementParameter,
} from './connection/prepared-statement.js'
export { PreparedStatement } from './connection/prepared-statement.js'
export type { FetchvalOptions, LimitOptions, QueryOptions } from './connection/query-options.js'
export { Queryable } from './connection/queryable.js'
export type { Column, QueryResult, RowMode } from './connection/result.js'
export { RowReader } from './connection/row-reader.js'
export { RowStream } from './connection/row-stream.js'
export type { SqlTag } from './connection/sql.js'
export { Sql, sql } from './connection/sql.js'
export { Transaction, Transactional } from './connection/transaction.js'
export type {
  BeginOptions,
  IsolationLevel,
  TransactionOptions,
  TransactionRetry,
} from './connection/transaction-options.js'
export type { TypeCodecOptions } from './connection/type-codecs.js'
export type { FetchcolOptions, NumberArray } from './connection/value-column.js'
export { createPool } from './pool/create-pool.js'
export type { HistogramSnapshot } from './pool/histogram.js'
export type { NotificationEvent, PoolListenOptions } from './pool/notification-stream.js'
export { NotificationStream } from './pool/notification-stream.js'
export type { AcquireOptions, ExpireOptions } from './pool/pool.js'
export { Pool } from './pool/pool.js'
export { PoolConnection } from './pool/pool-connection.js'
export type {
  PoolConnector,
  PoolHook,
  PoolOptions,
  RetryBackoff,
  Shedding,
} from './pool/pool-options.js'
export { prometheusMetrics } from './pool/prometheus.js'
export type { DestroyReason } from './pool/resource-lifecycle.js'
export type { ResourcePoolLimits as PoolLimits } from './pool/resource-pool-options.js'
export type { ResourcePoolStats as PoolStats } from './pool/resource-pool-stats.js'
export type {
  FieldDescription,
  Format,
  Notification,
  TransactionStatus,
} from './protocol/messages.js'
export type { Codec } from './types/codec.js'
export type {
  Box,
  Circle,
  Line,
  LineSegment,
  Path,
  Point,
  Polygon,
} from './types/codecs/geometric.js'
export type { TemporalMode, TemporalNamespace } from './types/codecs/temporal.js'
export type { SparseVector } from './types/codecs/vector.js'
export type { TimestampUnit, TypedColumn } from './types/column-kinds.js'
export type { ColumnData } from './types/columns.js'
export { Interval } from './types/interval.js'
export type { RangeBounds, RangeLike } from './types/range.js'
export { Range } from './types/range.js'
export type { RecordValues } from './types/record-values.js'
export { builtinCodec, decodeValue, encodeValue } from './types/single-value.js'
export { Timestamp } from './types/timestamp.js'
export type { CodecOverride, GivenCodec, TypeOptions } from './types/type-options.js'
export { Utf8Column } from './types/utf8-column.js'
export type { BinaryCodec, TextCodec, TupleCodec, ValueCodec } from './types/value-codec.js'
export type { CommandResult } from './wire/requests/simple-query.js'
