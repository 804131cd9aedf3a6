import { ProtocolError } from '../../base/errors.js'
import { readEmpty } from '../../protocol/backend.js'
import { writeClose, writeSync } from '../../protocol/frontend.js'
import { Backend } from '../../protocol/messages.js'
import { type Request, unexpectedMessage, type Wire } from '../request.js'

/** Closes prepared statements on the server. */
export class CloseStatementsRequest implements Request {
  readonly exclusive = false
  readonly isLimited = false
  readonly changesSession = false
  readonly isSettled = false
  readonly isOwn = true
  readonly #names: readonly string[]
  #owed: number

  constructor(names: readonly string[]) {
    this.#names = names
    this.#owed = names.length
  }

  onSubmitted(): void {}

  prerequisite(): undefined {
    return undefined
  }

  isWritable(): boolean {
    return true
  }

  write({ out }: Wire): void {
    for (const name of this.#names) writeClose(out, 'S', name)
    writeSync(out)
  }

  onMessage(code: number, _buf: Buffer, start: number, end: number): void {
    if (code !== Backend.CloseComplete || this.#owed === 0) throw unexpectedMessage(code, 'Close')
    readEmpty(code, start, end)
    this.#owed -= 1
  }

  onServerError(): void {
    // A pooler may have no such statement; then there is nothing to close.
    this.#owed = 0
  }

  onReady(): void {
    if (this.#owed > 0) throw new ProtocolError('ReadyForQuery before the end of an answer')
  }

  onLost(): void {}

  onRefused(): void {}
}
