import { AsyncResource } from 'node:async_hooks'
import { ConnectionClosedError } from '../base/errors.js'
import type { Notification } from '../protocol/messages.js'
import type { Limits } from '../wire/limits.js'
import type { LimitOptions } from './query-options.js'
import { quoteIdentifier } from './quote.js'
import { runToEnd } from './run.js'
import { within } from './within.js'

/** Called with each notification on its channel, in the async context in which it began to listen. */
export type NotificationListener = (notification: Notification) => void

/** Names of channels are identifiers, of which the server keeps so many bytes (NAMEDATALEN − 1). */
const MAX_CHANNEL_BYTES = 63

/** What `listen()` gives: listens until it is closed, or its connection is. */
export class Subscription implements AsyncDisposable {
  readonly channel: string
  readonly #close: (options: LimitOptions) => Promise<void>

  /** @internal */
  constructor(channel: string, close: (options: LimitOptions) => Promise<void>) {
    this.channel = channel
    this.#close = close
  }

  /** Listens no more, whether or not the server is waited for to the end. Again does nothing. */
  close(options: LimitOptions = {}): Promise<void> {
    return this.#close(options)
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
  /** Gives the LISTEN up, where that can be asked for. */
  readonly controller: AbortController | undefined
  /** A reset was sent that ends it: who listens from now on begins anew, behind that. */
  isEnding: boolean
}

/** Runs a command of the session. */
type Execute = (text: string, options: LimitOptions) => Promise<unknown>

const NO_LIMIT = { timeout: 0 } as const

/** The listeners of one session. The server is asked for a channel when it gets its first, and told when the last leaves. */
export class ChannelListeners {
  readonly #channels = new Map<string, Channel>()
  readonly #execute: Execute

  constructor(execute: Execute) {
    this.#execute = execute
  }

  /** @param limits when to wait for the server no longer; the LISTEN goes on for others who wait for it */
  async listen(
    channel: string,
    listener: NotificationListener,
    limits?: Limits,
  ): Promise<Subscription> {
    if (limits?.reason !== undefined) throw limits.reason
    const entry = { listener, bound: AsyncResource.bind(listener) }
    const former = this.#channels.get(channel)
    const known = former?.isEnding === false ? former : this.#begin(channel, limits)
    known.entries.add(entry)
    try {
      await within(limits, known.listening, true)
    } catch (error) {
      known.entries.delete(entry)
      this.#giveUp(channel, known)
      throw error
    }
    return new Subscription(channel, (options) => this.#remove(channel, known, [entry], options))
  }

  /** Takes one listener from a channel, or all. */
  async unlisten(
    channel: string,
    listener: NotificationListener | undefined,
    options: LimitOptions,
  ): Promise<void> {
    const known = this.#channels.get(channel)
    if (known === undefined) return
    const all = [...known.entries]
    const entries =
      listener === undefined ? all : all.filter((entry) => entry.listener === listener)
    await this.#remove(channel, known, entries, options)
  }

  /** Ends the listening to all channels, which `reset` ends on the server; what is begun meanwhile goes on. */
  async endBy(reset: () => Promise<unknown>): Promise<void> {
    const all = [...this.#channels]
    for (const [, known] of all) known.isEnding = true
    try {
      await reset()
    } catch (error) {
      for (const [, known] of all) known.isEnding = false
      throw error
    }
    for (const [channel, known] of all) {
      known.entries.clear()
      if (this.#channels.get(channel) === known) this.#channels.delete(channel)
    }
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

  #begin(channel: string, limits: Limits | undefined): Channel {
    const controller = limits === undefined ? undefined : new AbortController()
    const options = { ...NO_LIMIT, signal: controller?.signal }
    const listening = this.#execute(`listen ${quoteIdentifier(channel)}`, options)
    const known = { entries: new Set<Entry>(), listening, controller, isEnding: false }
    this.#channels.set(channel, known)
    listening.catch(() => {
      if (this.#channels.get(channel) === known) this.#channels.delete(channel)
    })
    return known
  }

  /** Somebody waits for a LISTEN no longer; that it failed is known. */
  #giveUp(channel: string, known: Channel): void {
    if (known.entries.size > 0 || this.#channels.get(channel) !== known) return
    this.#channels.delete(channel)
    known.controller?.abort()
    // It may have been carried out.
    this.#execute(`unlisten ${quoteIdentifier(channel)}`, NO_LIMIT).catch(() => {})
  }

  async #remove(
    channel: string,
    known: Channel,
    entries: readonly Entry[],
    options: LimitOptions,
  ): Promise<void> {
    const { size } = known.entries
    for (const entry of entries) known.entries.delete(entry)
    if (size === 0 || known.entries.size > 0 || this.#channels.get(channel) !== known) return
    this.#channels.delete(channel)
    try {
      const text = `unlisten ${quoteIdentifier(channel)}`
      await runToEnd(async (limits) => {
        // When it is repeated somebody may have begun to listen behind the first.
        if (!this.#channels.has(channel)) await this.#execute(text, limits)
      }, options)
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
