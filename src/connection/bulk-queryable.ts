import { channels, isTraced } from '../base/telemetry.js'
import type { PromiseRequest, Request } from '../wire/request.js'
import { QueryRequest } from '../wire/requests/query.js'
import type { CommandResult } from '../wire/requests/simple-query.js'
import { runBatch } from './batch.js'
import { type BatchStatement, batchItems } from './batch-items.js'
import { copyFromSource, copyPieces, copyToSink } from './copy.js'
import {
  type CopyRecordsOptions,
  copyRecordsInto,
  copyRecordsOf,
  type Records,
} from './copy-records.js'
import type { CopySink } from './copy-sink.js'
import type { CopySource } from './copy-source.js'
import {
  type CopyFromOptions,
  type CopyQuery,
  type CopyToOptions,
  copyFromStatement,
  copyToStatement,
} from './copy-statement.js'
import { Cursor, type CursorOptions, type CursorSession } from './cursor.js'
import { type ColumnsResult, type FetchColumnsOptions, resultByColumn } from './fetch-columns.js'
import type { HeldConnection, HoldOptions } from './held-connection.js'
import { type InsertManyOptions, type InsertManyResult, insertMany } from './insert-many.js'
import { executeMany, type ManyResult, type ParameterRows } from './many.js'
import {
  chooseDecoder,
  type LimitOptions,
  limitsOf,
  type QueryDefaults,
  type QueryOptions,
  typesOf,
} from './query-options.js'
import type { QueryResult } from './result.js'
import type { RowReader } from './row-reader.js'
import { type RowStream, streamRows } from './row-stream.js'
import type { Runner } from './run.js'
import { readQuery, readText, type Sql } from './sql.js'
import { type TraceableRequest, tracedOperation, tracedQuery } from './traced-query.js'
import { type FetchcolOptions, type NumberArray, valuesOfColumn } from './value-column.js'

/** The methods for more rows than fit memory: streams, COPY and batches. See {@link Queryable}. */
export abstract class BulkQueryable {
  /** Hands a request to a connection, which settles it in all cases. */
  protected abstract submit(request: Request): void

  /**
   * Runs `fn` with one connection for all its requests: a connection gives itself, a pool borrows one
   * and releases it when the promise of `fn` settles. Rejects with what `fn` rejects with, or with why
   * there is no connection.
   */
  protected abstract hold<T>(
    fn: (connection: HeldConnection) => Promise<T>,
    options?: HoldOptions,
  ): Promise<T>

  /** What holds for every query. */
  protected abstract get queryDefaults(): QueryDefaults

  /** Submits a query, with the limits that the options ask for, and tells of it. */
  protected run<T>(
    request: PromiseRequest<T> & TraceableRequest<T>,
    options: LimitOptions,
  ): Promise<T> {
    this.limit(request, options)
    const listener = this.queryDefaults.onQuery
    if (isTraced(channels.query) || listener !== undefined) {
      return tracedQuery(request, () => this.submit(request), listener)
    }
    this.submit(request)
    return request.promise
  }

  /** Gives a request the limits that the options ask for. */
  protected limit<T>(request: PromiseRequest<T>, options: LimitOptions): void {
    const limits = limitsOf(options, this.queryDefaults.queryTimeoutMs)
    if (limits !== undefined) request.limitBy(limits)
  }

  /** The session of a new cursor. */
  protected cursorSession(): CursorSession {
    return { ...this.runner, end: () => Promise.resolve() }
  }

  /** For what is not submitted and told of by {@link run}. */
  protected get runner(): Runner {
    return {
      run: (request, options) => {
        this.limit(request, options)
        this.submit(request)
        return request.promise
      },
      tell: (channel, newTrace, run, outcomeOf) => {
        const listener = this.queryDefaults.onQuery
        if (!isTraced(channels[channel]) && listener === undefined) return run()
        return tracedOperation(channel, newTrace(), run, outcomeOf, listener)
      },
      limitsOf: (options) => limitsOf(options, this.queryDefaults.queryTimeoutMs),
      usesStatements: this.queryDefaults.usesStatements,
    }
  }

  /**
   * The rows of a query as a `ReadableStream`, at the pace of its reader, without a transaction.
   *
   * ```ts
   * for await (const user of conn.stream<User>('select * from users')) …
   * for await (const users of conn.stream<User>('select * from users').chunks()) …
   * ```
   *
   * It is returned at once; errors come out of it, behind the rows before them. It has the connection for
   * itself until it is read to its end or cancelled: what is called on the connection meanwhile waits.
   * Whoever leaves early stops the query on the server, unless a transaction is open, which that would
   * fail: there the rest is passed over. `queryTimeout` does not count, `timeout` does.
   */
  stream<Row = Record<string, unknown>>(
    query: string | Sql,
    params?: readonly unknown[],
    options: QueryOptions = {},
  ): RowStream<Row> {
    const [text, values] = readQuery(query, params)
    return streamRows<Row>(this.runner, text, values, options)
  }

