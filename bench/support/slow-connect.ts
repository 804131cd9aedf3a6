import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy that lets each new connection wait, as a network and a handshake do, and counts them. */
export interface SlowConnect {
  readonly port: number
  /** Connections made so far. */
  readonly opened: number
  close(): Promise<void>
}

/** Puts a {@link SlowConnect} before `port` of the loopback. */
export async function slowConnect(port: number, delayMs: number): Promise<SlowConnect> {
  const sockets = new Set<Socket>()
  let opened = 0
  const server = createServer((client) => {
    opened += 1
    client.setNoDelay()
    keep(client)
    setTimeout(() => {
      if (client.destroyed) return
      const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
      keep(upstream)
      client.pipe(upstream)
      upstream.pipe(client)
      client.on('close', () => upstream.destroy())
      upstream.on('close', () => client.destroy())
    }, delayMs)
  })
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get opened() {
      return opened
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
