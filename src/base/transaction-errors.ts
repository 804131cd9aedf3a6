import {
  ConnectionError,
  type ConnectionErrorDetails,
  type ErrorDetails,
  SluiceError,
} from './errors.js'

/**
 * The connection was lost, or given up, while COMMIT was under way: the server may have committed or
 * rolled back, and nothing but looking tells. Never repeat the transaction blindly. `cause` is the loss.
 */
export class TransactionOutcomeUnknownError extends ConnectionError {
  static {
    TransactionOutcomeUnknownError.prototype.name = 'TransactionOutcomeUnknownError'
  }
  constructor(details: ConnectionErrorDetails = {}) {
    const reason = details.cause instanceof Error ? `: ${details.cause.message}` : ''
    super(
      `whether the transaction was committed is unknown, since the answer to COMMIT did not come${reason}`,
      details,
      'ERR_SLUICE_OUTCOME_UNKNOWN',
    )
  }
}

/**
 * The server answered COMMIT by rolling back: a statement of the transaction had failed before, which
 * its own error said. Nothing of the transaction lasts.
 */
export class CommitRolledBackError extends SluiceError {
  static {
    CommitRolledBackError.prototype.name = 'CommitRolledBackError'
  }
  constructor(details: ErrorDetails = {}) {
    super(
      'the transaction was rolled back instead of committed, since one of its statements had failed',
      'ERR_SLUICE_COMMIT_ROLLED_BACK',
      details,
    )
  }
}
