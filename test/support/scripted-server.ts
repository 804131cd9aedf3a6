import { createServer, type Server, type Socket } from 'node:net'
import { type FrontendMessage, FrontendReader } from './frontend-messages.js'

/** How a server treats a client; `index` counts the clients from 0. */
export type Script = (peer: Peer, index: number) => void | Promise<void>

/** A client, as the server of a test sees it. */
export class Peer {
  readonly socket: Socket
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>
  readonly #reader = new FrontendReader()
  readonly #messages: FrontendMessage[] = []
  #wake: (() => void) | undefined
  #isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true
        this.#wake?.()
        resolve()
      })
    })
    // A client that resets the connection is one that closes it.
    socket.on('error', () => {})
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Starts to understand what the client says. */
  listen(): this {
    this.socket.on('data', (chunk) => {
      this.#messages.push(...this.#reader.read(chunk))
      this.#wake?.()
    })
    return this
  }

  /** Waits for the next message, which must be of that name. */
  async read(name: string): Promise<FrontendMessage> {
    for (;;) {
      const message = this.#messages.shift()
      if (message?.name === name) return message
      if (message !== undefined) throw new Error(`expected ${name}, but got ${message.name}`)
      if (this.#isClosed) throw new PeerGone(`expected ${name}, but the client is gone`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Waits until the client has taken what was sent, or is gone. */
  async drained(): Promise<void> {
    if (!this.socket.writableNeedDrain) return
    await Promise.race([this.closed, new Promise((resolve) => this.socket.once('drain', resolve))])
  }

  send(...messages: readonly (Uint8Array | string)[]): void {
    this.socket.write(Buffer.concat(messages.map((each) => Buffer.from(each))))
  }
}

/** What a script meets whose client has left. */
class PeerGone extends Error {}

/** A server on a port of its own of the loopback, which treats every client by a script. */
export class ScriptedServer {
  readonly peers: Peer[] = []
  /** What went wrong in scripts, other than that the client left. */
  readonly errors: unknown[] = []
  readonly #server: Server

  private constructor(serve: Script) {
    this.#server = createServer(async (socket) => {
      const peer = new Peer(socket)
      this.peers.push(peer)
      try {
        await serve(peer, this.peers.length - 1)
      } catch (error) {
        if (!(error instanceof PeerGone)) this.errors.push(error)
      }
    })
  }

  static async start(serve: Script): Promise<ScriptedServer> {
    const server = new ScriptedServer(serve)
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve)
    })
    return server
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the server is closed')
    return address.port
  }

  /** Waits until every client has closed its connection by itself. */
  async abandoned(): Promise<void> {
    await Promise.all(this.peers.map(({ closed }) => closed))
  }

  /** Closes what is left. */
  async stop(): Promise<void> {
    for (const { socket } of this.peers) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
