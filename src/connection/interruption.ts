import { addAbortListener, removeAbortListener } from '../base/abort-listeners.js'
import { QueryTimeoutError } from '../base/errors.js'
import type { HoldOptions } from './held-connection.js'

/** What may end an operation of several requests from outside. */
export interface InterruptionOptions {
  readonly signal?: AbortSignal | undefined
  /** In ms; 0 for no limit. */
  readonly timeout?: number | undefined
}

/** Timers of Node.js fire at once beyond this, some 25 days. */
const MAX_TIMER_MS = 0x7fffffff

/** The signal of a caller and a deadline as one, until {@link dispose}. */
export class Interruption {
  readonly #outer: AbortSignal | undefined
  readonly #controller: AbortController | undefined
  readonly #timer: NodeJS.Timeout | undefined
  readonly #onOuterAbort = () => this.#controller?.abort(this.#outer?.reason)

  /** @param what the operation, for the error of the deadline */
  constructor({ signal, timeout = 0 }: InterruptionOptions, what: string) {
    if (signal === undefined && timeout === 0) return
    const controller = new AbortController()
    this.#controller = controller
    this.#outer = signal
    if (signal?.aborted) controller.abort(signal.reason)
    addAbortListener(signal, this.#onOuterAbort)
    if (timeout > 0 && timeout <= MAX_TIMER_MS) {
      this.#timer = setTimeout(
        () => controller.abort(new QueryTimeoutError(timeout, {}, what)),
        timeout,
      )
    }
  }

  /** Aborted by the signal of the caller, with its reason, or by the deadline. Undefined when nothing can interrupt. */
  get signal(): AbortSignal | undefined {
    return this.#controller?.signal
  }

  /** For {@link Queryable.hold}. */
  get holdOptions(): HoldOptions {
    return this.signal === undefined ? {} : { signal: this.signal }
  }

  /** Settles as `promise` does, unless it is interrupted first. */
  async race<T>(promise: PromiseLike<T> | T): Promise<T> {
    const { signal } = this
    if (signal === undefined) return promise
    let onAbort: (() => void) | undefined
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason)
      if (signal.aborted) onAbort()
      else addAbortListener(signal, onAbort)
    })
    try {
      return await Promise.race([promise, aborted])
    } finally {
      if (onAbort !== undefined) removeAbortListener(signal, onAbort)
    }
  }

  /** Waits that long, or rejects when it is interrupted. */
  async pause(delayMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    try {
      await this.race(
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, delayMs)
        }),
      )
    } finally {
      clearTimeout(timer)
    }
  }

  dispose(): void {
    clearTimeout(this.#timer)
    removeAbortListener(this.#outer, this.#onOuterAbort)
  }
}
