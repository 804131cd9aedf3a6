/** sluice's drop-in for pg, used as pg is. */
import { createRequire } from 'node:module'
import { pgSessions } from './pg-sessions.mjs'

const require = createRequire(import.meta.url)
export const { version } = require('../../../package.json')

export const open = async (target, mode, job) =>
  pgSessions(await import('../../../dist/pg/index.js'), target, mode, job, {})
