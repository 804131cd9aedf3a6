import { InterfaceError } from '../../base/errors.js'
import { writeCopyFail } from '../../protocol/frontend.js'
import type { Wire } from '../request.js'
import type { SessionStatement } from '../session-statement.js'
import type { StatementPlan } from '../statement-plan.js'

/*
 * COPY with STDIN or STDOUT, started by a query that has nowhere to take the data from or put it.
 */

/** Ends a COPY FROM STDIN without data; the server answers with an ErrorResponse. */
export function endCopyIn(wire: Wire): void {
  writeCopyFail(wire.out, 'COPY FROM STDIN is not possible by this call')
  wire.flush()
}

/** What the caller learns. */
export function copyRefused(): InterfaceError {
  return new InterfaceError('COPY with STDIN or STDOUT is not possible by this call', {
    safeToRetry: false,
  })
}

const MAY_MENTION_COPY = /^\s*(?:with|insert|update|delete|merge)\b/i

/** Whether a statement starts a COPY: it mentions one, gives no columns and is nothing else that mentions it. */
export function startsCopy(statement: SessionStatement, plan: StatementPlan): boolean {
  return statement.mayCopy && plan.columns.length === 0 && !MAY_MENTION_COPY.test(statement.text)
}
