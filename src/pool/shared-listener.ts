import { systemClock } from '../base/clock.js'
import { ConnectionClosedError, ConnectionError } from '../base/errors.js'
import { PoolClosedError } from '../base/pool-errors.js'
import { ChannelListeners, checkChannel, type Subscription } from '../connection/listener.js'
import { SimpleQueryRequest } from '../wire/requests/simple-query.js'
import type { ConnectionHandler, WireConnection } from '../wire/wire-connection.js'
import { Backoff, type BackoffOptions } from './backoff.js'
import { NotificationStream, type PoolListenOptions } from './notification-stream.js'
import { pause } from './pause.js'

/** How a {@link SharedListener} comes by its connection and keeps it. */
export interface SharedListenerOptions {
  /** Opens a connection that is not lent to anybody. To be given up when `signal` is aborted. */
  open(handler: ConnectionHandler, signal: AbortSignal): Promise<WireConnection>
  /** Pauses between attempts that fail. */
  readonly retryBackoff: BackoffOptions
  /** How often the server is asked for a sign of life, in ms: silence says nothing on a connection that only listens. */
  readonly heartbeatMs: number
  /** How long it may take to answer, in ms. */
  readonly answerMs: number
}

const DEFAULT_BUFFER_SIZE = 1_000

/** The connection while it is there. */
interface Attachment {
  readonly wire: WireConnection
  readonly listeners: ChannelListeners
}

/**
 * The listening of a pool: all channels and all their consumers over one connection, which is open
 * while there are any. It is none of those that are lent, as it would be missing there for good. Lost,
 * it is opened anew, after pauses while that fails, and every consumer gets a gap.
 *
 * A consumer whose listening has never begun gets the error why not; the others wait.
 */
export class SharedListener {
  readonly #options: SharedListenerOptions
  readonly #backoff: Backoff
  /** The consumers, each with its place on the connection of now. */
  readonly #streams = new Map<NotificationStream, Promise<Subscription | undefined>>()
  #attachment: Attachment | undefined
  /** Ends the running attempt to have a connection; absent while nobody listens. */
  #running: AbortController | undefined
  #done: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: SharedListenerOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.retryBackoff, Math.random)
  }

  /**
   * @throws {TypeError} or `RangeError` when the name or an option is wrong
   * @throws {PoolClosedError} when the pool is closed
   */
  listen(channel: string, options: PoolListenOptions): NotificationStream {
    const { signal, bufferSize = DEFAULT_BUFFER_SIZE } = options
    checkChannel(channel)
    if (!Number.isInteger(bufferSize) || bufferSize < 1) {
      throw new RangeError('the option "bufferSize" must be an integer of at least 1')
    }
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new TypeError('the option "signal" must be an AbortSignal')
    }
    if (this.#isClosed) throw new PoolClosedError()
    const stream = new NotificationStream(channel, bufferSize, signal, (it) => this.#remove(it))
    if (signal?.aborted === true) {
      stream.end({ error: signal.reason })
      return stream
    }
    this.#attach(stream)
    if (this.#running === undefined) this.#start()
    return stream
  }

  /** Ends all listening. Resolves when the connection is closed. */
  close(): Promise<void> {
    this.#isClosed = true
    for (const stream of this.#streams.keys()) stream.end()
    this.#streams.clear()
    return this.#stop()
  }

  /** As {@link close}, at once. */
  terminate(): void {
    this.#attachment?.wire.destroy()
    void this.close()
  }

  #start(): void {
    const running = new AbortController()
    const before = this.#done
    this.#running = running
    this.#done = before.then(() => this.#run(running.signal))
  }

  #stop(): Promise<void> {
    this.#running?.abort()
    this.#running = undefined
    return this.#done
  }

  /** Has a connection, again and again, until `signal` is aborted. */
  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { step } = this.#backoff
      let cause: unknown = new ConnectionError('the connection that listens was lost')
      try {
        await this.#listenOnce(signal)
      } catch (error) {
        if (signal.aborted) return
        cause = error
        this.#failStarting(error)
      }
      this.#backoff.fail(step, systemClock.now(), cause)
      await pause(this.#backoff.retryAtMs - systemClock.now(), signal)
    }
  }

  /** Resolves when the connection is closed. Rejects when there is none, or it cannot listen. */
  async #listenOnce(signal: AbortSignal): Promise<void> {
    const listeners = new ChannelListeners((text) => execute(wire, text))
    const handler = handlerOf(listeners)
    const wire = await this.#options.open(handler, signal)
    const onAbort = () => this.#closeGently(wire)
    signal.addEventListener('abort', onAbort)
    const heartbeat = setInterval(() => this.#ask(wire), this.#options.heartbeatMs)
    heartbeat.unref()
    try {
      if (signal.aborted) onAbort()
      this.#attachment = { wire, listeners }
      for (const stream of this.#streams.keys()) this.#attach(stream)
      await wire.closed
    } finally {
      this.#attachment = undefined
      clearInterval(heartbeat)
      signal.removeEventListener('abort', onAbort)
      for (const stream of this.#streams.keys()) stream.onInterrupted()
    }
  }

  /** Listens for a consumer, on the connection if there is one. */
  #attach(stream: NotificationStream): void {
    const attachment = this.#attachment
    const place = attachment === undefined ? undefined : this.#subscribe(stream, attachment)
    this.#streams.set(stream, place ?? Promise.resolve(undefined))
  }

  async #subscribe(
    stream: NotificationStream,
    { wire, listeners }: Attachment,
  ): Promise<Subscription | undefined> {
    try {
      const onNotification = stream.onNotification.bind(stream)
      const subscription = await listeners.listen(stream.channel, onNotification)
      this.#backoff.succeed()
      stream.onListening()
      return subscription
    } catch (error) {
      // A connection that was lost comes back; a server that will not listen may be another by then.
      if (error instanceof ConnectionClosedError) return undefined
      if (stream.hasStarted) wire.destroy()
      else this.#fail(stream, error)
      return undefined
    }
  }

  /** A consumer is gone: the server is told if it was the last of its channel, and left if the last of all. */
  async #remove(stream: NotificationStream): Promise<void> {
    const place = this.#streams.get(stream)
    if (!this.#streams.delete(stream)) return
    if (this.#streams.size === 0) await this.#stop()
    else await (await place)?.close()
  }

  #failStarting(error: unknown): void {
    for (const stream of [...this.#streams.keys()]) {
      if (!stream.hasStarted) this.#fail(stream, error)
    }
  }

  #fail(stream: NotificationStream, error: unknown): void {
    stream.end({ error })
    void this.#remove(stream)
  }

  #closeGently(wire: WireConnection): void {
    const timer = setTimeout(() => wire.destroy(), this.#options.answerMs)
    void wire.close().then(() => clearTimeout(timer))
  }

  #ask(wire: WireConnection): void {
    const timer = setTimeout(() => {
      wire.destroy(new ConnectionError('the server gave no sign of life'))
    }, this.#options.answerMs)
    execute(wire, '').then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
  }
}

function execute(wire: WireConnection, text: string): Promise<unknown> {
  const request = new SimpleQueryRequest(text)
  wire.submit(request)
  return request.promise
}

/** What is not about notifications the connection tells by its end. */
function handlerOf(listeners: ChannelListeners): ConnectionHandler {
  return {
    onNotice: () => {},
    onNotification: (notification) => listeners.dispatch(notification),
    onParameterStatus: () => {},
    onIdle: () => {},
    onClosed: () => {},
  }
}
