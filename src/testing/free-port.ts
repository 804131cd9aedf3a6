import { createServer } from 'node:net'

/** The addresses of this machine's loopback interface, IPv4 first. IPv6 may be switched off. */
export const LOOPBACK_ADDRESSES = ['127.0.0.1', '::1'] as const

/** A TCP port and the loopback addresses on which it was free a moment ago. */
export interface FreePort {
  readonly port: number
  readonly addresses: readonly string[]
}

/**
 * Finds a port that is free on every loopback address of this machine. Nothing reserves it: whoever
 * uses it must be ready to find it taken.
 */
export async function findFreePort(): Promise<FreePort> {
  for (;;) {
    const port = await probe('127.0.0.1', 0)
    if (typeof port === 'string') throw new Error(`no free port on 127.0.0.1: ${port}`)
    const onIpv6 = await probe('::1', port)
    if (typeof onIpv6 === 'number') return { port, addresses: LOOPBACK_ADDRESSES }
    if (onIpv6 !== 'EADDRINUSE') return { port, addresses: ['127.0.0.1'] }
  }
}

/** Whether nobody listens on the port, on 127.0.0.1. */
export async function isFreePort(port: number): Promise<boolean> {
  return (await probe('127.0.0.1', port)) !== 'EADDRINUSE'
}

/** Listens for a moment: the port, or the code of the error. */
function probe(host: string, port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      const bound = address !== null && typeof address === 'object' ? address.port : port
      server.close(() => resolve(bound))
    })
  })
}
