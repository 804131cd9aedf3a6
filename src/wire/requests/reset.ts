import type { TransactionStatus } from '../../protocol/messages.js'
import { SimpleQueryRequest } from './simple-query.js'

/** The script that undoes what a borrower has left in a session. */
export class ResetRequest extends SimpleQueryRequest {
  readonly isOwn = true
  readonly #onDone: () => void

  /** @param onDone called when the server has confirmed it, before the messages behind it */
  constructor(script: string, onDone: () => void = () => {}) {
    super(script)
    this.#onDone = onDone
  }

  override onReady(status: TransactionStatus): void {
    const isDone = !this.failed
    super.onReady(status)
    if (isDone) this.#onDone()
  }
}
