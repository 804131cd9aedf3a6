import { EncodeError, type ServerMessageFields } from '../base/errors.js'
import type { Session } from './session.js'
import type { SessionStatement } from './session-statement.js'

/** SQLSTATEs that say that a prepared statement can no longer be used, or is not there. */
const INVALID_SQL_STATEMENT_NAME = '26000'
const FEATURE_NOT_SUPPORTED = '0A000'

/** SQLSTATE of a composite parameter that has other attributes than its type (rowtypes.c), among others. */
const DATATYPE_MISMATCH = '42804'

/** The class of what the analysis of a text finds, and in it what only its execution does. */
const SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION = '42'
const INSUFFICIENT_PRIVILEGE = '42501'

/** What the server says, among others, of a type that was dropped: "cache lookup failed". */
const INTERNAL_ERROR = 'XX000'

/** The function of the server that refuses a plan whose rows would be of other types (plancache.c). */
const REVALIDATION = 'RevalidateCachedQuery'

/**
 * Forgets what is no longer true of a statement, or of types, where that is why the server refused its
 * Bind. Gives whether it is: then the statement can be prepared anew and bound again.
 */
export function forgetStale(
  statement: SessionStatement,
  session: Session,
  { code = '', routine = REVALIDATION }: ServerMessageFields,
): boolean {
  const isMissing = code === INVALID_SQL_STATEMENT_NAME
  if (!isMissing && !isOutdated(code, routine)) return false
  if (code === DATATYPE_MISMATCH && hasOwnTypes(statement, session)) session.catalogue.reload()
  // Nobody has dropped it, as far as this session knows: then this is not the session that has it.
  if (isMissing && statement.name !== '' && !statement.isDropped) session.onPooler()
  if (!isMissing) session.descriptions.delete(statement.text)
  session.statements.delete(statement)
  statement.drop()
  return true
}

/**
 * A parameter does not fit its type. It may be another by now, in a way that the server does not mind,
 * such as int8 for int4: the next use asks for it.
 */
export function onMisfit(error: unknown, statement: SessionStatement, session: Session): void {
  if (!(error instanceof EncodeError)) return
  session.descriptions.delete(statement.text)
  session.statements.delete(statement)
  statement.drop()
}

/** Whether the server can no longer make a plan, of a text that it could make one of. */
function isOutdated(code: string, routine: string): boolean {
  if (code === FEATURE_NOT_SUPPORTED) return routine === REVALIDATION
  if (code === INTERNAL_ERROR) return true
  return code.startsWith(SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION) && code !== INSUFFICIENT_PRIVILEGE
}

/** Whether a parameter is of a type that the catalogue tells of. */
function hasOwnTypes({ state }: SessionStatement, { types }: Session): boolean {
  return state.kind === 'ready' && !types.areBuiltin(state.description.parameterTypeOids)
}
