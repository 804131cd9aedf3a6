import { ConnectionClosedError, InterfaceError } from '../base/errors.js'
import { channels, isTraced, traced } from '../base/telemetry.js'
import type { PromiseRequest, Request } from '../wire/request.js'
import { CloseHandleRequest, PrepareHandleRequest } from '../wire/requests/prepare-handle.js'
import { QueryRequest, type ResultShape } from '../wire/requests/query.js'
import type { CommandResult } from '../wire/requests/simple-query.js'
import type { Session } from '../wire/session.js'
import type { StatementDescription } from '../wire/statement-description.js'
import { StatementHandle } from '../wire/statement-handle.js'
import { Cursor, type CursorOptions, type CursorSession } from './cursor.js'
import { type ColumnsResult, type FetchColumnsOptions, resultByColumn } from './fetch-columns.js'
import { executeMany, type ManyResult, type ParameterRows } from './many.js'
import {
  chooseDecoder,
  columnOf,
  type FetchvalOptions,
  type LimitOptions,
  limitsOf,
  type QueryOptions,
  rowModeOf,
  typesOf,
} from './query-options.js'
import {
  allRows,
  type Column,
  commandOnly,
  firstRow,
  firstValue,
  type QueryResult,
  wholeResult,
} from './result.js'
import { type RowStream, streamRows } from './row-stream.js'
import { type Runner, runToEnd } from './run.js'
import { readQuery, type Sql } from './sql.js'
import type { TraceableRequest } from './traced-query.js'
import { type FetchcolOptions, type NumberArray, valuesOfColumn } from './value-column.js'

/** Options of {@link Connection.prepare}. */
export interface PrepareOptions extends LimitOptions {
  /**
   * The name on the server, for who wants to know it; `''` for an unnamed statement, which is parsed
   * for each use. Default: one that the connection makes up.
   */
  readonly name?: string | undefined
}

/** Options of {@link PreparedStatement.explain}. */
export interface ExplainOptions extends LimitOptions {
  /** Carries the statement out, within a transaction that is rolled back, and tells what it cost. Default false. */
  readonly analyze?: boolean
}

/** A parameter of a {@link PreparedStatement}. */
export interface StatementParameter {
  readonly typeOid: number
  /** `pg_type.typname`, where the type is known. */
  readonly typeName: string
}

/** Runs an EXPLAIN, in a transaction if need be. */
interface Explainer {
  fetchval(query: string, params: readonly unknown[], options: LimitOptions): Promise<unknown>
  begin(): Promise<Explainer & AsyncDisposable>
}

/** What a prepared statement needs of its connection, or of its transaction. */
export interface StatementOwner {
  readonly session: Session
  readonly run: <T>(
    request: PromiseRequest<T> & TraceableRequest<T>,
    options: LimitOptions,
  ) => Promise<T>
  readonly runner: Runner
  /** Hands a request to the connection, also while the owner takes no queries, or none any more. */
  readonly send: (request: Request) => void
  readonly transactional: Explainer
}

const EXPLAIN = 'explain (format json, verbose'

const NO_OPTIONS = Object.freeze({})

/**
 * A statement prepared on one connection, made by {@link Connection.prepare}. Its queries are those of
 * the connection, in the same order with all others.
 *
 * It lives until it is closed, or its connection is closed or released; any use after that is an
 * {@link InterfaceError} or {@link ConnectionClosedError}. Change of schema, `DISCARD` and the like only
 * have it prepared anew.
 */
export class PreparedStatement<Row = Record<string, unknown>> implements AsyncDisposable {
  readonly #owner: StatementOwner
  readonly #handle: StatementHandle
  readonly #description: StatementDescription
  #isClosed = false

  private constructor(
    owner: StatementOwner,
    handle: StatementHandle,
    description: StatementDescription,
  ) {
    this.#owner = owner
    this.#handle = handle
    this.#description = description
  }

  /** @internal For `prepare`. */
  static async on<Row>(
    owner: StatementOwner,
    query: string | Sql,
    options: PrepareOptions = NO_OPTIONS,
  ): Promise<PreparedStatement<Row>> {
    const [text, values] = readQuery(query, undefined)
    if (values.length > 0) throw new TypeError('a statement is prepared without its parameters')
    const { name } = options
    if (name !== undefined && typeof name !== 'string') {
      throw new TypeError('the option "name" must be a string')
    }
    const handle = new StatementHandle(text, name)
    const { run } = owner.runner
    const prepare = () => run(new PrepareHandleRequest(handle), options)
    const description = isTraced(channels.prepare)
      ? await traced(channels.prepare, { text }, prepare)
      : await prepare()
    return new this<Row>(owner, handle, description)
  }

  /** Its text. */
  get text(): string {
    return this.#handle.text
  }

  /** Its name on the server; empty if it is unnamed. */
  get name(): string {
    return this.#handle.name
  }

