import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../dist/index.js'
import type { TestPostgres } from '../../dist/testing/index.js'

/** Something that happens to a server. */
export interface Fault {
  readonly name: string
  readonly doc: string
  /** Makes it happen. Resolves, when the server is back, with when that was (`performance.now()`). */
  strike(server: TestPostgres): Promise<number>
}

/** For how long a server is away, in ms. */
export const AWAY_MS = 2_000

export const FAULTS: readonly Fault[] = [
  {
    name: 'kill -9',
    doc: 'the postmaster is killed; the server starts again after 2 s',
    async strike(server) {
      await server.kill('SIGKILL')
      await sleep(AWAY_MS)
      await server.restart()
      return performance.now()
    },
  },
  {
    name: 'terminate',
    doc: 'pg_terminate_backend of all sessions',
    async strike(server) {
      await using admin = await connect(server.adminDsn)
      await admin.execute(`select pg_terminate_backend(pid) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`)
      return performance.now()
    },
  },
  {
    name: 'freeze',
    doc: 'postmaster and sessions get SIGSTOP, and SIGCONT after 2 s',
    async strike(server) {
      const pids = await processes(server)
      for (const pid of pids) signal(pid, 'SIGSTOP')
      await sleep(AWAY_MS)
      for (const pid of pids) signal(pid, 'SIGCONT')
      return performance.now()
    },
  },
  {
    name: 'restart',
    doc: 'a fast restart under load',
    async strike(server) {
      await server.restart('fast')
      return performance.now()
    },
  },
]

async function processes(server: TestPostgres): Promise<readonly number[]> {
  await using admin = await connect(server.adminDsn)
  const pids = await admin.fetch<{ pid: number }>(
    "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
  )
  const file = await admin.fetchval<string>("select pg_read_file('postmaster.pid')")
  return [Number.parseInt(file ?? '', 10), ...pids.map(({ pid }) => pid)]
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself.
  }
}
