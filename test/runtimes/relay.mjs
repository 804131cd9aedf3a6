import { once } from 'node:events'
import net from 'node:net'

/** Lets what `use` opens go through a relay that counts what the server sends, and cuts on demand. */
export async function relayed(dsn, use) {
  const target = new URL(dsn)
  const { hostname, port } = target
  const pairs = new Set()
  const relay = {
    bytes: 0,
    cut() {
      for (const socket of pairs) socket.destroy()
    },
  }
  const listener = net.createServer((client) => {
    const server = net.connect(Number(port), hostname)
    server.on('data', (chunk) => {
      relay.bytes += chunk.length
    })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ]) {
      pairs.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        pairs.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  target.port = String(listener.address().port)
  try {
    await use(target.href, relay)
  } finally {
    relay.cut()
    listener.close()
  }
}
