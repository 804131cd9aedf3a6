import { once } from 'node:events'
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  type Socket,
} from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The two ways through a proxy, named by who gets the bytes. */
export type Direction = 'toServer' | 'toClient'

/**
 * How a connection ends at a cut: `close` says goodbye on both sides (FIN), `reset` breaks both off
 * (RST), `half-close` ends this direction alone, `silence` swallows from then on whatever goes this way.
 */
export type Cut = 'close' | 'reset' | 'half-close' | 'silence'

/** What happens to the bytes of one direction. */
export interface DirectionFaults {
  /** Cuts behind that many bytes; 0 cuts before the first. */
  readonly cutAfter?: number
  /** Default `close`. */
  readonly cut?: Cut
  /** Holds every piece back for so long, in ms. */
  readonly delay?: number
  /** Hands on at most so many bytes at a time. */
  readonly pieceSize?: number
  /** Inverts the byte at that index, the first being 0. */
  readonly corruptAt?: number
  /** Bytes a second. */
  readonly bandwidth?: number
}

/** What happens to one connection. */
export type Faults = { readonly [D in Direction]?: DirectionFaults }

/** A connection through the proxy. */
export class ProxiedConnection {
  /** Bytes handed on so far. */
  readonly bytes: Record<Direction, number> = { toServer: 0, toClient: 0 }
  /** Resolves when both sockets are closed. */
  readonly closed: Promise<unknown>
  readonly #client: Socket
  readonly #server: Socket
  readonly #whenThawed: () => Promise<void>

  constructor(client: Socket, server: Socket, faults: Faults, whenThawed: () => Promise<void>) {
    this.#client = client
    this.#server = server
    this.#whenThawed = whenThawed
    this.closed = Promise.all([client, server].map((socket) => closing(socket)))
    // A socket that breaks takes the other along, as a dead machine would.
    client.on('error', () => server.destroy())
    server.on('error', () => client.destroy())
    void this.#relay('toServer', client, server, faults.toServer ?? {})
    void this.#relay('toClient', server, client, faults.toClient ?? {})
  }

  /** Breaks both sides off. */
  reset(): void {
    for (const socket of [this.#client, this.#server]) {
      // Before it is connected a socket has nothing to reset.
      if (socket.connecting) socket.destroy()
      else socket.resetAndDestroy()
    }
  }

  /** Closes both sides, once what was handed on has been sent. */
  close(): void {
    this.#client.destroySoon()
    this.#server.destroySoon()
  }

  async #relay(way: Direction, from: Socket, to: Socket, faults: DirectionFaults): Promise<void> {
    const { cutAfter = Number.POSITIVE_INFINITY } = faults
    if (cutAfter === 0 && this.#cut(to, faults)) return
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        for (const piece of pieces(chunk, faults.pieceSize)) {
          await this.#hold(piece, faults)
          const passed = piece.subarray(0, Math.max(0, cutAfter - this.bytes[way]))
          if (passed.length > 0) await this.#handOn(way, passed, to, faults)
          if (this.bytes[way] >= cutAfter && this.#cut(to, faults)) return
        }
      }
      to.end()
    } catch {
      // A socket was destroyed meanwhile; its `error` and `close` tell the other.
      to.destroySoon()
    }
  }

  async #hold(piece: Buffer, { delay, bandwidth }: DirectionFaults): Promise<void> {
    const ms = (delay ?? 0) + (bandwidth === undefined ? 0 : (piece.length / bandwidth) * 1000)
    if (ms > 0) await sleep(ms)
    await this.#whenThawed()
  }

  async #handOn(
    way: Direction,
    piece: Buffer,
    to: Socket,
    { corruptAt = -1, pieceSize }: DirectionFaults,
  ): Promise<void> {
    const at = corruptAt - this.bytes[way]
    const sent = at >= 0 && at < piece.length ? inverted(piece, at) : piece
    this.bytes[way] += piece.length
    const isTaken = to.write(sent)
    if (!isTaken && !to.destroyed) await Promise.race([once(to, 'drain'), closing(to)])
    // Else the kernel would put the pieces together again.
    if (pieceSize !== undefined) await new Promise(setImmediate)
  }

  /** Gives whether nothing more goes this way. */
  #cut(to: Socket, { cut = 'close' }: DirectionFaults): boolean {
    switch (cut) {
      case 'close':
        this.close()
        return true
      case 'reset':
        this.reset()
        return true
      case 'half-close':
        to.end()
        return true
      case 'silence':
        return false
    }
  }
}

/**
 * A TCP proxy before a server that damages what goes through it. It does not look into the bytes, so it
 * serves plain connections and TLS alike.
 */
export class FaultProxy implements AsyncDisposable {
  readonly connections: ProxiedConnection[] = []
  /** What happens to connections accepted from now on; `index` counts them from 0. */
  faults: Faults | ((index: number) => Faults) = {}
  readonly #server: Server
  readonly #target: NetConnectOpts
  readonly #sockets = new Set<Socket>()
  #frozen: PromiseWithResolvers | undefined

  private constructor(target: NetConnectOpts) {
    this.#target = target
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      this.#accept(client),
    )
  }

  /** Starts a proxy on a free port of the loopback. */
  static async start(
    target: NetConnectOpts,
    faults: Faults | ((index: number) => Faults) = {},
  ): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    proxy.faults = faults
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Hands on nothing any more, and accepts nothing, until {@link thaw}: a black hole. */
  freeze(): void {
    this.#frozen ??= withResolvers()
  }

  thaw(): void {
    this.#frozen?.resolve()
    this.#frozen = undefined
  }

  /** Breaks all connections off. */
  resetAll(): void {
    for (const connection of this.connections) connection.reset()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw()
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(client: Socket): void {
    const { faults } = this
    const index = this.connections.length
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true })
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    }
    this.connections.push(
      new ProxiedConnection(
        client,
        server,
        typeof faults === 'function' ? faults(index) : faults,
        async () => this.#frozen?.promise,
      ),
    )
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>
  resolve(): void
}

function withResolvers(): PromiseWithResolvers {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

function closing(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

function* pieces(chunk: Buffer, size = chunk.length): Generator<Buffer> {
  for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size)
}

function inverted(piece: Buffer, at: number): Buffer {
  const copy = Buffer.from(piece)
  copy[at] = ~(piece[at] ?? 0)
  return copy
}
