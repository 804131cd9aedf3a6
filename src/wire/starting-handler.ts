import type { Notice } from '../base/errors.js'
import type { Notification } from '../protocol/messages.js'
import type { ConnectionHandler, WireConnection } from './wire-connection.js'

/**
 * Stands in for the handler of a connection that may yet be turned down: passes on what the server says,
 * but not how the connection fares, which is nobody's business until it is handed over.
 */
export class StartingHandler implements ConnectionHandler {
  readonly #handler: ConnectionHandler

  constructor(handler: ConnectionHandler) {
    this.#handler = handler
  }

  /** Gives the connection, whose handler is the real one from then on. */
  handOver(wire: WireConnection): WireConnection {
    wire.handler = this.#handler
    return wire
  }

  onNotice(notice: Notice): void {
    this.#handler.onNotice(notice)
  }

  onNotification(notification: Notification): void {
    this.#handler.onNotification(notification)
  }

  onParameterStatus(name: string, value: string): void {
    this.#handler.onParameterStatus(name, value)
  }

  onIdle(): void {}

  onClosed(): void {}
}
