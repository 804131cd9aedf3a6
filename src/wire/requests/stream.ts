import { DecodeError, ProtocolError, type ServerMessageFields } from '../../base/errors.js'
import { readCommandComplete, readEmpty } from '../../protocol/backend.js'
import {
  beginBind,
  finishBind,
  writeExecute,
  writeFlush,
  writeSync,
} from '../../protocol/frontend.js'
import { Backend, type TransactionStatus } from '../../protocol/messages.js'
import type { RowDecoder } from '../../types/row-decoder.js'
import { ChunkQueue } from '../chunk-queue.js'
import { ReaderLeftError } from '../reader-left-error.js'
import { type Request, unexpectedMessage, type Wire } from '../request.js'
import type { SessionStatement } from '../session-statement.js'
import { StaleRows } from '../stale-rows.js'
import type { StatementSource } from '../statement-handle.js'
import type { StatementPlan } from '../statement-plan.js'
import { StatementRequest } from '../statement-request.js'
import { copyRefused, endCopyIn } from './refused-copy.js'

/** Chooses the decoder of rows from what a statement gives. */
export type ChooseDecoder<Row> = (plan: StatementPlan) => RowDecoder<Row>

/** What the server has to send next, as in QueryRequest. */
type Progress = 'binding' | 'executing' | 'copy-in' | 'copy-out' | 'answered'

/**
 * A statement whose rows are handed on while they come, in {@link chunks}, which hold the server back
 * while nobody takes them; the promise tells how it ended, behind the last chunk, and gives the command
 * tag, empty for an empty query.
 *
 * Nothing is written behind it, since nothing could be answered while nobody reads.
 */
export class StreamRequest<Row> extends StatementRequest<string> {
  /** The rows, read by read. */
  readonly chunks: ChunkQueue<Row[]> = new ChunkQueue()
  readonly #chooseDecoder: ChooseDecoder<Row>
  #decodeRow: RowDecoder<Row> | undefined
  #rows: Row[] = []
  #progress: Progress = 'binding'
  #tag = ''
  #wire: Wire | undefined
  /** Whether the Sync is still to be written. */
  #owesSync = false
  #isTakeScheduled = false
  #hasLeft = false
  /** Since a row came that its type does not account for. */
  #stale: StaleRows | undefined

  constructor(
    statement: StatementSource,
    parameters: readonly unknown[],
    chooseDecoder: ChooseDecoder<Row>,
    types?: Readonly<Record<string, unknown>>,
  ) {
    super(statement, parameters, types)
    this.#chooseDecoder = chooseDecoder
  }

  override get exclusive(): boolean {
    return true
  }

  override get waitsFor(): Request | undefined {
    return this.#hasLeft && this.isInTransaction ? undefined : super.waitsFor
  }

  protected get isAnswered(): boolean {
    return this.#progress === 'answered'
  }

  protected get isBinding(): boolean {
    return this.#progress === 'binding'
  }

  protected bind(wire: Wire, statement: SessionStatement, plan: StatementPlan): void {
    this.#wire = wire
    this.chunks.flow = wire
    this.#decodeRow = this.#chooseDecoder(plan)
    const { out } = wire
    beginBind(out, '', statement.name)
    plan.encodeParameters(this.parameters, out)
    finishBind(out, plan.resultFormats)
    writeExecute(out, '', 0)
    // See QueryRequest.
    this.#owesSync = statement.mayCopy
    if (statement.mayCopy) writeFlush(out)
    else writeSync(out)
  }

  protected onPlan(plan: StatementPlan): void {
    this.#decodeRow = this.#chooseDecoder(plan)
  }

