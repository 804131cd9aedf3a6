import {
  EncodeError,
  InterfaceError,
  ProtocolError,
  type ServerMessageFields,
} from '../../base/errors.js'
import { readCommandComplete, readEmpty } from '../../protocol/backend.js'
import { parseCommandTag } from '../../protocol/command-tag.js'
import { beginBind, writeExecute, writeResultFormats, writeSync } from '../../protocol/frontend.js'
import { MessageWriter } from '../../protocol/message-writer.js'
import { Backend, type TransactionStatus } from '../../protocol/messages.js'
import { ParameterEncoder } from '../../types/parameters.js'
import type { RowDecoder } from '../../types/row-decoder.js'
import { unexpectedMessage, type Wire } from '../request.js'
import type { SessionStatement } from '../session-statement.js'
import { StaleRows } from '../stale-rows.js'
import type { StatementSource } from '../statement-handle.js'
import type { StatementPlan } from '../statement-plan.js'
import { StatementRequest } from '../statement-request.js'
import { FeedGate } from './feed-gate.js'
import { copyRefused, startsCopy } from './refused-copy.js'
import type { ChooseDecoder } from './stream.js'

/** So much is collected before it is handed to the socket, in bytes. */
const SEND_BYTES = 64 * 1024

/** So many rows are kept, until the first is bound, to be sent again if the statement turns out to be stale. */
const MAX_KEPT_ROWS = 10_000

/** A portal that does not exist, so that to execute it fails the batch; the server's log shows its name. */
const NO_PORTAL = 'sluice: the source of the rows failed'

/** The message behind each Bind. */
const EXECUTE = bytesOf((out) => writeExecute(out, '', 0))

/** What a batch did. */
export interface ExecuteManyResult {
  /** Rows returned, in the order of the parameters; none are kept where none are wanted. */
  readonly rows: unknown[]
  /** The command, such as `INSERT`; empty when there was nothing to run. */
  readonly command: string
  /** Rows affected or returned by all of it. */
  readonly rowCount: number
  /** How often it ran. */
  readonly batchSize: number
}

/** Parameters can be added, or all were: the Sync is written, and what is still missing are answers. */
type Progress = 'preparing' | 'open' | 'synced' | 'answered'

/**
 * One statement run once for each of many rows of parameters, which come while it runs: Bind and
 * Execute for each, and one Sync for all, so that without a transaction they are one.
 *
 * Whoever has the rows waits for {@link writable}, adds some, and again until it is false; then
 * {@link finish} or {@link abort}. If the statement turns out to be stale when the first row is bound, what
 * came so far is sent again.
 */
export class ExecuteManyRequest extends StatementRequest<ExecuteManyResult> {
  readonly #chooseDecoder: ChooseDecoder<unknown> | undefined
  #decodeRow: RowDecoder<unknown> | undefined
  #progress: Progress = 'preparing'
  #wire: Wire | undefined
  /** A Bind as it is before its parameters, and what comes behind them: the rest of it, and {@link EXECUTE}. */
  #head: Uint8Array = EXECUTE
  #tail: Uint8Array = EXECUTE
  #encoder: ParameterEncoder | undefined
  /** What was added, unless {@link #all} has it; undefined once it need not, or cannot, be sent again. */
  #kept: (readonly unknown[])[] | undefined = []
  readonly #all: readonly (readonly unknown[])[] | undefined
  #isFinished = false
  readonly #gate = new FeedGate(() => this.#progress === 'open')
  #rows: unknown[] = []
  #taken = 0
  #added = 0
  #bound = 0
  #completed = 0
  #rowCount = 0
  #command = ''
  /** Since a row came that its type does not account for. */
  #stale: StaleRows | undefined

  /**
   * @param chooseDecoder absent when rows that come are not wanted
   * @param all what will be added, in this order, where it stays as it is until then
   */
  constructor(
    statement: StatementSource,
    chooseDecoder?: ChooseDecoder<unknown>,
    types?: Readonly<Record<string, unknown>>,
    all?: readonly (readonly unknown[])[],
  ) {
    super(statement, [], types)
    this.#chooseDecoder = chooseDecoder
    this.#all = all
  }

