import { type ConnectPhase, ConnectTimeoutError } from '../base/errors.js'

/** The time for one step of connecting. Its signal aborts when that is up, or with the caller's signal. */
export class ConnectDeadline implements Disposable {
  /** What is going on, for the error. */
  phase: ConnectPhase
  readonly #abort = new AbortController()
  readonly #outer: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout | undefined
  readonly #onOuterAbort = () => this.#abort.abort(this.#outer?.reason)

  /**
   * @param address Of what is connected to, for the error.
   * @param timeoutMs 0 for no limit.
   * @throws the reason of `outer` if that is aborted already
   */
  constructor(
    phase: ConnectPhase,
    address: { readonly name: string; readonly label: string },
    timeoutMs: number,
    outer: AbortSignal | undefined,
  ) {
    this.phase = phase
    this.#outer = outer
    outer?.throwIfAborted()
    outer?.addEventListener('abort', this.#onOuterAbort)
    if (timeoutMs <= 0) return
    this.#timer = setTimeout(() => {
      const message = `no connection to ${address.label} within ${timeoutMs} ms (phase: ${this.phase})`
      const details = { phase: this.phase, address: address.name }
      this.#abort.abort(new ConnectTimeoutError(message, details))
    }, timeoutMs)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#onOuterAbort)
  }
}