  protected reset(): void {
    this.#decodeRow = undefined
    this.#progress = 'binding'
    this.#tag = ''
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const progress = this.#progress
    switch (code) {
      case Backend.DataRow:
        if (progress !== 'executing') break
        this.#onRow(buf, start, end)
        return
      case Backend.BindComplete:
        if (progress !== 'binding') break
        readEmpty(code, start, end)
        this.#progress = 'executing'
        return
      case Backend.CommandComplete:
        if (progress !== 'executing' && progress !== 'copy-out') break
        this.#tag = readCommandComplete(buf, start, end)
        this.session?.onCommand(this.#tag, this.queryText)
        this.#onAnswered()
        return
      case Backend.EmptyQueryResponse:
        if (progress !== 'executing') break
        readEmpty(code, start, end)
        this.#onAnswered()
        return
      case Backend.CopyInResponse:
        if (progress !== 'executing' || !this.#owesSync || this.#wire === undefined) break
        this.#progress = 'copy-in'
        this.fail(copyRefused())
        endCopyIn(this.#wire)
        return
      case Backend.CopyOutResponse:
        if (progress !== 'executing' || !this.#owesSync) break
        this.#progress = 'copy-out'
        this.fail(copyRefused())
        return
      case Backend.CopyData:
      case Backend.CopyDone:
        if (progress !== 'copy-out') break
        return
      default:
        if (this.onPreparation(code, buf, start, end)) return
    }
    throw unexpectedMessage(code, 'Execute')
  }

  onRows(buf: Buffer, start: number, end: number, maxBodyBytes: number): number {
    const run = this.#decodeRow?.run
    const isWanted = this.#progress === 'executing' && this.#stale === undefined && !this.failed
    if (!isWanted || run === undefined) return start
    const next = run(buf, start, end, maxBodyBytes, this.#rows)
    if (next > start) this.#takeLater()
    return next
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#onAnswered()
  }

  override onReady(status: TransactionStatus): void {
    const stale = this.#stale
    this.#stale = undefined
    if (stale !== undefined && !this.failed) {
      const decode = () => {
        if (this.#decodeRow !== undefined)
          this.#rows = this.#rows.concat(stale.decode(this.#decodeRow))
      }
      void this.readAgain(stale, status, decode).then(() => this.#end())
      return
    }
    super.onReady(status)
    if (this.isSettled) this.#end()
  }

  override onLost(error: Error): void {
    super.onLost(error)
    this.#end()
  }

  override onRefused(error: unknown): void {
    super.onRefused(error)
    this.#end()
  }

  override abandon(newError: (sent: boolean) => unknown): void {
    super.abandon(newError)
    this.chunks.close()
  }

  /**
   * Nobody wants the rows any more. The server is told to stop, except within a transaction, which
   * would fail by that: there what comes is passed over. Again does nothing.
   */
  leave(): void {
    // Whoever leaves knows; nobody else is told.
    this.promise.catch(() => {})
    if (this.chunks.isOver) return
    this.#hasLeft = true
    const left = () => new ReaderLeftError('rows')
    if (this.#wire === undefined || !this.isInTransaction) {
      this.abandon(left)
    } else {
      this.fail(left())
      this.chunks.close()
    }
  }

  protected result(): string {
    return this.#tag
  }

  #onAnswered(): void {
    this.#progress = 'answered'
    if (!this.#owesSync || this.#wire === undefined) return
    this.#owesSync = false
    writeSync(this.#wire.out)
    this.#wire.flush()
  }

  #onRow(buf: Buffer, start: number, end: number): void {
    if (this.failed || this.#decodeRow === undefined) return
    if (this.#stale !== undefined) {
      this.#keep(this.#stale, buf, start, end)
      return
    }
    try {
      this.#rows.push(this.#decodeRow(buf, start, end))
    } catch (error) {
      // A value that does not fit fails its query alone; a row that is no row ends the connection.
      if (error instanceof ProtocolError) throw error
      this.#stale = StaleRows.of(error, buf, start, end)
      if (this.#stale === undefined) this.fail(error)
      return
    }
    this.#takeLater()
  }

  /** Rows of another type than was known wait for the end of the answer, unless they are too many. */
  #keep(stale: StaleRows, buf: Buffer, start: number, end: number): void {
    stale.add(buf, start, end)
    if (!stale.isFull) return
    this.#stale = undefined
    this.session?.catalogue.reload()
    this.fail(
      new DecodeError(
        'types have changed since they were looked up; the query has to be run again',
        {
          cause: stale.error,
        },
      ),
    )
  }

  /** Behind this read, whose rows become one chunk. */
  #takeLater(): void {
    if (this.#isTakeScheduled) return
    this.#isTakeScheduled = true
    queueMicrotask(() => this.#take())
  }

  #take(): void {
    this.#isTakeScheduled = false
    if (this.#rows.length === 0) return
    const rows = this.#rows
    this.#rows = []
    this.chunks.push(rows)
  }

  #end(): void {
    this.#take()
    this.chunks.end()
  }
}