  /**
   * A {@link Cursor} over the rows of a query. On a connection it needs an open transaction, and takes its
   * place among the other queries whenever it is asked for rows. On a pool it has a connection and a
   * transaction of its own until it is closed, as by the end of a loop. asyncpg: `cursor`.
   */
  cursor<Row = Record<string, unknown>>(
    query: string | Sql,
    params?: readonly unknown[],
    options: CursorOptions = {},
  ): Cursor<Row> {
    const [text, parameters] = readQuery(query, params)
    return new Cursor<Row>(this.cursorSession(), text, parameters, options, chooseDecoder(options))
  }

  /**
   * Runs several statements in one round trip, as one transaction unless one is open: all or nothing.
   * Gives the result of each.
   *
   * ```ts
   * const [user, count] = await conn.batch([
   *   ['insert into users (name) values ($1) returning id', ['Ann']],
   *   ['select count(*) from users', []],
   * ])
   * ```
   *
   * The error of a statement tells by `batchIndex` which it was. Statements that are new to the connection
   * are prepared before in a trip of their own, so none can use what one before it creates.
   */
  batch(
    items: readonly BatchStatement[],
    options: QueryOptions = {},
  ): Promise<QueryResult<Record<string, unknown>>[]> {
    return runBatch(this.runner, batchItems(items), options)
  }

  /**
   * Runs a statement once for each row of parameters, as one transaction unless one is open: all or
   * nothing. The rows are taken from the iterable as fast as the server takes them. asyncpg:
   * `executemany`.
   *
   * ```ts
   * await conn.executemany('insert into users (id, name) values ($1, $2)', [[1, 'Ann'], [2, 'Bo']])
   * ```
   *
   * Rejects with {@link EncodeError}, whose `row` tells which row it was, for a value that does not fit;
   * with what the iterable throws. In an open transaction either fails the transaction.
   */
  async executemany(
    query: string | Sql,
    paramRows: ParameterRows,
    options: LimitOptions = {},
  ): Promise<ManyResult> {
    const text = readText(query)
    const { command, rowCount } = await executeMany(this.runner, text, paramRows, options)
    return { command, rowCount }
  }

  /** As {@link executemany}, and gives the rows that the statement returns. asyncpg: `fetchmany`. */
  async fetchmany<Row = Record<string, unknown>>(
    query: string | Sql,
    paramRows: ParameterRows,
    options: QueryOptions = {},
  ): Promise<Row[]> {
    const text = readText(query)
    const choose = chooseDecoder<Row>(options)
    const { rows } = await executeMany(this.runner, text, paramRows, options, choose)
    return rows as Row[]
  }

  /**
   * Inserts many rows in the fastest way that fits: up to 2,000 that are there at once by one statement, which
   * takes them as an array; more, and those of an async iterable, by COPY; with `returning` or `onConflict`
   * by a statement run for each under one Sync. All or nothing.
   *
   * ```ts
   * await conn.insertMany('users', [{ id: 1, name: 'Ann' }, { id: 2, name: 'Bo' }])
   * ```
   *
   * @param rows an iterable or async iterable of objects, or of arrays in the order of `columns`
   */
  insertMany<Row = Record<string, unknown>>(
    table: string,
    rows: Records,
    options: InsertManyOptions & QueryOptions = {},
  ): Promise<InsertManyResult<Row>> {
    return insertMany<Row>(this.runner, table, rows, options, chooseDecoder(options))
  }

  /**
   * The values of one column of all rows, as an array; with `typedArray` as an `Int32Array` or the like.
   * Rejects with {@link InterfaceError} when there is no such column.
   */
  fetchcol(
    query: string | Sql,
    params: readonly unknown[] | undefined,
    options: FetchcolOptions & { readonly typedArray: true },
  ): Promise<NumberArray>
  fetchcol<T = unknown>(
    query: string | Sql,
    params?: readonly unknown[],
    options?: FetchcolOptions,
  ): Promise<T[]>
  fetchcol(
    query: string | Sql,
    params?: readonly unknown[],
    options: FetchcolOptions = {},
  ): Promise<unknown> {
    const request = new QueryRequest(
      ...readQuery(query, params),
      valuesOfColumn(options),
      typesOf(options),
    )
    return this.run(request, options)
  }

