import { Deque } from '../base/deque.js'
import type { Notification } from '../protocol/messages.js'

/** What {@link Pool.listen} gives. */
export type NotificationEvent =
  | {
      readonly type: 'notification'
      readonly channel: string
      /** Empty when none was given. */
      readonly payload: string
      /** The server's process of the session that sent it. */
      readonly processId: number
    }
  | {
      /** Notifications may have been missed here: whoever keeps a copy of something reads it anew. */
      readonly type: 'gap'
      /** The connection was lost and is back, or what waited for a slow consumer was dropped. */
      readonly reason: 'connection' | 'overflow'
    }

/** Options of {@link Pool.listen}. */
export interface PoolListenOptions {
  /** Ends the listening when it is aborted; the loop then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** How many events may wait for a slow consumer; one more, and a gap takes their place. Default 1,000. */
  readonly bufferSize?: number | undefined
}

/** Who waits for the next event. */
interface Taker {
  resolve(result: IteratorResult<NotificationEvent, undefined>): void
  reject(error: unknown): void
}

/** The states of a {@link NotificationStream} before its end. */
type Progress = 'starting' | 'listening' | 'interrupted'

const DONE: IteratorResult<NotificationEvent, undefined> = Object.freeze({
  done: true,
  value: undefined,
})

/**
 * The notifications of one channel, for one consumer, from {@link Pool.listen}. It ends with the loop
 * over it, at the end of its scope, with its signal, and with the pool.
 */
export class NotificationStream
  implements AsyncIterableIterator<NotificationEvent, undefined>, AsyncDisposable
{
  readonly channel: string
  /**
   * Resolves once the server listens: what is sent from then on arrives. Rejects with what the loop throws
   * if it ends before.
   */
  readonly listening: Promise<void>
  readonly #bufferSize: number
  readonly #signal: AbortSignal | undefined
  readonly #leave: (stream: NotificationStream) => Promise<void>
  readonly #events = new Deque<NotificationEvent>()
  readonly #takers = new Deque<Taker>()
  #started!: () => void
  #startFailed!: (error: unknown) => void
  #progress: Progress = 'starting'
  /** Why there will be no more events. */
  #end: { readonly error?: unknown } | undefined

  /** @internal @param leave tells that its consumer is gone */
  constructor(
    channel: string,
    bufferSize: number,
    signal: AbortSignal | undefined,
    leave: (stream: NotificationStream) => Promise<void>,
  ) {
    this.channel = channel
    this.#bufferSize = bufferSize
    this.#signal = signal
    this.#leave = leave
    this.listening = new Promise<void>((resolve, reject) => {
      this.#started = resolve
      this.#startFailed = reject
    })
    // The loop gets the same error.
    this.listening.catch(() => {})
    signal?.addEventListener('abort', this.#onAbort)
  }

  /** @internal Whether the server has ever listened for it. */
  get hasStarted(): boolean {
    return this.#progress !== 'starting'
  }

  /** @internal */
  get isOver(): boolean {
    return this.#end !== undefined
  }

  /** The next event, as soon as there is one. */
  next(): Promise<IteratorResult<NotificationEvent, undefined>> {
    const event = this.#events.shift()
    if (event !== undefined) return Promise.resolve({ done: false, value: event })
    const end = this.#end
    if (end === undefined) {
      return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }))
    }
    this.#end = {}
    return 'error' in end ? Promise.reject(end.error) : Promise.resolve(DONE)
  }

  /** Ends it: the server is told when no other consumer is left. */
  async return(): Promise<IteratorResult<NotificationEvent, undefined>> {
    const wasOver = this.isOver
    this.end()
    while (this.#events.shift() !== undefined);
    this.#end = {}
    if (!wasOver) await this.#leave(this)
    return DONE
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** @internal The server listens, for the first time or again. */
  onListening(): void {
    const former = this.#progress
    this.#progress = 'listening'
    if (former === 'starting') this.#started()
    if (former === 'interrupted') this.#give({ type: 'gap', reason: 'connection' })
  }

  /** @internal The connection is lost. */
  onInterrupted(): void {
    if (this.#progress === 'listening') this.#progress = 'interrupted'
  }

  /** @internal */
  onNotification({ channel, payload, processId }: Notification): void {
    // It may come before whoever waits for the answer to LISTEN is told of that.
    this.onListening()
    this.#give({ type: 'notification', channel, payload, processId })
  }

  /** @internal There will be no more events. The loop gets those that wait, then `failure.error` if given. */
  end(failure: { readonly error?: unknown } = {}): void {
    if (this.#end !== undefined) return
    this.#end = failure
    this.#signal?.removeEventListener('abort', this.#onAbort)
    if ('error' in failure) this.#startFailed(failure.error)
    else this.#started()
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) {
      if (!('error' in this.#end)) {
        taker.resolve(DONE)
        continue
      }
      taker.reject(this.#end.error)
      this.#end = {}
    }
  }

  readonly #onAbort = (): void => {
    while (this.#events.shift() !== undefined);
    this.end({ error: this.#signal?.reason })
    // UNLISTEN fails with its connection alone, and that ends all listening too.
    this.#leave(this).catch(() => {})
  }

  #give(event: NotificationEvent): void {
    if (this.#end !== undefined) return
    const taker = this.#takers.shift()
    if (taker !== undefined) {
      taker.resolve({ done: false, value: event })
      return
    }
    if (this.#events.length < this.#bufferSize) {
      this.#events.push(event)
      return
    }
    // What is old helps nobody who has to begin anew; to keep it would make one gap for each new event.
    while (this.#events.shift() !== undefined);
    this.#events.push({ type: 'gap', reason: 'overflow' })
  }
}
