import { InterfaceError, ProtocolError, type ServerMessageFields } from '../../base/errors.js'
import { readCommandComplete, readEmpty } from '../../protocol/backend.js'
import {
  beginBind,
  finishBind,
  writeClose,
  writeExecute,
  writeSync,
} from '../../protocol/frontend.js'
import { Backend, type Format, type TransactionStatus } from '../../protocol/messages.js'
import type { RowDecoder } from '../../types/row-decoder.js'
import { PromiseRequest, unexpectedMessage, type Wire } from '../request.js'
import type { SessionStatement } from '../session-statement.js'
import { StaleRows } from '../stale-rows.js'
import type { StatementDescription } from '../statement-description.js'
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
export class Portal<Row> {
  readonly name: string
  decodeRow: RowDecoder<Row> | undefined
  readonly #chooseDecoder: ChooseDecoder<Row>
  readonly #typeOptions: Readonly<Record<string, unknown>> | undefined
  #formats: readonly Format[] = []
  #description: StatementDescription | undefined

  /** @param types options for its rows alone; see `TypeOptions` */
  constructor(
    name: string,
    chooseDecoder: ChooseDecoder<Row>,
    types?: Readonly<Record<string, unknown>>,
  ) {
    this.name = name
    this.#chooseDecoder = chooseDecoder
    this.#typeOptions = types
  }

  /** Its rows come as the plan has it. */
  onPlan(plan: StatementPlan): void {
    this.#formats = plan.resultFormats
    this.decodeRow = this.#chooseDecoder(plan)
  }

  /** Its statement is known. */
  onDescribed(description: StatementDescription | undefined): void {
    this.#description = description
  }

  /** Reads the catalogue anew, and gives the rows. For a request whose ReadyForQuery has come. */
  async readAgain(stale: StaleRows, wire: Wire): Promise<Row[]> {
    const description = this.#description
    if (description === undefined) throw stale.error
    let rows: Row[] = []
    await stale.lookUp(wire, description.typeOids, () => {
      const types = wire.session.types.with(this.#typeOptions)
      const plan = description.planFor(types).readAs(this.#formats)
      if (plan === undefined) throw stale.error
      this.decodeRow = this.#chooseDecoder(plan)
      rows = stale.decode(this.decodeRow)
    })
    return rows
  }
}

/** Opens a portal and takes its first rows. */
export class OpenPortalRequest<Row> extends StatementRequest<PortalRows<Row>> {
  readonly #portal: Portal<Row>
  readonly #maxRows: number
  #answer: PortalAnswer<Row>
  #wire: Wire | undefined
  #progress: 'binding' | 'executing' = 'binding'
  #status: TransactionStatus | undefined

  constructor(
    portal: Portal<Row>,
    statement: StatementSource,
    parameters: readonly unknown[],
    maxRows: number,
    types?: Readonly<Record<string, unknown>>,
  ) {
    super(statement, parameters, types)
    this.#portal = portal
    this.#maxRows = maxRows
    this.#answer = new PortalAnswer(portal)
  }

  protected get isAnswered(): boolean {
    return this.#answer.isOver
  }

  protected get isBinding(): boolean {
    return this.#progress === 'binding'
  }

  /** A portal would not outlive the Sync, which the server tells only by having lost it. */
  protected bind(wire: Wire, statement: SessionStatement, plan: StatementPlan): void {
    if (wire.isQuiet && wire.session.transactionStatus === 'idle') throw noTransaction()
    if (startsCopy(statement, plan)) throw copyRefused()
    this.#wire = wire
    this.#portal.onPlan(plan)
    const { out } = wire
    beginBind(out, this.#portal.name, statement.name)
    plan.encodeParameters(this.parameters, out)
    finishBind(out, plan.resultFormats)
    if (this.#maxRows > 0) writeExecute(out, this.#portal.name, this.#maxRows)
    writeSync(out)
  }

  protected onPlan(plan: StatementPlan): void {
    this.#portal.onPlan(plan)
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

  onRows(buf: Buffer, start: number, end: number, maxBodyBytes: number): number {
    return this.failed || this.#progress !== 'executing'
      ? start
      : this.#answer.onRows(buf, start, end, maxBodyBytes)
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#answer.end()
  }

  override onReady(status: TransactionStatus): void {
    this.#status = status
    this.#portal.onDescribed(this.description)
    const again = this.failed ? undefined : this.#answer.readAgain(this.#wire)
    if (again === undefined) super.onReady(status)
    else again.catch((error: unknown) => this.fail(error)).then(() => super.onReady(status))
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
  #wire: Wire | undefined

  constructor(portal: Portal<Row>, maxRows: number) {
    super()
    this.#portal = portal
    this.#maxRows = maxRows
    this.#answer = new PortalAnswer(portal)
  }

  protected get isAnswered(): boolean {
    return this.#answer.isOver
  }

  write(wire: Wire): void {
    this.#wire = wire
    writeExecute(wire.out, this.#portal.name, this.#maxRows)
    writeSync(wire.out)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const error = this.#answer.onMessage(code, buf, start, end, this.failed)
    if (error !== undefined) this.fail(error.cause)
  }

  onRows(buf: Buffer, start: number, end: number, maxBodyBytes: number): number {
    return this.failed ? start : this.#answer.onRows(buf, start, end, maxBodyBytes)
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#answer.end()
  }

  override onReady(status: TransactionStatus): void {
    const again = this.failed ? undefined : this.#answer.readAgain(this.#wire)
    if (again === undefined) super.onReady(status)
    else again.catch((error: unknown) => this.fail(error)).then(() => super.onReady(status))
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
  #rows: Row[] = []
  /** Since a row came that its type does not account for. */
  #stale: StaleRows | undefined
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

  onRows(buf: Buffer, start: number, end: number, maxBodyBytes: number): number {
    const run = this.#portal.decodeRow?.run
    return run === undefined || this.#stale !== undefined || this.isOver
      ? start
      : run(buf, start, end, maxBodyBytes, this.#rows)
  }

  /** Adds the rows that have to be decoded anew; undefined when there are none. */
  readAgain(wire: Wire | undefined): Promise<void> | undefined {
    const stale = this.#stale
    this.#stale = undefined
    if (stale === undefined || wire === undefined || !this.isOver) return undefined
    return this.#portal.readAgain(stale, wire).then((rows) => {
      this.#rows = this.#rows.concat(rows)
    })
  }

  result(): PortalRows<Row> {
    return { rows: this.#rows, isEnd: this.#progress === 'end' }
  }

  #onRow(buf: Buffer, start: number, end: number): { readonly cause: unknown } | undefined {
    if (this.#stale !== undefined) {
      this.#stale.add(buf, start, end)
      return undefined
    }
    try {
      const row = this.#portal.decodeRow?.(buf, start, end)
      if (row !== undefined) this.#rows.push(row)
      return undefined
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      this.#stale = StaleRows.of(error, buf, start, end)
      return this.#stale === undefined ? { cause: error } : undefined
    }
  }
}

function noTransaction(): InterfaceError {
  return new InterfaceError('a cursor needs an open transaction; a stream does not')
}
