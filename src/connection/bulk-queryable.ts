import { type CopyTrace, channels, traced } from '../base/telemetry.js'
import type { PromiseRequest, Request } from '../wire/request.js'
import type { CommandResult } from '../wire/requests/simple-query.js'
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
import type { HeldConnection, HoldOptions } from './held-connection.js'
import { type LimitOptions, limitsOf } from './query-options.js'
import type { RowMode } from './result.js'
import type { RowReader } from './row-reader.js'
import { type TraceableRequest, tracedQuery } from './traced-query.js'

/** The methods for more rows than fit memory: streams, COPY and batches. See {@link Queryable}. */
export abstract class BulkQueryable {
  /** Hands a request to a connection, which settles it in all cases. */
  protected abstract submit(request: Request): void

  /** The deadline of queries that are given none, in ms; 0 for none. */
  protected abstract get queryTimeout(): number

  /**
   * Runs `fn` with one connection for all its requests: a connection gives itself, a pool borrows one
   * and releases it when the promise of `fn` settles. Rejects with what `fn` rejects with, or with why
   * there is no connection.
   */
  protected abstract hold<T>(
    fn: (connection: HeldConnection) => Promise<T>,
    options?: HoldOptions,
  ): Promise<T>

  /** Submits a request, with the limits that the options ask for. */
  protected run<T>(
    request: PromiseRequest<T> & TraceableRequest<T>,
    options: LimitOptions,
  ): Promise<T> {
    const limits = limitsOf(options, this.queryTimeout)
    if (limits !== undefined) request.limitBy(limits)
    if (channels.query.hasSubscribers) return tracedQuery(request, () => this.submit(request))
    this.submit(request)
    return request.promise
  }

  #traceCopy(text: string, run: () => Promise<CommandResult>): Promise<CommandResult> {
    if (!channels.copy.hasSubscribers) return run()
    const trace: CopyTrace = { text }
    return traced(channels.copy, trace, run, (_, { rowCount }) => {
      trace.rowCount = rowCount
    })
  }

  readonly #submit = (request: Request): void => this.submit(request)

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
    target: string | CopyQuery,
    sink: CopySink,
    options?: CopyToOptions,
  ): Promise<CommandResult>
  copyTo(
    target: string | CopyQuery,
    sink?: undefined,
    options?: CopyToOptions,
  ): AsyncGenerator<Buffer, void>
  copyTo(
    target: string | CopyQuery,
    sink?: CopySink,
    options: CopyToOptions = {},
  ): Promise<CommandResult> | AsyncGenerator<Buffer, void> {
    const statement = copyToStatement(target, options)
    if (sink === undefined) return copyPieces(this.#submit, statement)
    return this.#traceCopy(statement, () => copyToSink(this.#submit, statement, sink))
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
    return this.#traceCopy(statement, () => copyFromSource(this.#submit, statement, source))
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
    return copyRecordsInto(this.#submit, table, rows, options)
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
    query: string,
    options: { readonly rowMode?: RowMode } = {},
  ): RowReader<Row> {
    return copyRecordsOf<Row>(this.#submit, query, options.rowMode ?? 'object')
  }
}
