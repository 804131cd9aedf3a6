import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { KeepAlive, SocketTarget } from './peer.js'
import { SocketStep } from './socket-step.js'
import type { Transport, TransportHandler } from './transport.js'

/**
 * Opens a socket to an address.
 *
 * Rejects with Node's error, or with `signal.reason`; the socket is closed then.
 */
export function openSocket(
  target: SocketTarget,
  keepAlive: KeepAlive,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connect({
    ...target,
    noDelay: true,
    keepAlive: keepAlive !== false,
    keepAliveInitialDelay: keepAlive === false ? 0 : keepAlive,
  })
  const step = new SocketStep<Socket>(socket, signal)
  step.on('connect', () => step.succeed(socket))
  return step.promise
}

/** A connected socket, plain or TLS, as a {@link Transport}. It owns the socket from then on. */
export class SocketTransport implements Transport {
  readonly encrypted: boolean
  readonly #socket: Socket
  #error: Error | undefined

  constructor(socket: Socket | TLSSocket, handler: TransportHandler) {
    this.#socket = socket
    this.encrypted = 'encrypted' in socket
    socket.on('data', (chunk: Buffer) => handler.onData(chunk))
    socket.on('drain', () => handler.onDrain())
    socket.on('error', (error) => {
      this.#error = error
    })
    // The server has said all it will; what is still unanswered never will be.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => handler.onClose(this.#error))
    socket.resume()
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
