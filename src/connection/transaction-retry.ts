import { PostgresError } from '../base/errors.js'
import { TransactionOutcomeUnknownError } from '../base/transaction-errors.js'

/** serialization_failure and deadlock_detected: the server gave up on a transaction because of others. */
const RETRYABLE: ReadonlySet<string> = new Set(['40001', '40P01'])

/** How far down the causes of an error are looked at; they may run in a circle. */
const MAX_CAUSES = 10

/** Whether an error says, or was caused by one that says, that the transaction may succeed the next time. */
export function isRetryable(error: unknown): boolean {
  let each = error
  for (let i = 0; i < MAX_CAUSES && each instanceof Error; i++) {
    if (each instanceof TransactionOutcomeUnknownError) return false
    if (each instanceof PostgresError && RETRYABLE.has(each.code)) return true
    each = each.cause
  }
  return false
}
