import { startPostgres, type TestPostgres } from '../../dist/testing/index.js'
import type { PeerTarget } from '../pool/peers.js'

/** A server of the benchmark's own, gone with its scope. */
export async function ownServer(
  settings: Record<string, string | number> = {},
): Promise<TestPostgres> {
  return startPostgres({ settings: { max_connections: 200, ...settings } })
}

/** Where it is. */
export function targetOf(server: TestPostgres): PeerTarget {
  const url = new URL(server.adminDsn)
  return {
    host: '127.0.0.1',
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database: url.pathname.slice(1),
  }
}
