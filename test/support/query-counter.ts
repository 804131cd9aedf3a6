import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP relay that counts how often clients send a text. The connections must not be encrypted. */
export class QueryCounter implements AsyncDisposable {
  count = 0
  readonly #server: Server
  readonly #text: string
  readonly #sockets = new Set<Socket>()

  private constructor(text: string, host: string, port: number) {
    this.#text = text
    this.#server = createServer((client) => {
      const server = connect(port, host)
      for (const socket of [client, server]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => this.#sockets.delete(socket))
      }
      this.#countIn(client)
      client.pipe(server)
      server.pipe(client)
    })
  }

  /** Listens for clients of the server of `dsn`. */
  static async start(dsn: string, text: string): Promise<QueryCounter> {
    const { hostname, port } = new URL(dsn)
    const counter = new QueryCounter(text, hostname, Number(port))
    counter.#server.listen(0, '127.0.0.1')
    await once(counter.#server, 'listening')
    return counter
  }

  /** `dsn`, by way of this relay. */
  dsnOf(dsn: string): string {
    const url = new URL(dsn)
    url.hostname = '127.0.0.1'
    url.port = String((this.#server.address() as AddressInfo).port)
    url.searchParams.set('sslmode', 'disable')
    return url.href
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #countIn(client: Socket): void {
    // A text may come in two pieces.
    let tail = ''
    client.on('data', (piece) => {
      const found = (tail + piece.toString('latin1')).split(this.#text)
      this.count += found.length - 1
      tail = (found.at(-1) ?? '').slice(1 - this.#text.length)
    })
  }
}
