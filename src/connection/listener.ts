import { AsyncResource } from 'node:async_hooks'
import { ConnectionClosedError } from '../base/errors.js'
import type { Notification } from '../protocol/messages.js'
import { quoteIdentifier } from './quote.js'

/** Called with each notification on its channel, in the async context in which it began to listen. */
export type NotificationListener = (notification: Notification) => void

/** Names of channels are identifiers, of which the server keeps so many bytes (NAMEDATALEN − 1). */
const MAX_CHANNEL_BYTES = 63

/** What `listen()` gives: listens until it is closed, or its connection is. */
export class Subscription implements AsyncDisposable {
  readonly channel: string
  readonly #close: () => Promise<void>

  /** @internal */
  constructor(channel: string, close: () => Promise<void>) {
    this.channel = channel
    this.#close = close
  }

  /** Listens no more. Again does nothing. */
  close(): Promise<void> {
    return this.#close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

interface Entry {
  readonly listener: NotificationListener
  readonly bound: NotificationListener
}

interface Channel {
  readonly entries: Set<Entry>
  readonly listening: Promise<unknown>
}

/** The listeners of one session. The server is asked for a channel when it gets its first, and told when the last leaves. */
export class ChannelListeners {
  readonly #channels = new Map<string, Channel>()
  readonly #execute: (text: string) => Promise<unknown>

  /** @param execute runs a command of the session */
  constructor(execute: (text: string) => Promise<unknown>) {
    this.#execute = execute
  }

  async listen(channel: string, listener: NotificationListener): Promise<Subscription> {
    const entry = { listener, bound: AsyncResource.bind(listener) }
    const known = this.#channels.get(channel) ?? this.#begin(channel)
    known.entries.add(entry)
    try {
      await known.listening
    } catch (error) {
      known.entries.delete(entry)
      throw error
    }
    return new Subscription(channel, () => this.#remove(channel, known, [entry]))
  }

  /** Takes one listener from a channel, or all. */
  async unlisten(channel: string, listener?: NotificationListener): Promise<void> {
    const known = this.#channels.get(channel)
    if (known === undefined) return
    const entries = [...known.entries]
    await this.#remove(
      channel,
      known,
      listener === undefined ? entries : entries.filter((each) => each.listener === listener),
    )
  }

  /** The session listens to nothing any more. */
  clear(): void {
    for (const { entries } of this.#channels.values()) entries.clear()
    this.#channels.clear()
  }

  /** Each listener is called on its own, so that one that throws keeps it from no other. */
  dispatch(notification: Notification): void {
    const known = this.#channels.get(notification.channel)
    for (const entry of known?.entries ?? []) {
      process.nextTick(() => {
        if (known?.entries.has(entry)) entry.bound(notification)
      })
    }
  }

  #begin(channel: string): Channel {
    const listening = this.#execute(`listen ${quoteIdentifier(channel)}`)
    const known = { entries: new Set<Entry>(), listening }
    this.#channels.set(channel, known)
    listening.catch(() => {
      if (this.#channels.get(channel) === known) this.#channels.delete(channel)
    })
    return known
  }

  async #remove(channel: string, known: Channel, entries: readonly Entry[]): Promise<void> {
    const { size } = known.entries
    for (const entry of entries) known.entries.delete(entry)
    if (size === 0 || known.entries.size > 0 || this.#channels.get(channel) !== known) return
    this.#channels.delete(channel)
    try {
      await this.#execute(`unlisten ${quoteIdentifier(channel)}`)
    } catch (error) {
      // With its connection all listening has ended.
      if (!(error instanceof ConnectionClosedError)) throw error
    }
  }
}

/** @throws {TypeError} or `RangeError` when it cannot be the name of a channel */
export function checkChannel(channel: string): void {
  if (typeof channel !== 'string') throw new TypeError('the name of a channel must be a string')
  if (channel === '') throw new RangeError('the name of a channel cannot be empty')
  if (channel.includes('\0')) throw new RangeError('the name of a channel cannot contain NUL')
  // The server would cut it off, and so listen to a channel of another name.
  if (Buffer.byteLength(channel) > MAX_CHANNEL_BYTES) {
    throw new RangeError(`the name of a channel cannot be longer than ${MAX_CHANNEL_BYTES} bytes`)
  }
}
