import { InterfaceError, ProtocolError, type ServerMessageFields } from '../../base/errors.js'
import { readCommandComplete, readEmpty } from '../../protocol/backend.js'
import {
  beginBind,
  finishBind,
  writeExecute,
  writeFlush,
  writeSync,
} from '../../protocol/frontend.js'
import { Backend } from '../../protocol/messages.js'
import { encodeParameters } from '../../types/parameters.js'
import type { RowDecoder } from '../../types/row-decoder.js'
import type { PreparedStatement, StatementPlan } from '../prepared-statement.js'
import { PromiseRequest, type Request, unexpectedMessage, type Wire } from '../request.js'
import type { Session } from '../session.js'
import { PrepareRequest } from './prepare.js'
import { copyRefused, endCopyIn } from './refused-copy.js'

/** What is made of the rows of a query. */
export interface ResultShape<T> {
  /** How many rows the server is asked for; 0 for all. */
  readonly maxRows: number
  /** How each row is decoded; undefined passes rows over. Asked before anything is sent. */
  decoder(plan: StatementPlan): RowDecoder<unknown> | undefined
  /** `tag` is empty when the statement was empty or stopped at `maxRows`. */
  result(rows: unknown[], tag: string, plan: StatementPlan): T
}

/** SQLSTATEs that say that a prepared statement can no longer be used. */
const INVALID_SQL_STATEMENT_NAME = '26000'
const FEATURE_NOT_SUPPORTED = '0A000'

/** What the server has to send next: BindComplete; rows and the end of the command; COPY data and the end of the command; nothing but ReadyForQuery. */
type Progress = 'binding' | 'executing' | 'copy-in' | 'copy-out' | 'answered'

/**
 * One statement in the extended protocol: prepared at its first use, then Bind, Execute and Sync alone.
 *
 * A query that may COPY sends Flush in the place of Sync, which follows once the outcome is known. The
 * server passes over a Sync that it meets while it waits for COPY data, but not one that it meets after
 * an error before that (a COPY to a view, say), and the client cannot tell which it was.
 */
export class QueryRequest<T> extends PromiseRequest<T> {
  protected readonly queryText: string
  readonly #parameters: readonly unknown[]
  readonly #shape: ResultShape<T>
  readonly #rows: unknown[] = []
  #session: Session | undefined
  #statement: PreparedStatement | undefined
  #plan: StatementPlan | undefined
  #decodeRow: RowDecoder<unknown> | undefined
  #progress: Progress = 'binding'
  /** Set while the query is exclusive and its Sync unsent. */
  #unsynced: Wire | undefined
  #tag = ''

  constructor(text: string, parameters: readonly unknown[], shape: ResultShape<T>) {
    super()
    this.queryText = text
    this.#parameters = parameters
    this.#shape = shape
  }

  /** Known once it was submitted. */
  get exclusive(): boolean {
    return this.#statement?.mayCopy ?? false
  }

  get changesSession(): boolean {
    return this.#statement?.changesSession ?? false
  }

  /** The text of the query. */
  get text(): string {
    return this.queryText
  }

  /** How many parameters were given. */
  get parameterCount(): number {
    return this.#parameters.length
  }

  /** The command tag, once the answer has it; empty before, and where rows were left. */
  get tag(): string {
    return this.#tag
  }

  protected get isAnswered(): boolean {
    return this.#progress === 'answered'
  }

  override prerequisite(session: Session): Request | undefined {
    this.#session = session
    this.#statement = session.statements.get(this.queryText)
    if (this.#statement !== undefined) return undefined
    this.#statement = session.statements.add(this.queryText)
    return new PrepareRequest(this.#statement, session)
  }

  override isWritable(): boolean {
    return this.#statement?.state.kind !== 'preparing'
  }

  write(wire: Wire): void {
    const statement = this.#statement
    if (statement === undefined) throw new InterfaceError('the query was never submitted')
    const { state } = statement
    if (state.kind === 'refused') throw state.newError()
    if (state.kind === 'preparing') throw new InterfaceError('the statement is not prepared')
    this.#plan = state.plan
    this.#decodeRow = this.#shape.decoder(state.plan)
    const { out } = wire
    beginBind(out, '', statement.name)
    encodeParameters(state.plan.parameters, this.#parameters, out)
    finishBind(out, state.plan.resultFormats)
    writeExecute(out, '', this.#shape.maxRows)
    if (statement.mayCopy) {
      writeFlush(out)
      this.#unsynced = wire
    } else {
      writeSync(out)
    }
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
        if (this.#progress !== 'executing' && this.#progress !== 'copy-out') break
        this.#tag = readCommandComplete(buf, start, end)
        this.#session?.statements.onCommand(this.#tag)
        this.#onAnswered()
        return
      case Backend.PortalSuspended:
      case Backend.EmptyQueryResponse:
        if (this.#progress !== 'executing') break
        readEmpty(code, start, end)
        this.#onAnswered()
        return
      case Backend.CopyInResponse:
        if (this.#progress !== 'executing' || this.#unsynced === undefined) break
        this.#progress = 'copy-in'
        this.fail(copyRefused())
        endCopyIn(this.#unsynced)
        return
      case Backend.CopyOutResponse:
        if (this.#progress !== 'executing' || this.#unsynced === undefined) break
        this.#progress = 'copy-out'
        this.fail(copyRefused())
        return
      case Backend.CopyData:
      case Backend.CopyDone:
        if (this.#progress !== 'copy-out') break
        return
    }
    throw unexpectedMessage(code, 'Execute')
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#onAnswered()
    if (fields.code === INVALID_SQL_STATEMENT_NAME || fields.code === FEATURE_NOT_SUPPORTED) {
      if (this.#statement !== undefined) this.#session?.statements.delete(this.#statement)
    }
  }

  protected result(): T {
    if (this.#plan === undefined) throw new InterfaceError('the query was never sent')
    return this.#shape.result(this.#rows, this.#tag, this.#plan)
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
    try {
      this.#rows.push(this.#decodeRow(buf, start, end))
    } catch (error) {
      // A value that does not fit fails its query alone; a row that is no row ends the connection.
      if (error instanceof ProtocolError) throw error
      this.fail(error)
    }
  }
}