  override get exclusive(): boolean {
    return true
  }

  protected get isAnswered(): boolean {
    return this.#progress === 'answered' || this.#isComplete
  }

  protected get isBinding(): boolean {
    return this.#progress === 'preparing' || (this.#bound === 0 && this.#completed === 0)
  }

  protected override hasParameters(_count: number): boolean {
    return true
  }

  protected bind(wire: Wire, statement: SessionStatement, plan: StatementPlan): void {
    if (startsCopy(statement, plan)) throw copyRefused()
    this.#wire = wire
    this.#head = bytesOf((out) => beginBind(out, '', statement.name))
    this.#tail = bytesOf((out) => {
      writeResultFormats(out, plan.resultFormats)
      out.bytes(EXECUTE)
    })
    this.#encoder = new ParameterEncoder(plan.parameters)
    this.#decodeRow = this.#chooseDecoder?.(plan)
    this.#progress = 'open'
    if (this.runsAgain) this.#addKept(wire)
    this.#gate.open()
  }

  #addKept(wire: Wire): void {
    const kept = this.#kept ?? []
    this.#kept = undefined
    for (const parameters of kept) this.#encode(parameters, wire)
    if (this.failed) this.#rollBack()
    else if (this.#isFinished) this.#sync()
  }

  protected onPlan(plan: StatementPlan): void {
    this.#decodeRow = this.#chooseDecoder?.(plan)
  }

  protected reset(): void {
    if (this.#kept !== undefined && this.#all !== undefined) {
      this.#kept = this.#all.slice(0, this.#taken)
    }
    this.#progress = 'preparing'
    this.#added = 0
    this.#bound = 0
    this.#completed = 0
    this.#rows = []
    this.#rowCount = 0
    this.#command = ''
  }

  protected override get canRunAgain(): boolean {
    return this.#kept !== undefined
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    switch (code) {
      case Backend.BindComplete:
        if (this.#bound !== this.#completed || this.#bound >= this.#added) break
        readEmpty(code, start, end)
        this.#bound += 1
        if (!this.failed) this.#kept = undefined
        return
      case Backend.DataRow:
        if (this.#bound <= this.#completed) break
        this.#onRow(buf, start, end)
        return
      case Backend.CommandComplete:
        if (this.#bound <= this.#completed) break
        this.#onComplete(buf, start, end)
        return
      case Backend.EmptyQueryResponse:
        if (this.#bound <= this.#completed) break
        readEmpty(code, start, end)
        this.#completed += 1
        return
      default:
        if (this.onPreparation(code, buf, start, end)) return
    }
    throw unexpectedMessage(code, 'a batch')
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#sync()
    this.#progress = 'answered'
    if (!this.runsAgain) this.#gate.end()
  }

  override onReady(status: TransactionStatus): void {
    const stale = this.#stale
    this.#stale = undefined
    if (stale !== undefined && !this.failed) {
      const decode = () => {
        if (this.#decodeRow !== undefined)
          this.#rows = this.#rows.concat(stale.decode(this.#decodeRow))
      }
      void this.readAgain(stale, status, decode)
    } else {
      super.onReady(status)
    }
    if (this.#progress !== 'preparing') this.#gate.end()
  }

  override onLost(error: Error): void {
    super.onLost(error)
    this.#gate.end()
  }

  override onRefused(error: unknown): void {
    super.onRefused(error)
    this.#gate.end()
  }

  override abandon(newError: (sent: boolean) => unknown): void {
    super.abandon(newError)
    this.#gate.end()
  }

  protected override onAbandoned(): void {
    this.#rollBack()
  }

  onDrain(): void {
    this.#gate.onDrain()
  }

  /** See {@link FeedGate.isWritableNow}. */
  get isWritableNow(): boolean {
    return this.#gate.isWritableNow
  }

  /** See {@link FeedGate.writable}. */
  writable(): Promise<boolean> {
    return this.#gate.writable()
  }

  /** See {@link FeedGate.onOver}. */
  set onOver(listener: (() => void) | undefined) {
    this.#gate.onOver = listener
  }

  /**
   * Runs the statement with these parameters, too.
   * @throws {EncodeError} or InterfaceError if they do not fit; nothing of them was sent then.
   */
  add(parameters: readonly unknown[]): void {
    const wire = this.#wire
    this.#taken += 1
    if (this.#kept !== undefined && this.#all === undefined) this.#keep(parameters)
    if (this.#progress !== 'open' || wire === undefined) return
    this.#encode(parameters, wire)
    if (wire.out.length >= SEND_BYTES) this.#gate.onSent(wire.send())
  }

  /** As it is now: whoever gave it may use the array again. */
  #keep(parameters: readonly unknown[]): void {
    const isFull = this.#progress === 'open' && this.#added >= MAX_KEPT_ROWS
    if (isFull) this.#kept = undefined
    else this.#kept?.push([...parameters])
  }

  #encode(parameters: readonly unknown[], { out }: Wire): void {
    const encoder = this.#encoder
    if (encoder === undefined) return
    const mark = out.mark()
    try {
      out.bytes(this.#head)
      encoder.encode(parameters, out)
      out.bytes(this.#tail)
      out.endMessage(mark + 1, out.length - EXECUTE.byteLength)
    } catch (error) {
      out.rewind(mark)
      this.onMisfit(error)
      throw rowError(error, this.#added)
    }
    this.#added += 1
  }

  finish(): void {
    this.#isFinished = true
    this.#sync()
  }

  /** The rows cannot be completed: what was run is rolled back, and the promise rejects with `error`. */
  abort(error: unknown): void {
    this.#kept = undefined
    this.fail(error)
    this.#rollBack()
  }

  protected result(): ExecuteManyResult {
    return {
      rows: this.#rows,
      command: this.#command,
      rowCount: this.#rowCount,
      batchSize: this.#completed,
    }
  }

  get #isComplete(): boolean {
    return this.#progress === 'synced' && this.#completed === this.#added
  }

  /** To close the batch by a Sync would commit what was run. */
  #rollBack(): void {
    if (this.#progress !== 'open' || this.#wire === undefined) return
    if (this.#added > 0) writeExecute(this.#wire.out, NO_PORTAL, 0)
    this.#sync()
  }

  #sync(): void {
    if (this.#progress !== 'open' || this.#wire === undefined) return
    this.#progress = 'synced'
    writeSync(this.#wire.out)
    this.#wire.flush()
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
      if (error instanceof ProtocolError) throw error
      this.#stale = StaleRows.of(error, buf, start, end)
      if (this.#stale === undefined) this.fail(error)
    }
  }

  #onComplete(buf: Buffer, start: number, end: number): void {
    this.#completed += 1
    if (this.#completed === 1) {
      const tag = readCommandComplete(buf, start, end)
      this.session?.onCommand(tag, this.queryText)
      this.#command = parseCommandTag(tag).command
    }
    this.#rowCount += trailingNumber(buf, start, end)
  }
}

function bytesOf(write: (out: MessageWriter) => void): Uint8Array {
  const out = new MessageWriter()
  write(out)
  return Uint8Array.from(out.take())
}

/** The error of one row of parameters, which tells which row it was. */
function rowError(error: unknown, row: number): unknown {
  if (!(error instanceof EncodeError) && !(error instanceof InterfaceError)) return error
  const { code, message } = error
  if (error instanceof InterfaceError) return new InterfaceError(`row ${row}: ${message}`, { code })
  return new EncodeError(`row ${row}: ${message}`, {
    cause: error.cause,
    code,
    row,
    ...(error.parameter !== undefined && { parameter: error.parameter }),
    ...(error.type !== undefined && { type: error.type }),
  })
}

/** The number at the end of a command tag, 0 if there is none. All tags of a batch are of one command. */
function trailingNumber(buf: Buffer, start: number, end: number): number {
  let value = 0
  let unit = 1
  for (let at = end - 2; at >= start; at--) {
    const digit = (buf[at] as number) - 0x30
    if (digit < 0 || digit > 9) break
    value += digit * unit
    unit *= 10
  }
  return value
}
