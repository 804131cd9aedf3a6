import { startPostgres, type TestPostgres } from '../../dist/testing/index.js'
import type { LeftOut } from './result.js'
import { type Route, routeName } from './route.js'
import { inspect, type Target, type Transport, transportOf } from './target.js'

// 10 pooled connections on each of 4 transports, or 32 of the web API, and up to 100 fresh ones,
// whose predecessors may still be about to go.
const SETTINGS = { max_connections: 300 }

const ORIGINS: Readonly<Record<string, string>> = {
  embedded: 'embedded, on the same machine',
  testcontainers: 'in a container, on the same machine',
}

/** A server of the benchmark's own, with a Unix socket (where its provider has one), TLS and SCRAM. */
export async function embeddedTarget(signal: AbortSignal): Promise<Target> {
  const server = await startPostgres({ settings: SETTINGS })
  try {
    signal.throwIfAborted()
    return await describeServer(server, signal)
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function describeServer(server: TestPostgres, signal: AbortSignal): Promise<Target> {
  const ways: [Route['tls'], string][] = [
    ['none', server.dsn({ auth: 'scram-sha-256', sslmode: 'disable' })],
    ['negotiated', server.dsn({ auth: 'scram-sha-256', sslmode: 'verify-full' })],
  ]
  const leftOut: LeftOut[] = []
  if (server.socketDir === undefined) {
    leftOut.push({ transport: 'unix-trust', reason: 'the server has no Unix socket' })
  } else {
    ways.unshift(['none', server.dsn({ auth: 'trust', host: 'socket' })])
  }
  // An own server may be asked for in an older version: SSLRequest was the only way before 17.
  if (Number.parseInt(server.version ?? '', 10) < 17) {
    const transport = routeName({ path: 'tcp', tls: 'direct', auth: 'scram-sha-256' })
    leftOut.push({
      transport,
      reason: `PostgreSQL ${server.version} has no direct TLS negotiation`,
    })
  } else {
    const parameters = { sslnegotiation: 'direct' }
    ways.push(['direct', server.dsn({ auth: 'scram-sha-256', sslmode: 'verify-full', parameters })])
  }
  const inspected = await Promise.all(
    ways.map(async ([tls, dsn]) => ({ tls, dsn, facts: await inspect(dsn, signal) })),
  )
  const [first] = inspected
  if (first === undefined) throw new Error('there is no way to the server')
  return {
    server: first.facts.server,
    origin: ORIGINS[server.description.provider] ?? server.description.provider,
    transports: inspected.map(
      ({ tls, dsn, facts }): Transport => transportOf(dsn, tls, facts, server.ca),
    ),
    leftOut,
    // Counted while its neighbours were open: there is at least this much.
    room: Math.min(...inspected.map(({ facts }) => facts.room)),
    close: () => server.stop(),
  }
}
