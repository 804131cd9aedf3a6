import { QueryRequest } from '../wire/requests/query.js'
import { type CommandResult, SimpleQueryRequest } from '../wire/requests/simple-query.js'
import { BulkQueryable } from './bulk-queryable.js'
import { checkChannel } from './listener.js'
import {
  columnOf,
  type FetchvalOptions,
  type LimitOptions,
  type QueryOptions,
  rowModeOf,
  typesOf,
} from './query-options.js'
import {
  allRows,
  commandOnly,
  firstRow,
  firstValue,
  type QueryResult,
  wholeResult,
} from './result.js'
import { readQuery, type Sql } from './sql.js'

const NO_OPTIONS = Object.freeze({})

/**
 * Everything that can be queried: a connection, a pool, a connection of a pool.
 *
 * A query is text with `$1`, `$2`, … for its parameters, which go to the server apart from it and in
 * binary wherever their type has a codec; or it is a value of the tag {@link sql}, which has its
 * parameters in it. It is prepared once per connection. Calls made on one
 * connection without awaiting the former are sent at once and carried out in order, each in a
 * transaction of its own unless one is open.
 *
 * Every method rejects with {@link PostgresError} when the server refuses the query, {@link EncodeError}
 * when a parameter does not fit its type (nothing was sent then), {@link DecodeError} when a value does
 * not fit its JavaScript type, {@link ConnectionClosedError} when the connection is or gets lost,
 * {@link QueryTimeoutError} past the `timeout` and with the reason of the `signal` when that is aborted.
 * It throws `TypeError` when an argument is of the wrong kind.
 */
export abstract class Queryable extends BulkQueryable {
  /** All rows. asyncpg: `fetch`. */
  fetch<Row = Record<string, unknown>>(
    query: string | Sql,
    params?: readonly unknown[],
    options: QueryOptions = NO_OPTIONS,
  ): Promise<Row[]> {
    const request = new QueryRequest(
      ...readQuery(query, params),
      allRows(rowModeOf(options)),
      typesOf(options),
    )
    return this.run(request, options) as Promise<Row[]>
  }

  /** The first row, or null. The server is asked for one row only. asyncpg: `fetchrow`. */
  fetchrow<Row = Record<string, unknown>>(
    query: string | Sql,
    params?: readonly unknown[],
    options: QueryOptions = NO_OPTIONS,
  ): Promise<Row | null> {
    const request = new QueryRequest(
      ...readQuery(query, params),
      firstRow(rowModeOf(options)),
      typesOf(options),
    )
    return this.run(request, options) as Promise<Row | null>
  }

  /**
   * One value of the first row, or null when there is no row. asyncpg: `fetchval`.
   * Rejects with {@link InterfaceError} when there is no such column.
   */
  fetchval<T = unknown>(
    query: string | Sql,
    params?: readonly unknown[],
    options: FetchvalOptions = NO_OPTIONS,
  ): Promise<T | null> {
    const request = new QueryRequest(
      ...readQuery(query, params),
      firstValue(columnOf(options)),
      typesOf(options),
    )
    return this.run(request, options) as Promise<T | null>
  }

  /**
   * Runs a command and tells what it did; rows are passed over. asyncpg: `execute`.
   *
   * Without `params` the query may be a script of several statements, which the server runs as one
   * transaction unless it holds its own `BEGIN` and `COMMIT`; the result is that of the last.
   */
  execute(
    query: string | Sql,
    params?: readonly unknown[],
    options: LimitOptions = NO_OPTIONS,
  ): Promise<CommandResult> {
    const [text, values] = readQuery(query, params)
    return params === undefined && values.length === 0
      ? this.run(new SimpleQueryRequest(text), options)
      : this.run(new QueryRequest(text, values, commandOnly), options)
  }

  /** Rows, columns and command tag, for who needs all of it. */
  query<Row = Record<string, unknown>>(
    query: string | Sql,
    params?: readonly unknown[],
    options: QueryOptions = NO_OPTIONS,
  ): Promise<QueryResult<Row>> {
    const request = new QueryRequest(
      ...readQuery(query, params),
      wholeResult(rowModeOf(options)),
      typesOf(options),
    )
    return this.run(request, options) as Promise<QueryResult<Row>>
  }

  /**
   * Sends a notification to all who listen on a channel; in a transaction, at its commit.
   *
   * @param channel the name, as it is: upper case and spaces are kept
   * @param payload less than 8,000 bytes, as the server has it
   * @throws {RangeError} when the name is empty, longer than 63 bytes, or contains NUL
   */
  async notify(channel: string, payload = '', options: LimitOptions = NO_OPTIONS): Promise<void> {
    checkChannel(channel)
    await this.execute('select pg_catalog.pg_notify($1, $2)', [channel, payload], options)
  }
}
