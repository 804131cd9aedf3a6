/** All names of pg's module: those that index.ts exports, and what its default export is made of. */
export type { Any, QueryConfigValues, QueryResultRow } from './any.js'
export type { Client as ClientBase } from './client.js'
export { Client } from './client.js'
export type { ClientConfig, ClientConfig as ConnectionConfig } from './client-config.js'
export type { BindConfig, ExecuteConfig, MessageConfig, QueryParse } from './connection.js'
export { Connection } from './connection.js'
export { ConnectionParameters } from './connection-parameters.js'
export type { NoticeMessage } from './database-error.js'
export { DatabaseError } from './database-error.js'
export type { Defaults } from './defaults.js'
export { defaults } from './defaults.js'
export { escapeIdentifier, escapeLiteral } from './escape.js'
export { native } from './native.js'
export { Pool } from './pool.js'
export type { CheckoutCallback, PoolClient, Release } from './pool-client.js'
export type { PoolConfig, PoolOptions } from './pool-config.js'
export { Query } from './query.js'
export type { QueryArrayConfig, QueryConfig } from './query-config.js'
export type {
  Done,
  Notification,
  QueryArrayResult,
  QueryResult,
  QueryResultBase,
  ResultBuilder,
  Submittable,
  TransactionStatus,
} from './query-types.js'
export type { FieldDef } from './result.js'
export { Result } from './result.js'
export type { CustomTypesConfig } from './type-overrides.js'
export { TypeOverrides } from './type-overrides.js'
export type { PgTypes, TypeFormat, TypeParser } from './types.js'
export { types } from './types.js'
export { utils } from './utils.js'
