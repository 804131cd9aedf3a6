/**
 * Undoes all that a session keeps beyond its transactions, except prepared statements, which stay
 * warm. DISCARD ALL would drop those too, and refuses to run in a script.
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
export function resetScript(inTransaction: boolean, sessionChanged: true): string
export function resetScript(inTransaction: boolean, sessionChanged: boolean): string | undefined
export function resetScript(inTransaction: boolean, sessionChanged: boolean): string | undefined {
  if (!inTransaction) return sessionChanged ? RESET : undefined
  return sessionChanged ? `rollback; ${RESET}` : 'rollback'
}
