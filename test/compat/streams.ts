import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'

/**
 * A stream that is no socket, to the server behind it: it takes what is written at once and sends it
 * later, so that whoever wrote must leave the bytes alone.
 */
export class TunnelStream extends Duplex {
  #socket: Socket | undefined

  connect(port: number, host: string): this {
    this.#socket = connect(port, host)
    this.#socket.on('connect', () => this.emit('connect'))
    this.#socket.on('data', (chunk) => this.push(chunk))
    this.#socket.on('end', () => this.push(null))
    this.#socket.on('error', (error) => this.destroy(error))
    return this
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: unknown, callback: () => void): void {
    setTimeout(() => this.#socket?.write(chunk), 5)
    callback()
  }

  override _final(callback: () => void): void {
    setTimeout(callback, 10)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket?.destroy()
    callback(error)
  }
}
