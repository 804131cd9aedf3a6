import type { ServerMessageFields } from '../../base/errors.js'
import { readCopyResponse } from '../../protocol/backend.js'
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
import { unexpectedMessage, type Wire } from '../request.js'
import { CopyRequest } from './copy-request.js'
import { FeedGate } from './feed-gate.js'

/** So much is collected before it is handed to the socket, in bytes. */
const SEND_BYTES = 64 * 1024

/** A longer piece goes in several messages, of which none may have more than a gibibyte. */
const MAX_PIECE_BYTES = 16 * 1024 * 1024

/**
 * COPY … FROM STDIN. Whoever has the data waits for {@link writable}, adds some, and again, until it is
 * false; then {@link finish} or {@link abort}. The promise tells how it ended.
 *
 * The Sync goes out on entering `sent` or `answered`, never earlier: see QueryRequest.
 */
export class CopyInRequest extends CopyRequest<'copying' | 'sent'> {
  readonly #gate = new FeedGate(() => this.progress === 'copying')

  override write(wire: Wire): void {
    super.write(wire)
    writeFlush(wire.out)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    if (code === Backend.CopyInResponse && this.progress === 'executing') {
      readCopyResponse(buf, start, end)
      this.progress = 'copying'
      if (this.failed) this.#fail()
      else this.#gate.open()
      return
    }
    if (!this.onFrame(code, buf, start, end, 'sent'))
      throw unexpectedMessage(code, 'COPY FROM STDIN')
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    const isSynced = this.progress === 'sent'
    this.progress = 'answered'
    if (!isSynced) this.#sync()
    this.#gate.end()
  }

  onDrain(): void {
    this.#gate.onDrain()
  }

  override onReady(status: TransactionStatus): void {
    super.onReady(status)
    this.#gate.end()
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

  /** The server waits for data, which it will not get. */
  protected override onAbandoned(): void {
    this.#fail()
  }

  /** See {@link FeedGate.isOver}. */
  get isOver(): boolean {
    return this.#gate.isOver
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

  /** Adds a piece of data, however long. */
  add(data: Uint8Array): void {
    if (data.byteLength > MAX_PIECE_BYTES) {
      for (let at = 0; at < data.byteLength; at += MAX_PIECE_BYTES) {
        this.add(data.subarray(at, at + MAX_PIECE_BYTES))
      }
      return
    }
    if (this.progress !== 'copying' || this.wire === undefined) return
    writeCopyData(this.wire.out, data)
    this.#send(this.wire)
  }

  /** Adds all that `data` holds, and empties it. */
  addAll(data: MessageWriter): void {
    if (this.progress !== 'copying' || this.wire === undefined) return
    moveCopyData(this.wire.out, data)
    this.#send(this.wire)
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
    if (this.progress !== 'copying' || this.wire === undefined) return
    writeEnd(this.wire.out)
    this.#sync()
    this.progress = 'sent'
  }

  /** Sends what has been collected once it is worth a write. */
  #send(wire: Wire): void {
    if (wire.out.length >= SEND_BYTES) this.#gate.onSent(wire.send())
  }

  #sync(): void {
    if (this.wire === undefined) return
    writeSync(this.wire.out)
    this.wire.flush()
  }
}
