import { addAbortListener, removeAbortListener } from '../base/abort-listeners.js'
import { QueryTimeoutError } from '../base/errors.js'

/** Timers of Node.js fire at once beyond this, some 25 days. */
const MAX_TIMER_MS = 0x7fffffff

/** What a limit makes of the request that it ended; `sent` is whether the server may have seen it. */
export type LimitError = (sent: boolean) => unknown

/**
 * When a request is given up: after a time, by a signal, or both. Its timer and its listener are its own.
 * Of several steps one after the other, each begun by {@link start}, all have that time together.
 */
export class Limits {
  readonly #timeoutMs: number
  readonly #signal: AbortSignal | undefined
  /** When the time is over, from the first start on. */
  #endMs: number | undefined
  #timer: NodeJS.Timeout | undefined
  #onAbort: (() => void) | undefined

  /** @param timeoutMs 0 for no limit */
  constructor(timeoutMs: number, signal: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs
    this.#signal = signal
  }

  /** Why the signal was aborted, if it was. */
  get reason(): unknown {
    return this.#signal?.reason
  }

  /** Calls `onEnd` once, when the first limit is reached, unless {@link stop} comes before. At once for a signal that is aborted. */
  start(onEnd: (newError: LimitError) => void): void {
    const signal = this.#signal
    if (signal !== undefined) {
      const onAbort = () => onEnd(() => signal.reason)
      if (signal.aborted) {
        onAbort()
        return
      }
      this.#onAbort = onAbort
      addAbortListener(signal, onAbort)
    }
    const ms = this.#timeoutMs
    if (ms > 0 && ms <= MAX_TIMER_MS) {
      const onTimeout = () => onEnd((sent) => new QueryTimeoutError(ms, { safeToRetry: !sent }))
      const nowMs = performance.now()
      this.#endMs ??= nowMs + ms
      // Node.js drops what is behind the point, and would be early.
      this.#timer = setTimeout(onTimeout, Math.ceil(this.#endMs - nowMs))
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
    if (this.#onAbort !== undefined) removeAbortListener(this.#signal, this.#onAbort)
  }
}
