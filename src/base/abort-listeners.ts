/**
 * Who waits for a signal to be aborted. One listener of the platform serves all of them: a signal that
 * many queries share would get the warning of a leak at the eleventh.
 */
const listenersOf = new WeakMap<AbortSignal, AbortListeners>()

class AbortListeners {
  readonly #signal: AbortSignal
  readonly #listeners = new Set<() => void>()
  readonly #onAbort = () => {
    for (const listener of this.#listeners) {
      this.delete(listener)
      listener()
    }
  }

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(listener: () => void): void {
    if (this.#listeners.size === 0) this.#signal.addEventListener('abort', this.#onAbort)
    this.#listeners.add(listener)
  }

  delete(listener: () => void): void {
    const isLast = this.#listeners.delete(listener) && this.#listeners.size === 0
    if (isLast) this.#signal.removeEventListener('abort', this.#onAbort)
  }
}

/** Calls `listener`, which must not throw, once, when `signal` is aborted, unless {@link removeAbortListener} takes it away before. */
export function addAbortListener(signal: AbortSignal | undefined, listener: () => void): void {
  if (signal === undefined) return
  let listeners = listenersOf.get(signal)
  if (listeners === undefined) {
    listeners = new AbortListeners(signal)
    listenersOf.set(signal, listeners)
  }
  listeners.add(listener)
}

/** Takes away what {@link addAbortListener} got. Again does nothing. */
export function removeAbortListener(signal: AbortSignal | undefined, listener: () => void): void {
  if (signal !== undefined) listenersOf.get(signal)?.delete(listener)
}
