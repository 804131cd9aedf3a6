import { InterfaceError, ProtocolError, type ServerMessageFields } from '../../base/errors.js'
import { readCommandComplete, readEmpty, readRowDescription } from '../../protocol/backend.js'
import {
  beginBind,
  finishBind,
  writeExecute,
  writeFlush,
  writeQuery,
  writeSync,
} from '../../protocol/frontend.js'
import { Backend, type FieldDescription, type TransactionStatus } from '../../protocol/messages.js'
import type { RowDecoder } from '../../types/row-decoder.js'
import { unexpectedMessage, type Wire } from '../request.js'
import { mayCopy } from '../session-state.js'
import type { SessionStatement } from '../session-statement.js'
import { StaleRows } from '../stale-rows.js'
import { StatementDescription } from '../statement-description.js'
import type { StatementSource } from '../statement-handle.js'
import { StatementPlan } from '../statement-plan.js'
import { StatementRequest } from '../statement-request.js'
import { isPlainRead, lastParameter, returnsNoRows } from '../statement-text.js'
import { copyRefused, endCopyIn } from './refused-copy.js'

/** What is made of the rows of a query. */
export interface ResultShape<T> {
  /** How many rows the server is asked for; 0 for all. */
  readonly maxRows: number
  /** Whether the decoder throws for a statement without columns. */
  readonly needsColumns?: boolean
  /**
   * How each row is decoded; without it rows are passed over. It may throw when the columns are not such
   * as it needs, which fails the query before anything is sent, wherever the columns are known by then.
   */
  decoder?(plan: StatementPlan): RowDecoder<unknown>
  /** `tag` is empty when the statement was empty or stopped at `maxRows`. */
  result(rows: unknown[], tag: string, plan: StatementPlan): T
}

/** What the server has to send next: BindComplete; rows and the end of the command; COPY data and the end of the command; nothing but ReadyForQuery. */
type Progress = 'binding' | 'executing' | 'copy-in' | 'copy-out' | 'answered'

/**
 * One statement in the extended protocol: prepared at its first use, then Bind, Execute and Sync alone.
 *
 * A query that may COPY sends Flush in the place of Sync, which follows once the outcome is known. The
 * server passes over a Sync that it meets while it waits for COPY data, but not one that it meets after
 * an error before that (a COPY to a view, say), and the client cannot tell which it was.
 */
export class QueryRequest<T> extends StatementRequest<T> {
  readonly #shape: ResultShape<T>
  #rows: unknown[] = []
  #decodeRow: RowDecoder<unknown> | undefined
  #progress: Progress = 'binding'
  /** Set while the query is exclusive and its Sync unsent. */
  #unsynced: Wire | undefined
  /** Set for a query in the simple protocol. */
  #simple: Wire | undefined
  #tag = ''
  /** Since a row came that its type does not account for. */
  #stale: StaleRows | undefined

  constructor(
    statement: StatementSource,
    parameters: readonly unknown[],
    shape: ResultShape<T>,
    types?: Readonly<Record<string, unknown>>,
  ) {
    super(statement, parameters, types)
    this.#shape = shape
  }

  /** The text of the query. */
  get text(): string {
    return this.queryText
  }

  /** How many parameters were given. */
  get parameterCount(): number {
    return this.parameters.length
  }

  /** The command tag, once the answer has it; empty before, and where rows were left. */
  get tag(): string {
    return this.#tag
  }

  protected get isAnswered(): boolean {
    return this.#progress === 'answered'
  }

  protected get isBinding(): boolean {
    return this.#progress === 'binding'
  }

