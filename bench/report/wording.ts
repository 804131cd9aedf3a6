import type { HandshakeResult, TransportResult } from '../handshake/result.js'

/** A part of a fresh request, in the order in which they happen. */
export interface Part {
  /** Also the name of its colour. */
  readonly tone: 'tcp' | 'tls' | 'auth' | 'query' | 'close'
  readonly label: string
  /** Its median in ms. */
  of(transport: TransportResult): number
}

/** The parts of a fresh request: the four phases of the handshake and the close. */
export const PARTS: readonly Part[] = [
  { tone: 'tcp', label: 'TCP', of: ({ phases }) => phases.tcp },
  { tone: 'tls', label: 'TLS', of: ({ phases }) => phases.tls },
  { tone: 'auth', label: 'Startup and authentication', of: ({ phases }) => phases.auth },
  { tone: 'query', label: 'First query', of: ({ phases }) => phases.firstQuery },
  { tone: 'close', label: 'Close', of: ({ close }) => close },
]

/** A stretch of a bar, in ms. */
export interface Stretch {
  readonly tone: Part['tone']
  readonly value: number
}

/**
 * The p50 of a fresh request, split in proportion to the medians of its parts. Medians do not add up
 * exactly; a bar made of them as they are would have a length that no table shows.
 */
export function splitFresh(transport: TransportResult): Stretch[] {
  const sum = PARTS.reduce((total, part) => total + part.of(transport), 0)
  const scale = transport.fresh.p50 / sum
  return PARTS.map((part) => ({ tone: part.tone, value: part.of(transport) * scale }))
}

/** How the phases are obtained, since a driver does not show them by itself. */
export const PHASE_METHOD: string =
  'TCP and TLS are timed on raw sockets of their own (node:net, node:tls), closed before startup; ' +
  "startup and authentication is the driver's connect less these two, so it holds the start of the " +
  "server's process too and, on a Unix socket, reaching it; first query and close are timed on the " +
  'fresh connection.'

/** What fresh and pooled mean, in one sentence. */
export function requestMethod({ method }: HandshakeResult): string {
  return (
    `Fresh: connect, "${method.query}", close. ` +
    `Pooled: the same query on a pool of ${method.poolSize} connections, all open.`
  )
}

/** The web-API scenario in one line. */
export function apiTitle({ api, transports }: HandshakeResult): string {
  const label = transports[api.transport]?.label ?? api.transport
  return `${api.requests} requests at once, one query of ${api.queryMs} ms each (${label})`
}

/** The transport that the headline is about: TCP with TLS and SCRAM where it was measured. */
export function headlineTransport({ transports, api }: HandshakeResult): TransportResult {
  const transport =
    transports['tcp-tls-scram'] ?? transports[api.transport] ?? Object.values(transports)[0]
  if (transport === undefined) throw new Error('nothing was measured')
  return transport
}
