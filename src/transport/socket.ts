import { type ConnectOpts, connect, Socket, type SocketConstructorOpts } from 'node:net'
import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { KeepAlive, SocketTarget } from './peer.js'
import { SocketStep } from './socket-step.js'
import type { Transport, TransportHandler } from './transport.js'

/** What a read takes at most, in bytes, as Node.js has it by default. */
const READ_BYTES = 64 * 1024

/** Who takes what the sockets read that have no buffer of their own; see {@link openSocket}. */
const readers = new WeakMap<Socket, Reader>()

interface Reader {
  handler: TransportHandler | undefined
  onData?: (chunk: Buffer) => void
}

/**
 * What is read goes here, on all sockets: it is taken by its handler before the next read. Not on
 * Windows, where the system fills the buffer of a read at any time.
 */
const sharedBuffer = process.platform === 'win32' ? undefined : Buffer.allocUnsafeSlow(READ_BYTES)

/**
 * Opens a socket to an address.
 *
 * Rejects with Node's error, or with `signal.reason`; the socket is closed then.
 *
 * @param isPlain whether it will carry no TLS. It is then paused until a {@link SocketTransport} reads
 * from it, and no buffer is made for each read.
 */
export function openSocket(
  target: SocketTarget,
  keepAlive: KeepAlive,
  signal: AbortSignal,
  isPlain: boolean,
): Promise<Socket> {
  const reader: Reader = { handler: undefined }
  const buffer = sharedBuffer ?? Buffer.allocUnsafeSlow(READ_BYTES)
  const socket = connect({
    ...target,
    noDelay: true,
    keepAlive: keepAlive !== false,
    keepAliveInitialDelay: keepAlive === false ? 0 : keepAlive,
    ...(isPlain && {
      onread: {
        buffer,
        callback(length: number) {
          reader.handler?.onData(buffer, length)
          return true
        },
      },
    }),
  })
  if (isPlain) {
    readers.set(socket, reader)
    socket.pause()
  }
  const step = new SocketStep<Socket>(socket, signal)
  step.on('connect', () => step.succeed(socket))
  return step.promise
}

/**
 * A socket that carries no TLS and is for the caller to connect. Others may read from it in place of its
 * {@link SocketTransport}, or beside it, as from any socket; while nobody does, no buffer is made for
 * each read.
 */
export class OpenSocket extends Socket {
  constructor() {
    const reader: Reader = { handler: undefined }
    const buffer = sharedBuffer ?? Buffer.allocUnsafeSlow(READ_BYTES)
    // The constructor takes what `connect` takes, though its types know only of the latter.
    const options: ConnectOpts & SocketConstructorOpts = {
      onread: {
        buffer,
        callback: (length) => {
          if (reader.handler === undefined || !isReadBy(this, reader)) {
            return this.push(Buffer.from(buffer.subarray(0, length)))
          }
          reader.handler.onData(buffer, length)
          return true
        },
      },
    }
    super(options)
    readers.set(this, reader)
  }

  /** Not as that of a socket with a buffer, which stops reading even for those who listen for `readable`. */
  override pause(): this {
    return Duplex.prototype.pause.call(this) as this
  }
}

/** Whether what comes next is for `reader` and nobody else. */
function isReadBy(socket: Socket, { onData }: Reader): boolean {
  const listeners = socket.listeners('data')
  const isAlone = listeners.length === 1 && listeners[0] === onData
  return isAlone && socket.readableFlowing === true && socket.readableLength === 0
}

/** A connected socket, plain or TLS, as a {@link Transport}. It owns the socket from then on. */
export class SocketTransport implements Transport {
  readonly encrypted: boolean
  readonly #socket: Socket
  #error: Error | undefined

  constructor(socket: Socket | TLSSocket, handler: TransportHandler) {
    this.#socket = socket
    this.encrypted = 'encrypted' in socket
    const onData = (chunk: Buffer) => handler.onData(chunk, chunk.length)
    const reader = readers.get(socket)
    if (reader !== undefined) Object.assign(reader, { handler, onData })
    // Also where there is a reader: a runtime that knows of no such thing emits the event.
    socket.on('data', onData)
    socket.on('drain', () => handler.onDrain())
    socket.on('error', (error) => {
      this.#error = error
    })
    // The server has said all it will; what is still unanswered never will be.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => handler.onClose(this.#error))
    socket.resume()
  }

  get isWritten(): boolean {
    // Of a stream that is no socket nobody knows what becomes of the bytes it has taken.
    return this.#socket instanceof Socket && this.#socket.writableLength === 0
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
