import type { QueryListener } from '../base/telemetry.js'
import type { RowDecoder } from '../types/row-decoder.js'
import { TypeMap } from '../types/type-map.js'
import type { TypeOptions } from '../types/type-options.js'
import { Limits } from '../wire/limits.js'
import type { ChooseDecoder } from '../wire/requests/stream.js'
import type { RowMode } from './result.js'

/** What holds for every query of a connection or pool. */
export interface QueryDefaults {
  /** The deadline of queries that are given none, in ms; 0 for none. */
  readonly queryTimeoutMs: number
  /** Whether statements are prepared, which `statementMode: 'simple'` rules out. */
  readonly usesStatements: boolean
  /** Told of each query, besides the subscribers of the channels. */
  readonly onQuery: QueryListener | undefined
}

/** When to give a query up. */
export interface LimitOptions {
  /**
   * Gives the query up when it is aborted; the promise rejects with the signal's reason. A query that
   * runs is cancelled on the server, and the connection stays usable.
   */
  readonly signal?: AbortSignal | undefined
  /**
   * Gives the query up after that many ms, waiting for a connection included; the promise rejects with
   * {@link QueryTimeoutError}. 0 is no limit. Default: the option `queryTimeout` of the connection.
   */
  readonly timeout?: number | undefined
}

/** Options of one query. */
export interface QueryOptions extends LimitOptions {
  /** Rows as objects (the default) or as arrays. */
  readonly rowMode?: RowMode | undefined
  /**
   * How values of types become JavaScript values and back, above what the connection says. The same
   * object for every query saves making codecs anew; it must not be changed.
   */
  readonly types?: TypeOptions | undefined
}

/** Options of {@link Queryable.fetchval}. */
export interface FetchvalOptions extends LimitOptions {
  /** Which column, the first being 0. Default 0. */
  readonly column?: number | undefined
  /** As for {@link QueryOptions}. */
  readonly types?: TypeOptions | undefined
}

/** What {@link LimitOptions} ask for; undefined when that is nothing. */
export function limitsOf(
  { signal, timeout }: LimitOptions,
  defaultTimeout: number,
): Limits | undefined {
  if (timeout !== undefined && (typeof timeout !== 'number' || !(timeout >= 0))) {
    throw new TypeError('the option "timeout" must be a number of milliseconds, at least 0')
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError('the option "signal" must be an AbortSignal')
  }
  const timeoutMs = timeout ?? defaultTimeout
  return timeoutMs > 0 || signal !== undefined ? new Limits(timeoutMs, signal) : undefined
}

/** The row mode that the options ask for. */
export function rowModeOf({ rowMode = 'object' }: QueryOptions): RowMode {
  if (rowMode !== 'object' && rowMode !== 'array') {
    throw new TypeError('the option "rowMode" must be "object" or "array"')
  }
  return rowMode
}

/** The decoder of rows that the options ask for. */
export function chooseDecoder<Row>(options: QueryOptions): ChooseDecoder<Row> {
  const mode = rowModeOf(options)
  return (plan) => (mode === 'array' ? plan.arrayDecoder : plan.objectDecoder) as RowDecoder<Row>
}

/** The type options; undefined for none. @throws {TypeError} if they are wrong. */
export function typesOf({ types }: Pick<QueryOptions, 'types'>): TypeOptions | undefined {
  if (types !== undefined) TypeMap.builtin.with(types)
  return types
}

/** The column that the options ask for. */
export function columnOf({ column = 0 }: FetchvalOptions): number {
  if (!Number.isInteger(column) || column < 0) {
    throw new TypeError('the option "column" must be an integer of at least 0')
  }
  return column
}
