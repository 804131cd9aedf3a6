/**
 * Undoes what a session keeps beyond its transactions, except prepared statements, which stay warm,
 * and roles: DISCARD ALL would do that too, but drop the statements and refuse to run in a script.
 */
const RESET = [
  'select pg_catalog.pg_advisory_unlock_all()',
  'close all',
  'unlisten *',
  'set session authorization default',
  'reset all',
  'discard temp',
  'discard sequences',
].join('; ')

/** The script that makes a returned session as good as new; undefined when there is nothing to do. */
export function resetScript(inTransaction: boolean, sessionChanged: boolean): string | undefined {
  if (!inTransaction) return sessionChanged ? RESET : undefined
  return sessionChanged ? `rollback; ${RESET}` : 'rollback'
}
