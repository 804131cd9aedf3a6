import { setTimeout as sleep } from 'node:timers/promises'
import { inject } from 'vitest'
import { takePorts } from './left-behind.js'

/** A session begins at most so long after its socket is connected. */
const START_MS = 5_000

const QUERY = `
  select pid, state, left(query, 80) as query, client_port, extract(epoch from backend_start) * 1000 as started
  from pg_catalog.pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`

/**
 * Waits until the server that all tests share has no session that this process began, and gives those that
 * go on in spite of that. A session is known by the port of its client, and by when it began, since
 * ports are used again by others: soon after they are free where a file makes thousands of connections. Sessions over a unix socket have no port, and are not seen; nor are those
 * of a server that was there already, which may not notice that a client has left.
 */
export async function endsOfSessions(graceMs: number): Promise<readonly string[]> {
  const ports = takePorts()
  const server = inject('postgres')
  if (server?.host === undefined || server.provider === 'external' || ports.size === 0) return []
  const { connect } = await import('../../src/index.js')
  const { ServerAddress } = await import('../../src/testing/index.js')
  const conn = await connect(new ServerAddress(server).adminDsn, {
    applicationName: 'hygiene',
    types: { numeric: 'number' },
  })
  try {
    const end = performance.now() + graceMs
    for (;;) {
      const sessions = await conn.fetch<Session>(QUERY)
      const own = sessions.filter(({ client_port, started }) => {
        const use = ports.get(client_port)
        if (use === undefined) return false
        return Math.abs(started - use.connected) < START_MS && started <= use.closed
      })
      if (own.length === 0 || performance.now() > end) {
        return own.map(
          ({ pid, state, query }) => `a session of the server (${pid}, ${state}): ${query}`,
        )
      }
      await sleep(50)
    }
  } finally {
    await conn.close()
  }
}

interface Session {
  readonly pid: number
  readonly state: string
  readonly query: string
  readonly client_port: number
  readonly started: number
}
