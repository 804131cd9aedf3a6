import { EventEmitter } from 'node:events'
import type { Any, QueryResultRow } from './any.js'
import type { Connection } from './connection.js'
import type { CommandCompleteMessage, DataRowMessage, RowDescriptionMessage } from './messages.js'
import type { NormalizedQueryConfig, QueryCallback, QueryConfig } from './query-config.js'
import type { ResultBuilder } from './query-types.js'
import { Result } from './result.js'
import type { CustomTypesConfig } from './type-overrides.js'
import { prepareValue } from './values.js'

/** The callback of a {@link Query}. */
type Filled<Row extends QueryResultRow> = (
  error: Error | undefined,
  result: ResultBuilder<Row>,
) => void

/**
 * A query of pg, on its way through a connection. Made by `client.query()`, or by hand to listen for
 * its events: `row` (row, result), `end` (result), `error` (error).
 *
 * The methods named `handle…` are what a client calls of every Submittable.
 */
export class Query<
  Row extends QueryResultRow = Any,
  Values extends Any[] = Any,
> extends EventEmitter {
  text: string | undefined
  values: Values | undefined
  rows: number | undefined
  types: CustomTypesConfig | undefined
  name: string | undefined
  queryMode: string | undefined
  binary: boolean | undefined
  portal: string
  callback: QueryCallback | undefined
  signal: AbortSignal | undefined
  _rowMode: string | undefined
  /** Under which name the server has its statement; empty for none. @internal */
  _statement = ''
  /** Whether its statement was parsed before. @internal */
  _isReused = false
  _result: Result<Row>
  /** One result, or all those of a text with several statements. */
  _results: Result<Row> | Result<Row>[]
  #error: unknown
  #hasFailed = false
  #keepsRows = true
  /** In pages: whether the server waits for a Sync. */
  #owesSync = false

  constructor(query?: string | QueryConfig<Values>, callback?: Filled<Row>)
  constructor(query?: string | QueryConfig<Values>, values?: Values, callback?: Filled<Row>)
  constructor(config?: unknown, values?: unknown, callback?: unknown) {
    super()
    const given: NormalizedQueryConfig =
      typeof config === 'string' ? { text: config } : Object(config)
    const isCallback = typeof values === 'function'
    this.text = given.text
    this.values = ((!isCallback && values) || given.values) as Values | undefined
    this.rows = given.rows
    this.types = given.types
    this.name = given.name
    this.queryMode = given.queryMode
    this.binary = given.binary
    this.portal = given.portal || ''
    this.callback = (callback || (isCallback ? values : given.callback)) as QueryCallback
    this.signal = given.signal
    this._rowMode = given.rowMode
    this._result = new Result(given.rowMode, Array.isArray(given.types) ? undefined : given.types)
    this._results = this._result
  }

  /** Whether it needs the extended protocol; a text with several statements needs the simple one. */
  requiresPreparation(): boolean {
    if (this.queryMode === 'extended' || this.name || this.rows) return true
    return Boolean(this.text) && (this.values?.length ?? 0) > 0
  }

  /** Writes its messages. Gives an error, or throws it, before anything of it was sent. */
  submit(connection: Connection): Error | null {
    const { text, name, values } = this
    if (typeof text !== 'string' && typeof name !== 'string') {
      return new Error('A query must have either text or a name. Supplying neither is unsupported.')
    }
    if (name && text) {
      const former = connection.parsedStatements[name] ?? connection.submittedNamedStatements[name]
      if (former && former !== text) {
        return new Error(
          `Prepared statements must be unique - '${name}' was used for a different statement`,
        )
      }
    }
    if (values && !Array.isArray(values)) return new Error('Query values must be an array')
    if (this.requiresPreparation()) this.prepare(connection)
    else connection.query(text ?? '')
    return null
  }

  /** Whether the connection has a statement of its name. */
  hasBeenParsed(connection: Connection): boolean {
    return isParsed(connection, this.name)
  }

  /** Writes Parse where it is needed, Bind, Describe and Execute. */
  prepare(connection: Connection): void {
    const { text = '', portal } = this
    // Before all else: what a value throws must leave no statement behind that the server has not got.
    const values = this.values?.map(prepareValue)
    const name = this.name || this.#cachedName(connection)
    this._statement = name
    this._isReused = isParsed(connection, name)
    if (!this._isReused) {
      connection._closeStale(name)
      connection.parse({ text, name, types: this.types })
      if (name) connection.submittedNamedStatements[name] = text
    }
    connection.bind({ portal, statement: name, values })
    connection.describe({ type: 'P', name: portal })
    this._getRows(connection, this.rows)
  }

  /** The name that its text has in the statement cache of the connection, if that has one. */
  #cachedName(connection: Connection): string {
    const { text } = this
    if (!text || Array.isArray(this.types)) return ''
    const cached = connection._statementNames.nameOf(text)
    if (cached?.evicted !== undefined) {
      delete connection.parsedStatements[cached.evicted]
      connection.close({ type: 'S', name: cached.evicted })
    }
    return cached?.name ?? ''
  }

  /** Asks for all rows, or for the next `rows` of them. */
  _getRows(connection: Connection, rows: number | undefined): void {
    connection.execute({ portal: this.portal, rows })
    this.#owesSync = Boolean(rows)
    if (rows) connection.flush()
    else connection.sync()
  }

  /** In pages the Sync waits for the last of them, which does not come after an error. @internal */
  _syncIfOwed(connection: Connection): void {
    if (!this.#owesSync) return
    this.#owesSync = false
    connection.sync()
  }

  handleRowDescription(message: RowDescriptionMessage): void {
    this.#beginResult()
    this._result.addFields(message.fields)
    this.#keepsRows = Boolean(this.callback) || this.listenerCount('row') === 0
  }

  handleDataRow(message: DataRowMessage): void {
    if (this.#hasFailed) return
    try {
      this.takeRow(this._result.parseRow(message.fields))
    } catch (error) {
      this.fail(error)
    }
  }

  /** A row that was read already. */
  takeRow(row: Row): void {
    if (this.listenerCount('row') > 0) this.emit('row', row, this._result)
    if (this.#keepsRows) this._result.addRow(row)
  }

  /** Where its rows go, unless somebody wants to hear of each. @internal */
  get _rowsUnheard(): Row[] | undefined {
    const isOpen = this.#keepsRows && !this.#hasFailed && this.listenerCount('row') === 0
    return isOpen ? this._result.rows : undefined
  }

  /** Fails the query, which is told when the server has answered all of it. */
  fail(error: unknown): void {
    this.#hasFailed = true
    this.#error = error
  }

  /** Whether an error has decided the outcome. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  handleCommandComplete(message: CommandCompleteMessage, connection: Connection): void {
    this.#beginResult()
    this._result.addCommandComplete(message)
    if (this.rows) {
      // The tag counts the rows of the last page.
      if (this._result.command === 'SELECT') this._result.rowCount = this._result.rows.length
    }
    this._syncIfOwed(connection)
  }

  handleEmptyQuery(connection: Connection): void {
    this._syncIfOwed(connection)
  }

  handlePortalSuspended(connection: Connection): void {
    this._getRows(connection, this.rows)
  }

  handleCopyInResponse(connection: Connection): void {
    connection.sendCopyFail('No source stream defined')
  }

  handleCopyData(): void {}

  handleError(error: unknown, _connection?: Connection): void {
    const reason = this.#hasFailed ? this.#error : error
    this.#hasFailed = false
    if (this.callback) this.callback(reason as Error)
    else this.emit('error', reason)
  }

  handleReadyForQuery(connection: Connection): void {
    if (this.#hasFailed) {
      this.handleError(this.#error, connection)
      return
    }
    if (this.callback) {
      try {
        this.callback(null, this._results as never)
      } catch (error) {
        process.nextTick(() => {
          throw error
        })
      }
    }
    this.emit('end', this._results)
  }

  /** The second statement of a text, and those behind it, have results of their own. */
  #beginResult(): void {
    if (this._result.command === null) return
    if (!Array.isArray(this._results)) this._results = [this._result]
    this._result = new Result(this._rowMode, this._result._types)
    this._results.push(this._result)
  }
}

function isParsed(connection: Connection, name: string | undefined): boolean {
  return (
    Boolean(name) &&
    (connection.parsedStatements[name as string] !== undefined ||
      connection.submittedNamedStatements[name as string] !== undefined)
  )
}
