import { InterfaceError, ProtocolError, type ServerMessageFields } from '../../base/errors.js'
import { readCommandComplete, readEmpty } from '../../protocol/backend.js'
import {
  beginBind,
  finishBind,
  writeClose,
  writeExecute,
  writeSync,
} from '../../protocol/frontend.js'
import { Backend, type TransactionStatus } from '../../protocol/messages.js'
import { encodeParameters } from '../../types/parameters.js'
import type { RowDecoder } from '../../types/row-decoder.js'
import type { PreparedStatement } from '../prepared-statement.js'
import { PromiseRequest, unexpectedMessage, type Wire } from '../request.js'
import type { StatementSource } from '../statement-handle.js'
import type { StatementPlan } from '../statement-plan.js'
import { StatementRequest } from '../statement-request.js'
import { copyRefused, startsCopy } from './refused-copy.js'
import type { ChooseDecoder } from './stream.js'

/** Rows that a portal gave. */
export interface PortalRows<Row> {
  readonly rows: Row[]
  /** Whether the portal has given all of its rows. */
  readonly isEnd: boolean
}

/** The portal that a cursor reads from. It lives in its transaction, so other queries may run between. */
export interface Portal<Row> {
  readonly name: string
  decodeRow: RowDecoder<Row> | undefined
}

/** Opens a portal and takes its first rows. */
export class OpenPortalRequest<Row> extends StatementRequest<PortalRows<Row>> {
  readonly #portal: Portal<Row>
  readonly #maxRows: number
  readonly #chooseDecoder: ChooseDecoder<Row>
  #answer: PortalAnswer<Row>
  #progress: 'binding' | 'executing' = 'binding'
  #status: TransactionStatus | undefined

  constructor(
    portal: Portal<Row>,
    statement: StatementSource,
    parameters: readonly unknown[],
    maxRows: number,
    chooseDecoder: ChooseDecoder<Row>,
    types?: Readonly<Record<string, unknown>>,
  ) {
    super(statement, parameters, types)
    this.#portal = portal
    this.#maxRows = maxRows
    this.#chooseDecoder = chooseDecoder
    this.#answer = new PortalAnswer(portal)
  }

  protected get isAnswered(): boolean {
    return this.#answer.isOver
  }

  protected get isBinding(): boolean {
    return this.#progress === 'binding'
  }

  /** A portal would not outlive the Sync, which the server tells only by having lost it. */
  protected bind(wire: Wire, statement: PreparedStatement, plan: StatementPlan): void {
    if (wire.isQuiet && wire.session.transactionStatus === 'idle') throw noTransaction()
    if (startsCopy(statement, plan)) throw copyRefused()
    this.#portal.decodeRow = this.#chooseDecoder(plan)
    const { out } = wire
    beginBind(out, this.#portal.name, statement.name)
    encodeParameters(plan.parameters, this.parameters, out)
    finishBind(out, plan.resultFormats)
    if (this.#maxRows > 0) writeExecute(out, this.#portal.name, this.#maxRows)
    writeSync(out)
  }

  protected onPlan(plan: StatementPlan): void {
    this.#portal.decodeRow = this.#chooseDecoder(plan)
  }

  protected reset(): void {
    this.#answer = new PortalAnswer(this.#portal)
    this.#progress = 'binding'
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    if (this.onPreparation(code, buf, start, end)) return
    if (code === Backend.BindComplete && this.#progress === 'binding') {
      readEmpty(code, start, end)
      this.#progress = 'executing'
      if (this.#maxRows === 0) this.#answer.end()
      return
    }
    if (this.#progress !== 'executing') throw unexpectedMessage(code, 'Bind')
    const error = this.#answer.onMessage(code, buf, start, end, this.failed)
    if (error !== undefined) this.fail(error.cause)
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#answer.end()
  }

  override onReady(status: TransactionStatus): void {
    this.#status = status
    super.onReady(status)
  }

  protected result(): PortalRows<Row> {
    if (this.#status === 'idle') throw noTransaction()
    return this.#answer.result()
  }
}

/** Takes the next rows of a portal. */
export class FetchPortalRequest<Row> extends PromiseRequest<PortalRows<Row>> {
  readonly exclusive = false
  readonly changesSession = false
  protected readonly queryText = undefined
  readonly #portal: Portal<Row>
  readonly #maxRows: number
  readonly #answer: PortalAnswer<Row>

  constructor(portal: Portal<Row>, maxRows: number) {
    super()
    this.#portal = portal
    this.#maxRows = maxRows
    this.#answer = new PortalAnswer(portal)
  }

  protected get isAnswered(): boolean {
    return this.#answer.isOver
  }

  write({ out }: Wire): void {
    writeExecute(out, this.#portal.name, this.#maxRows)
    writeSync(out)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const error = this.#answer.onMessage(code, buf, start, end, this.failed)
    if (error !== undefined) this.fail(error.cause)
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#answer.end()
  }

  protected result(): PortalRows<Row> {
    return this.#answer.result()
  }
}

/** Closes a portal; it is no error when there is none. */
export class ClosePortalRequest extends PromiseRequest<void> {
  readonly exclusive = false
  readonly changesSession = false
  protected readonly queryText = undefined
  readonly #name: string
  #isAnswered = false

  constructor(name: string) {
    super()
    this.#name = name
  }

  protected get isAnswered(): boolean {
    return this.#isAnswered
  }

  write({ out }: Wire): void {
    writeClose(out, 'P', this.#name)
    writeSync(out)
  }

  onMessage(code: number, _buf: Buffer, start: number, end: number): void {
    if (code !== Backend.CloseComplete || this.#isAnswered) throw unexpectedMessage(code, 'Close')
    readEmpty(code, start, end)
    this.#isAnswered = true
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#isAnswered = true
  }

  protected result(): void {}
}

/** The answer to Execute: rows, and whether there are more. */
class PortalAnswer<Row> {
  readonly #portal: Portal<Row>
  readonly #rows: Row[] = []
  #progress: 'rows' | 'suspended' | 'end' = 'rows'

  constructor(portal: Portal<Row>) {
    this.#portal = portal
  }

  get isOver(): boolean {
    return this.#progress !== 'rows'
  }

  /** No answer comes, or an error came. */
  end(): void {
    this.#progress = 'suspended'
  }

  /** Gives why a row did not decode. */
  onMessage(
    code: number,
    buf: Buffer,
    start: number,
    end: number,
    isFailed: boolean,
  ): { readonly cause: unknown } | undefined {
    if (this.isOver) throw unexpectedMessage(code, 'Execute')
    switch (code) {
      case Backend.DataRow:
        return isFailed ? undefined : this.#onRow(buf, start, end)
      case Backend.PortalSuspended:
        readEmpty(code, start, end)
        this.#progress = 'suspended'
        return undefined
      case Backend.CommandComplete:
        readCommandComplete(buf, start, end)
        this.#progress = 'end'
        return undefined
      case Backend.EmptyQueryResponse:
        readEmpty(code, start, end)
        this.#progress = 'end'
        return undefined
      default:
        throw unexpectedMessage(code, 'Execute')
    }
  }

  result(): PortalRows<Row> {
    return { rows: this.#rows, isEnd: this.#progress === 'end' }
  }

  #onRow(buf: Buffer, start: number, end: number): { readonly cause: unknown } | undefined {
    try {
      const row = this.#portal.decodeRow?.(buf, start, end)
      if (row !== undefined) this.#rows.push(row)
      return undefined
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      return { cause: error }
    }
  }
}

function noTransaction(): InterfaceError {
  return new InterfaceError('a cursor needs an open transaction; a stream does not')
}