  /** Its parameters, in order. */
  get parameters(): readonly StatementParameter[] {
    const { parameters } = this.#description.planFor(this.#owner.session.types)
    return this.#description.parameterTypeOids.map((typeOid, i) => ({
      typeOid,
      typeName: parameters[i]?.name ?? '',
    }))
  }

  /** The columns of its rows; none for a statement that gives no rows. */
  get columns(): readonly Column[] {
    const { columns } = this.#description.planFor(this.#owner.session.types)
    return columns.map(({ codec, ...field }) => ({ ...field, typeName: codec.name }))
  }

  /** As {@link Connection.fetch}. */
  fetch(params: readonly unknown[] = [], options: QueryOptions = NO_OPTIONS): Promise<Row[]> {
    return this.#run(params, allRows(rowModeOf(options)), options) as Promise<Row[]>
  }

  /** As {@link Connection.fetchrow}. */
  fetchrow(
    params: readonly unknown[] = [],
    options: QueryOptions = NO_OPTIONS,
  ): Promise<Row | null> {
    return this.#run(params, firstRow(rowModeOf(options)), options) as Promise<Row | null>
  }

  /** As {@link Connection.fetchval}. */
  fetchval<T = unknown>(
    params: readonly unknown[] = [],
    options: FetchvalOptions = NO_OPTIONS,
  ): Promise<T | null> {
    return this.#run(params, firstValue(columnOf(options)), options) as Promise<T | null>
  }

  /** As {@link Connection.execute}. */
  execute(
    params: readonly unknown[] = [],
    options: LimitOptions = NO_OPTIONS,
  ): Promise<CommandResult> {
    return this.#run(params, commandOnly, options)
  }

  /** As {@link Connection.query}. */
  query(
    params: readonly unknown[] = [],
    options: QueryOptions = NO_OPTIONS,
  ): Promise<QueryResult<Row>> {
    const shape = wholeResult(rowModeOf(options))
    return this.#run(params, shape, options) as Promise<QueryResult<Row>>
  }

  /** As {@link Connection.fetchcol}. */
  fetchcol(
    params: readonly unknown[] | undefined,
    options: FetchcolOptions & { readonly typedArray: true },
  ): Promise<NumberArray>
  fetchcol<T = unknown>(params?: readonly unknown[], options?: FetchcolOptions): Promise<T[]>
  fetchcol(
    params: readonly unknown[] = [],
    options: FetchcolOptions = NO_OPTIONS,
  ): Promise<unknown> {
    return this.#run(params, valuesOfColumn(options), options)
  }

  /** As {@link Connection.fetchColumns}. */
  fetchColumns(
    params: readonly unknown[] = [],
    options: FetchColumnsOptions = NO_OPTIONS,
  ): Promise<ColumnsResult> {
    return this.#run(params, resultByColumn(options), options)
  }

  /** As {@link Connection.executemany}. */
  async executemany(
    paramRows: ParameterRows,
    options: LimitOptions = NO_OPTIONS,
  ): Promise<ManyResult> {
    this.#checkOpen()
    const { runner } = this.#owner
    const { command, rowCount } = await executeMany(runner, this.#handle, paramRows, options)
    return { command, rowCount }
  }

  /** As {@link Connection.fetchmany}. */
  async fetchmany(paramRows: ParameterRows, options: QueryOptions = NO_OPTIONS): Promise<Row[]> {
    this.#checkOpen()
    const { runner } = this.#owner
    const choose = chooseDecoder<Row>(options)
    const { rows } = await executeMany(runner, this.#handle, paramRows, options, choose)
    return rows as Row[]
  }

  /** As {@link Connection.stream}. */
  stream(params: readonly unknown[] = [], options: QueryOptions = NO_OPTIONS): RowStream<Row> {
    this.#checkUse(params)
    return streamRows<Row>(this.#owner.runner, this.#handle, params, options)
  }

  /** As {@link Connection.cursor}: in a transaction, and so of a statement that it prepared. It ends with the statement. */
  cursor(params: readonly unknown[] = [], options: CursorOptions = NO_OPTIONS): Cursor<Row> {
    this.#checkUse(params)
    const { run, tell } = this.#owner.runner
    const session: CursorSession = {
      run: async (request, limits) => {
        this.#checkOpen()
        return run(request, limits)
      },
      tell,
      end: () => Promise.resolve(),
    }
    return new Cursor<Row>(session, this.#handle, params, options, chooseDecoder(options))
  }

  /** The plan that the server makes for it, as `EXPLAIN (FORMAT JSON, VERBOSE)` tells. asyncpg: `explain`. */
  async explain(
    params: readonly unknown[] = [],
    options: ExplainOptions = NO_OPTIONS,
  ): Promise<unknown> {
    this.#checkOpen()
    const { analyze = false, ...limits } = options
    const { transactional } = this.#owner
    if (!analyze) return transactional.fetchval(`${EXPLAIN}) ${this.text}`, params, limits)
    await using transaction = await transactional.begin()
    return await transaction.fetchval(`${EXPLAIN}, analyze) ${this.text}`, params, limits)
  }

  /** Closes it on the server, behind the queries that were made of it, whether or not that is waited for to its end. Again does nothing. */
  async close(options: LimitOptions = NO_OPTIONS): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.name === '') return
    const close = (limitOptions: LimitOptions) => {
      const request = new CloseHandleRequest(this.#handle)
      const limits = limitsOf(limitOptions, this.#owner.session.queryTimeoutMs)
      if (limits !== undefined) request.limitBy(limits)
      this.#owner.send(request)
      return request.promise
    }
    await runToEnd(close, options).catch((error: unknown) => {
      // With its connection, or the loan of it, it is gone as well.
      if (!(error instanceof ConnectionClosedError || error instanceof InterfaceError)) throw error
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #run<T>(params: readonly unknown[], shape: ResultShape<T>, options: QueryOptions): Promise<T> {
    this.#checkUse(params)
    const request = new QueryRequest(this.#handle, params, shape, typesOf(options))
    return this.#owner.run(request, options)
  }

  #checkUse(params: readonly unknown[]): void {
    this.#checkOpen()
    if (!Array.isArray(params)) {
      throw new TypeError('the parameters of a query must be an array, such as [id] for $1')
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new InterfaceError('the prepared statement is closed')
  }
}
