import type { Socket } from 'node:net'

type Listener = (...args: unknown[]) => void

/**
 * A step in the life of a socket, with a promise of its outcome: what its listeners decide, the
 * socket's error, or the signal's reason. Its listeners end with it; unless it succeeds, so does the
 * socket.
 */
export class SocketStep<T> {
  readonly promise: Promise<T>
  readonly #socket: Socket
  readonly #signal: AbortSignal
  readonly #listeners: [event: string, listener: Listener][] = []
  readonly #onAbort = () => this.fail(this.#signal.reason)
  #resolve!: (value: T) => void
  #reject!: (error: unknown) => void

  constructor(
    socket: Socket,
    signal: AbortSignal,
    explain: (error: Error) => Error = (error) => error,
  ) {
    this.#socket = socket
    this.#signal = signal
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.on('error', (error: Error) => this.fail(explain(error)))
    signal.addEventListener('abort', this.#onAbort)
    if (signal.aborted) this.#onAbort()
  }

  on<Arguments extends unknown[]>(event: string, listener: (...args: Arguments) => void): void {
    this.#listeners.push([event, listener as Listener])
    this.#socket.on(event, listener as Listener)
  }

  succeed(value: T): void {
    this.#end()
    this.#resolve(value)
  }

  fail(error: unknown): void {
    this.#end()
    // A destroyed socket may still report an error, which by then is nobody's.
    this.#socket.on('error', () => {})
    this.#socket.destroy()
    this.#reject(error)
  }

  #end(): void {
    for (const [event, listener] of this.#listeners) this.#socket.off(event, listener)
    this.#signal.removeEventListener('abort', this.#onAbort)
  }
}
