/** pg with its option `pipeline`, which sends queries without waiting for the answers before. */
import pg from 'pg'
import { pgSessions } from './pg-sessions.mjs'

export { version } from './pg-sessions.mjs'

export const open = (target, mode, job) => pgSessions(pg, target, mode, job, { pipeline: true })
