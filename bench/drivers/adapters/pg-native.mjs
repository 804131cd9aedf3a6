/** pg over libpq, by the package pg-native. */
import pg from 'pg'
import { pgSessions } from './pg-sessions.mjs'

export { version } from './pg-sessions.mjs'

export async function open(target, mode, job) {
  if (job.kind === 'copy' || job.kind === 'stream') throw new Error('pg-native has no streams')
  if (pg.native === null) throw new Error('pg-native is not built')
  return pgSessions(pg.native, target, mode, job, {})
}
