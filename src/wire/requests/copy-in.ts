import type { ServerMessageFields } from '../../base/errors.js'
import { readCommandComplete, readCopyResponse, readEmpty } from '../../protocol/backend.js'
import {
  moveCopyData,
  writeCopyData,
  writeCopyDone,
  writeCopyFail,
  writeFlush,
  writeSync,
} from '../../protocol/frontend.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import { Backend, type TransactionStatus } from '../../protocol/messages.js'
import { PromiseRequest, type Request, unexpectedMessage, type Wire } from '../request.js'
import type { CopyCommand } from './copy-command.js'
import { type CommandResult, commandResult } from './simple-query.js'

/** So much is collected before it is handed to the socket, in bytes. */
const SEND_BYTES = 64 * 1024

/**
 * What the server has to send next, or what it waits for; behind an error nothing but ReadyForQuery.
 * The Sync goes out on entering `sent` or `answered`, never earlier: see QueryRequest.
 */
type Progress = 'parsing' | 'binding' | 'executing' | 'copying' | 'sent' | 'answered'

/**
 * COPY … FROM STDIN. Whoever has the data waits for {@link writable}, adds some, and again, until it is
 * false; then {@link finish} or {@link abort}. The promise tells how it ended.
 */
export class CopyInRequest extends PromiseRequest<CommandResult> {
  readonly exclusive = true
  readonly changesSession = false
  protected queryText: string | undefined
  readonly #command: CopyCommand
  #progress: Progress = 'parsing'
  #wire: Wire | undefined
  #isDrained = true
  #isOver = false
  #tag = ''
  #wake: (() => void) | undefined
  #onOver: (() => void) | undefined

  constructor(command: CopyCommand) {
    super()
    this.#command = command
  }

  protected get isAnswered(): boolean {
    return this.#progress === 'answered'
  }

  override get waitsFor(): Request | undefined {
    return this.#command.waitsFor
  }

  override prerequisite(wire: Wire): Request | undefined {
    return this.#command.prerequisite(wire)
  }

  override isWritable(): boolean {
    return this.#command.isWritable()
  }

  write(wire: Wire): void {
    this.queryText = this.#command.write(wire)
    writeFlush(wire.out)
    this.#wire = wire
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const progress = this.#progress
    switch (code) {
      case Backend.ParseComplete:
        if (progress !== 'parsing') break
        readEmpty(code, start, end)
        this.#progress = 'binding'
        return
      case Backend.BindComplete:
        if (progress !== 'binding') break
        readEmpty(code, start, end)
        this.#progress = 'executing'
        return
      case Backend.CopyInResponse:
        if (progress !== 'executing') break
        readCopyResponse(buf, start, end)
        this.#progress = 'copying'
        if (this.failed) this.#fail()
        else this.#wakeUp()
        return
      case Backend.CommandComplete:
        if (progress !== 'sent') break
        this.#tag = readCommandComplete(buf, start, end)
        this.#progress = 'answered'
        return
    }
    throw unexpectedMessage(code, 'COPY FROM STDIN')
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    const isSynced = this.#progress === 'sent'
    this.#progress = 'answered'
    if (!isSynced) this.#sync()
    this.#end()
  }

  onDrain(): void {
    this.#isDrained = true
    this.#wakeUp()
  }

  override onReady(status: TransactionStatus): void {
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
    super.abandon(newError)
    this.#end()
  }

  /** The server waits for data, which it will not get. */
  protected override onAbandoned(): void {
    this.#fail()
  }

  /** Whether no more data are of use. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether data may be added at once: {@link writable} without waiting. */
  get isWritableNow(): boolean {
    return this.#progress === 'copying' && this.#isDrained
  }

  /** Waits until data may be added. False: they are of no use any more. To be called again only when it has settled. */
  async writable(): Promise<boolean> {
    while (!this.#isOver && !this.isWritableNow) await this.#change()
    return !this.#isOver
  }

  /** Calls `listener` once when data become of no use. */
  set onOver(listener: (() => void) | undefined) {
    this.#onOver = listener
    if (this.#isOver) listener?.()
  }

  /** Adds a piece of data. */
  add(data: Uint8Array): void {
    if (this.#progress !== 'copying' || this.#wire === undefined) return
    writeCopyData(this.#wire.out, data)
    this.#send(this.#wire)
  }

  /** Adds all that `data` holds, and empties it. */
  addAll(data: MessageWriter): void {
    if (this.#progress !== 'copying' || this.#wire === undefined) return
    moveCopyData(this.#wire.out, data)
    this.#send(this.#wire)
  }

  /** The data are complete. */
  finish(): void {
    this.#close(writeCopyDone)
  }

  /** The data cannot be completed: the COPY fails, and its promise rejects with `error`. */
  abort(error: unknown): void {
    this.fail(error)
    this.#fail()
  }

  #fail(): void {
    this.#close((out) => writeCopyFail(out, 'the source of the data failed'))
  }

  #close(writeEnd: (out: MessageWriter) => void): void {
    if (this.#progress !== 'copying' || this.#wire === undefined) return
    writeEnd(this.#wire.out)
    this.#sync()
    this.#progress = 'sent'
  }

  /** Sends what has been collected once it is worth a write. */
  #send(wire: Wire): void {
    if (wire.out.length >= SEND_BYTES) this.#isDrained = wire.send()
  }

  protected result(): CommandResult {
    return commandResult(this.#tag)
  }

  #sync(): void {
    if (this.#wire === undefined) return
    writeSync(this.#wire.out)
    this.#wire.flush()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#wakeUp()
    this.#onOver?.()
  }
}
