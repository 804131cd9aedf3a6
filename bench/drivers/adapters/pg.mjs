/** pg as its documentation has it: named statements (prepared once per connection). */
import pg from 'pg'
import { pgSessions } from './pg-sessions.mjs'

export { version } from './pg-sessions.mjs'

export const open = (target, mode, job) => pgSessions(pg, target, mode, job, {})
