import { type Connection, connect } from '../../dist/index.js'
import type { ProbeTarget } from './probe.js'
import type { LeftOut } from './result.js'
import type { Route } from './route.js'

/** One way to the server, ready to be measured. */
export interface Transport {
  readonly route: Route
  readonly dsn: string
  /** `null` on a Unix socket, where there is nothing below the protocol worth a figure. */
  readonly probe: ProbeTarget | null
  /** The TLS version and cipher the server reports, or `null`. */
  readonly tlsSession: string | null
}

/** The server under test. */
export interface Target {
  /** Such as `PostgreSQL 18.4`. */
  readonly server: string
  /** Where it comes from, in words. */
  readonly origin: string
  readonly transports: readonly Transport[]
  readonly leftOut: readonly LeftOut[]
  /** Connections that the server still accepts, those of the benchmark included. */
  readonly room: number
  /** Stops the server if the benchmark started it. */
  close(): Promise<void>
}

/** What the server says about a connection. */
export interface ConnectionFacts {
  readonly server: string
  readonly majorVersion: number
  /** `host:port`, or the path of a Unix socket. */
  readonly address: string
  /** The authentication method, or `null` where the server (before 16) does not tell. */
  readonly auth: string | null
  readonly tlsSession: string | null
  readonly room: number
}

// Autovacuum and the like have slots of their own; reserved slots are not for us.
const ROOM = `
  select current_setting('max_connections')::int4
       - current_setting('superuser_reserved_connections')::int4
       - coalesce(current_setting('reserved_connections', true)::int4, 0)
       - (select count(*)::int4 from pg_stat_activity
          where backend_type = 'client backend' and pid <> pg_backend_pid())`

const TLS_SESSION = `
  select version || ', ' || cipher from pg_stat_ssl where ssl and pid = pg_backend_pid()`

/** Connects, asks the server about the connection, and closes it. */
export async function inspect(dsn: string, signal: AbortSignal): Promise<ConnectionFacts> {
  const connection = await connect(dsn, { signal })
  try {
    const version = await connection.fetchval<string>("select current_setting('server_version')")
    const majorVersion = Number.parseInt(version ?? '0', 10)
    return {
      // Packagers append their own version: "17.2 (Debian 17.2-1.pgdg120+1)".
      server: `PostgreSQL ${version?.split(' ', 1)[0]}`,
      majorVersion,
      address: connection.address,
      auth: majorVersion >= 16 ? await authenticationMethod(connection) : null,
      tlsSession: await connection.fetchval<string>(TLS_SESSION),
      room: (await connection.fetchval<number>(ROOM)) ?? 0,
    }
  } finally {
    await connection.close()
  }
}

// system_user is "method:identity", and null where trust asked for nothing.
async function authenticationMethod(connection: Connection): Promise<string> {
  const user = await connection.fetchval<string>('select system_user')
  return user?.split(':', 1)[0] ?? 'trust'
}

/** The transport that a DSN gives, as the server sees it. */
export function transportOf(
  dsn: string,
  tls: Route['tls'],
  facts: ConnectionFacts,
  ca?: string,
): Transport {
  const { address, auth, tlsSession } = facts
  const path = address.startsWith('/') ? 'unix' : 'tcp'
  return {
    route: { path, tls, auth },
    dsn,
    probe: path === 'unix' ? null : { ...hostAndPort(address), tls, ca },
    tlsSession,
  }
}

function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1') // [::1]
  return { host, port: Number(address.slice(colon + 1)) }
}