  /**
   * NULL needs no type. What is asked for is text where no rows come or none are wanted, else binary,
   * which most likely can be read; if it cannot be the query runs again, so it must be one that only
   * reads. Some types have no binary form, which fails a transaction if there is one.
   */
  protected override blindPlan(wire: Wire): StatementPlan | undefined {
    const { queryText: text, parameters } = this
    if (mayCopy(text) || lastParameter(text) !== parameters.length) return undefined
    if (parameters.some((value) => value !== null)) return undefined
    const { types, transactionStatus } = wire.session
    const { length } = parameters
    const unread = StatementPlan.blind(length, 0, types)
    if (this.#shape.decoder === undefined) return unread
    // One value is wanted of a statement that gives none: that is to be found before it is sent.
    if (returnsNoRows(text)) return this.#shape.needsColumns ? undefined : unread
    const isAlone = transactionStatus === 'idle' && wire.isQuiet
    return isAlone && isPlainRead(text) ? StatementPlan.blind(length, 1, types) : undefined
  }

  protected bind(wire: Wire, statement: SessionStatement, plan: StatementPlan): void {
    if (!this.isBlind) this.#decodeRow = this.#shape.decoder?.(plan)
    const { out } = wire
    beginBind(out, '', statement.name)
    plan.encodeParameters(this.parameters, out)
    finishBind(out, plan.resultFormats)
    writeExecute(out, '', this.#shape.maxRows)
    if (statement.mayCopy) {
      writeFlush(out)
      this.#unsynced = wire
    } else {
      writeSync(out)
    }
  }

  protected override writeSimply(wire: Wire): void {
    if (this.parameters.length > 0) {
      throw new InterfaceError("a query has no parameters with the option statementMode 'simple'")
    }
    writeQuery(wire.out, this.queryText)
    this.#simple = wire
    this.#progress = 'executing'
    this.plan = StatementPlan.blind(0, 0, wire.session.types)
  }

  /** In the simple protocol a statement is described as it runs, and another may follow. */
  #onStatement(fields: readonly FieldDescription[] | undefined): void {
    if (this.#progress === 'answered') {
      this.fail(new InterfaceError('a query for rows must be one statement'))
    }
    this.#progress = 'executing'
    const { session } = this
    if (fields === undefined || session === undefined) return
    // Types are not looked up here. What another call has found must not change what this one gives.
    const types = this.typesOf(session).ofBuiltins
    this.plan = new StatementDescription([], fields).planFor(types).readAs([])
    if (this.plan !== undefined) this.onPlan(this.plan)
  }

  protected onPlan(plan: StatementPlan): void {
    try {
      this.#decodeRow = this.#shape.decoder?.(plan)
    } catch (error) {
      this.fail(error)
    }
  }

  protected reset(): void {
    this.#rows = []
    this.#decodeRow = undefined
    this.#progress = 'binding'
    this.#tag = ''
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    switch (code) {
      case Backend.DataRow:
        if (this.#progress !== 'executing') break
        this.#onRow(buf, start, end)
        return
      case Backend.BindComplete:
        if (this.#progress !== 'binding') break
        readEmpty(code, start, end)
        this.#progress = 'executing'
        return
      case Backend.CommandComplete:
        if (this.#simple !== undefined && this.#progress === 'answered')
          this.#onStatement(undefined)
        if (this.#progress !== 'executing' && this.#progress !== 'copy-out') break
        this.#tag = readCommandComplete(buf, start, end)
        this.session?.onCommand(this.#tag, this.queryText)
        this.#onAnswered()
        return
      case Backend.PortalSuspended:
      case Backend.EmptyQueryResponse:
        if (this.#progress !== 'executing') break
        readEmpty(code, start, end)
        this.#onAnswered()
        return
      case Backend.CopyInResponse:
        if (this.#progress !== 'executing' || this.#copying === undefined) break
        endCopyIn(this.#copying)
        this.#progress = 'copy-in'
        this.fail(copyRefused())
        return
      case Backend.CopyOutResponse:
        if (this.#progress !== 'executing' || this.#copying === undefined) break
        this.#progress = 'copy-out'
        this.fail(copyRefused())
        return
      case Backend.CopyData:
      case Backend.CopyDone:
        if (this.#progress !== 'copy-out') break
        return
      case Backend.RowDescription:
        if (this.#simple === undefined) {
          if (this.onPreparation(code, buf, start, end)) return
          break
        }
        if (this.#progress !== 'executing' && this.#progress !== 'answered') break
        this.#onStatement(readRowDescription(buf, start, end))
        return
      default:
        if (this.onPreparation(code, buf, start, end)) return
    }
    throw unexpectedMessage(code, 'Execute')
  }

  onRows(buf: Buffer, start: number, end: number, maxBodyBytes: number): number {
    const decode = this.#decodeRow
    const isWanted = this.#progress === 'executing' && this.#stale === undefined && !this.failed
    return isWanted && decode?.run !== undefined
      ? decode.run(buf, start, end, maxBodyBytes, this.#rows)
      : start
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#onAnswered()
  }

  override onReady(status: TransactionStatus): void {
    const stale = this.#stale
    this.#stale = undefined
    if (stale === undefined || this.failed) {
      super.onReady(status)
      return
    }
    void this.readAgain(stale, status, () => {
      if (this.#decodeRow !== undefined)
        this.#rows = this.#rows.concat(stale.decode(this.#decodeRow))
    })
  }

  protected result(): T {
    if (this.plan === undefined) throw new InterfaceError('the query was never sent')
    return this.#shape.result(this.#rows, this.#tag, this.plan)
  }

  /** Where to say that there is no data; set if the query may COPY, which makes it exclusive. */
  get #copying(): Wire | undefined {
    return this.exclusive ? (this.#unsynced ?? this.#simple) : undefined
  }

  #onAnswered(): void {
    this.#progress = 'answered'
    if (this.#unsynced === undefined) return
    writeSync(this.#unsynced.out)
    this.#unsynced.flush()
    this.#unsynced = undefined
  }

  #onRow(buf: Buffer, start: number, end: number): void {
    if (this.failed || this.#decodeRow === undefined) return
    if (this.#stale !== undefined) {
      this.#stale.add(buf, start, end)
      return
    }
    try {
      this.#rows.push(this.#decodeRow(buf, start, end))
    } catch (error) {
      // A value that does not fit fails its query alone; a row that is no row ends the connection.
      if (error instanceof ProtocolError) throw error
      this.#stale = StaleRows.of(error, buf, start, end)
      if (this.#stale === undefined) this.fail(error)
    }
  }
}