  /**
   * The result by column: numbers, booleans and timestamps in typed arrays, other types in arrays, without
   * an object for any row.
   *
   * ```ts
   * const { data } = await conn.fetchColumns('select price from sales')
   * let total = 0
   * for (const price of data.price as Float64Array) total += price
   * ```
   *
   * `bool` becomes a `Uint8Array` of 0 and 1; `int2`, `int4`, `oid`, `float4` and `float8` the typed array of that
   * size; `int8` a `BigInt64Array`, whatever the option `int8` of types; `timestamp` and `timestamptz` what
   * the option `timestamps` says. All other types, and those with a codec of your own, are decoded as by
   * {@link Queryable.fetch}. Which rows have NULL is told by `validity`.
   */
  fetchColumns(
    query: string | Sql,
    params?: readonly unknown[],
    options: FetchColumnsOptions = {},
  ): Promise<ColumnsResult> {
    const shape = resultByColumn(options)
    return this.run(new QueryRequest(...readQuery(query, params), shape, typesOf(options)), options)
  }

  /**
   * Copies a table, or the result of a query given as `{ query }`, into `sink`, at the pace of the
   * sink. asyncpg: `copy_from_table`, `copy_from_query`.
   *
   * ```ts
   * await conn.copyTo('users', createWriteStream('users.csv'), { format: 'csv', header: true })
   * for await (const piece of conn.copyTo({ query: 'select 1' })) console.log(piece.toString())
   * ```
   *
   * A stream is ended with the data, and destroyed when the COPY fails. Without a sink it gives the data
   * as an async iterable of pieces, cut anywhere; nothing is sent before the first is asked for.
   *
   * Rejects with what the sink fails with, after the server was stopped.
   *
   * @param target the name of a table, as it is: `schemaName` is an option
   */
  copyTo(
    target: string | CopyQuery | Sql,
    sink: CopySink,
    options?: CopyToOptions,
  ): Promise<CommandResult>
  copyTo(
    target: string | CopyQuery | Sql,
    sink?: undefined,
    options?: CopyToOptions,
  ): AsyncGenerator<Buffer, void>
  copyTo(
    target: string | CopyQuery | Sql,
    sink?: CopySink,
    options: CopyToOptions = {},
  ): Promise<CommandResult> | AsyncGenerator<Buffer, void> {
    const statement = copyToStatement(target, options)
    if (sink === undefined) return copyPieces(this.runner, statement, options)
    return copyToSink(this.runner, statement, sink, options)
  }

  /**
   * Copies data into a table, at the pace of the server. asyncpg: `copy_to_table`.
   *
   * ```ts
   * await conn.copyFrom('users', createReadStream('users.csv'), { format: 'csv', header: true })
   * ```
   *
   * All or nothing: when the source fails no row is kept, and it rejects with what the source failed
   * with. A source that was not read to its end is closed.
   */
  copyFrom(
    table: string,
    source: CopySource,
    options: CopyFromOptions = {},
  ): Promise<CommandResult> {
    const statement = copyFromStatement(table, options)
    return copyFromSource(this.runner, statement, source, options)
  }

  /**
   * Copies typed rows into a table, in binary: the fastest way in. asyncpg: `copy_records_to_table`.
   *
   * ```ts
   * await conn.copyRecordsTo('users', [[1, 'Ann'], [2, 'Bo']], { columns: ['id', 'name'] })
   * await conn.copyRecordsTo('users', readUsers(), { columns: ['id', 'name'] })
   * ```
   *
   * All or nothing. The types are asked for before, in a round trip. When a column has a type that
   * has no binary form here, or the first row has a string for a date or the like, all goes as text.
   *
   * Rejects with {@link EncodeError}, which tells `row` and `column`, for a value that does not fit; with
   * what the iterable throws.
   *
   * @param rows an iterable or async iterable of arrays in the order of `columns`, or of objects
   */
  copyRecordsTo(
    table: string,
    rows: Records,
    options: CopyRecordsOptions = {},
  ): Promise<CommandResult> {
    return copyRecordsInto(this.runner, table, rows, options)
  }

  /**
   * The rows of a query by binary COPY, at the pace of who iterates. Nothing is sent before the first is
   * asked for; whoever leaves early ends the COPY.
   *
   * ```ts
   * for await (const user of conn.copyRecordsFrom<User>('select id, name from users')) …
   * ```
   */
  copyRecordsFrom<Row = Record<string, unknown>>(
    query: string | Sql,
    options: QueryOptions = {},
  ): RowReader<Row> {
    return copyRecordsOf<Row>(this.runner, readText(query), options)
  }
}
