import { AsyncResource } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import type { ConnectionClosedError, Notice } from '../base/errors.js'
import type { Notification } from '../protocol/messages.js'
import type { ConnectionHandler } from '../wire/wire-connection.js'

/** The events of a {@link Connection} and what their listeners get. */
export interface ConnectionEvents {
  /** The server has something to say that fails nothing. */
  notice: [notice: Notice]
  /** A notification on a channel that the session listens to. */
  notification: [notification: Notification]
  /** A setting that the server reports has a new value. */
  parameter: [name: string, value: string]
  /** The connection was lost. `end` follows. Without a listener nothing happens: the next call reports it. */
  error: [error: ConnectionClosedError]
  /** The connection is closed. */
  end: []
}

/** Adds a listener that runs in the async context of whoever adds it; `off` takes it away as it is. */
export function addListener<Name extends keyof ConnectionEvents>(
  events: EventEmitter<ConnectionEvents>,
  event: Name,
  listener: (...args: ConnectionEvents[Name]) => void,
  isOnce = false,
): void {
  const bound = AsyncResource.bind((...args: ConnectionEvents[Name]) => {
    if (isOnce) events.off(event, added as never)
    listener(...args)
  })
  // By this property an emitter finds what a listener stands for, as with those of its own `once`.
  const added = Object.assign(bound, { listener })
  events.on(event, added as never)
}

/**
 * Tells users what a connection tells. Listeners run behind the message that caused their event, so
 * that one that throws cannot disturb the reading of the next.
 */
export class ConnectionEmitter extends EventEmitter<ConnectionEvents> implements ConnectionHandler {
  onNotice(notice: Notice): void {
    this.#emitLater('notice', notice)
  }

  onNotification(notification: Notification): void {
    this.#emitLater('notification', notification)
  }

  onParameterStatus(name: string, value: string): void {
    this.#emitLater('parameter', name, value)
  }

  onIdle(): void {}

  onClosed(error: ConnectionClosedError | undefined): void {
    if (error !== undefined) this.#emitLater('error', error)
    this.#emitLater('end')
  }

  /** Unlike other emitters, an `error` that nobody listens for throws nothing. */
  #emitLater<Name extends keyof ConnectionEvents>(
    name: Name,
    ...args: ConnectionEvents[Name]
  ): void {
    if (this.listenerCount(name) === 0) return
    process.nextTick(() => {
      // A released connection has lost its listeners since.
      if (this.listenerCount(name) > 0) this.emit(name, ...(args as never))
    })
  }
}
