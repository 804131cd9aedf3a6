import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Where the raw connections of a probe go. */
export interface ProbeTarget {
  readonly host: string
  readonly port: number
  readonly tls: 'none' | 'negotiated' | 'direct'
  /** The authority that signed the server's certificate, as PEM. */
  readonly ca: string | undefined
}

/** Time, in ms, of the two phases below the PostgreSQL protocol. */
export interface ProbeTimes {
  readonly tcp: number
  readonly tls: number
}

const PROBE_TIMEOUT_MS = 10_000

// SSLRequest: its length, then the code 80877103. (Protocol docs, "Message Formats")
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const ANSWER_YES = 'S'.charCodeAt(0)

/**
 * Opens one raw connection with `node:net` and `node:tls`, times it until TLS is up, and closes it
 * before the startup message. The server may log it as an incomplete startup packet.
 */
export async function probe(target: ProbeTarget): Promise<ProbeTimes> {
  const start = performance.now()
  const socket = connectSocket({ host: target.host, port: target.port, noDelay: true })
  const deadline = AbortSignal.timeout(PROBE_TIMEOUT_MS)
  try {
    await once(socket, 'connect', { signal: deadline })
    const connected = performance.now()
    if (target.tls === 'none') return { tcp: connected - start, tls: 0 }
    if (target.tls === 'negotiated') await requestTls(socket, deadline)
    await secure(socket, target, deadline)
    return { tcp: connected - start, tls: performance.now() - connected }
  } finally {
    socket.destroy()
  }
}

async function requestTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(SSL_REQUEST)
  const [answer]: Buffer[] = await once(socket, 'data', { signal })
  if (answer?.[0] !== ANSWER_YES) throw new Error('the server refused TLS')
}

async function secure(socket: Socket, target: ProbeTarget, signal: AbortSignal): Promise<void> {
  const secured = connectTls({
    socket,
    ...(target.ca === undefined ? {} : { ca: target.ca }),
    ALPNProtocols: ['postgresql'],
    // The chain is checked either way, which is what takes time; a probe sends nothing secret.
    rejectUnauthorized: false,
  })
  await once(secured, 'secureConnect', { signal })
  secured.on('error', () => {}) // The server's answer to the close that follows matters to nobody.
}
