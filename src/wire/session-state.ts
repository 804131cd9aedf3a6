/** Statements that leave nothing behind in the session once no transaction is open. */
const HARMLESS =
  /^\s*(?:$|(?:select|values|table|with|insert|update|delete|merge|explain|show|begin|start|commit|end|rollback|abort|savepoint|release)\b)/i

/** What leaves something behind all the same: settings, advisory locks, temporary tables. */
const LEAVES_STATE = /\b(?:set_config|pg_(?:try_)?advisory_lock\w*|temp|temporary|pg_temp\w*)\b/i

/**
 * Whether a query may change what the session keeps beyond its transactions: settings, temporary
 * tables, advisory locks, cursors, LISTEN.
 *
 * It reads the text only, and takes what it does not know for a change. What a function changes
 * behind a plain SELECT it cannot see, unless the server reports it.
 */
export function mayChangeSession(sql: string): boolean {
  return !HARMLESS.test(sql) || hasSeveralStatements(sql) || LEAVES_STATE.test(sql)
}

/**
 * Whether a text may start a COPY. While one runs the server takes what follows for COPY data, so
 * such a query is exclusive.
 */
export function mayCopy(text: string): boolean {
  return /\bcopy\b/i.test(text)
}

/**
 * Whether a text may change what other statements mean, or drop them. Those behind it have to wait for
 * its outcome: bound to what was prepared before, they would fail where one by one they do not.
 */
export function mayRedefine(text: string): boolean {
  return /\b(?:alter|create|drop|discard|deallocate|search_path)\b/i.test(text)
}

function hasSeveralStatements(sql: string): boolean {
  const semicolon = sql.indexOf(';')
  return semicolon !== -1 && sql.slice(semicolon + 1).trim() !== ''
}
