import type { ServerMessageFields } from '../../base/errors.js'
import { readCopyResponse, readEmpty } from '../../protocol/backend.js'
import { writeSync } from '../../protocol/frontend.js'
import { Backend, type TransactionStatus } from '../../protocol/messages.js'
import { ChunkQueue } from '../chunk-queue.js'
import { ReaderLeftError } from '../reader-left-error.js'
import { type Request, unexpectedMessage, type Wire } from '../request.js'
import { StaleRows } from '../stale-rows.js'
import type { CopyCommand } from './copy-command.js'
import { CopyRequest } from './copy-request.js'

/** Makes chunks of COPY data. */
export interface CopyReceiver<Chunk> {
  /** The body of one CopyData, valid only during the call. What it throws fails the COPY. */
  onData(buf: Buffer, start: number, end: number): void
  /** All that came since the last call; undefined if nothing did. */
  takeChunk(): Chunk | undefined
}

/**
 * COPY … TO STDOUT. The data go through `receiver` into {@link chunks}, which hold the server back
 * while nobody takes them; the promise tells how it ended, behind the last chunk.
 */
export class CopyOutRequest<Chunk> extends CopyRequest<'copying' | 'copied'> {
  /** The data, read by read. */
  readonly chunks: ChunkQueue<Chunk> = new ChunkQueue()
  readonly #receiver: CopyReceiver<Chunk>
  #isTakeScheduled = false
  #hasLeft = false
  #isGivenUp = false
  /** Since a row came that its type does not account for. */
  #stale: StaleRows | undefined

  constructor(command: CopyCommand, receiver: CopyReceiver<Chunk>) {
    super(command)
    this.#receiver = receiver
  }

  override get waitsFor(): Request | undefined {
    return this.#hasLeft && this.isInTransaction ? undefined : super.waitsFor
  }

  override write(wire: Wire): void {
    this.chunks.flow = wire
    super.write(wire)
    writeSync(wire.out)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const { progress } = this
    switch (code) {
      case Backend.CopyData:
        if (progress !== 'copying') break
        this.#onData(buf, start, end)
        return
      case Backend.CopyOutResponse:
        if (progress !== 'executing') break
        readCopyResponse(buf, start, end)
        this.progress = 'copying'
        return
      case Backend.CopyDone:
        if (progress !== 'copying') break
        readEmpty(code, start, end)
        this.progress = 'copied'
        return
      default:
        if (this.onFrame(code, buf, start, end, 'copied')) return
    }
    throw unexpectedMessage(code, 'COPY TO STDOUT')
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.progress = 'answered'
  }

  override onReady(status: TransactionStatus): void {
    // The data is passed on in pieces, and gone; but the next COPY finds the types known.
    if (this.wire !== undefined) this.#stale?.lookUp(this.wire, [], () => {}).catch(() => {})
    super.onReady(status)
    this.#end()
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
    if (!this.isSettled && !this.#hasLeft) this.#isGivenUp = true
    super.abandon(newError)
    this.chunks.close()
  }

  /** Whether its signal or its deadline ended it. */
  get isGivenUp(): boolean {
    return this.#isGivenUp
  }

  /**
   * Nobody wants the data any more. The server is told to stop, except within a transaction, which
   * would fail by that: there what comes is passed over. Again does nothing.
   */
  leave(): void {
    // Whoever leaves knows; nobody else is told.
    this.promise.catch(() => {})
    if (this.chunks.isOver) return
    this.#hasLeft = true
    const left = () => new ReaderLeftError('data')
    if (this.wire === undefined || !this.isInTransaction) {
      this.abandon(left)
    } else {
      this.fail(left())
      this.chunks.close()
    }
  }

  /** Whether {@link leave} ended it. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  #onData(buf: Buffer, start: number, end: number): void {
    if (this.failed || this.chunks.isOver) return
    try {
      this.#receiver.onData(buf, start, end)
    } catch (error) {
      this.#stale = StaleRows.of(error, buf, start, end)
      this.fail(error)
      return
    }
    if (this.#isTakeScheduled) return
    this.#isTakeScheduled = true
    // Behind this read, whose messages become one chunk.
    queueMicrotask(() => this.#take())
  }

  #take(): void {
    this.#isTakeScheduled = false
    const chunk = this.#receiver.takeChunk()
    if (chunk !== undefined) this.chunks.push(chunk)
  }

  #end(): void {
    this.#take()
    this.chunks.end()
  }
}
