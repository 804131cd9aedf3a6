import type { Request } from '../wire/request.js'
import type { Session } from '../wire/session.js'

/**
 * A connection as those see it who need the same one for several requests: transactions, cursors. It
 * is theirs until the promise of the function that got it settles, and refuses requests afterwards.
 */
export interface HeldConnection {
  /** What the server told of the session, as it is now. */
  readonly session: Session
  /** Hands a request to the connection, which settles it in all cases. */
  submit(request: Request): void
}

/** How to come by a {@link HeldConnection}. */
export interface HoldOptions {
  /** How long to wait for a free connection, in ms, where one has to be waited for. */
  readonly timeout?: number
  /** Gives up the waiting when it is aborted. */
  readonly signal?: AbortSignal
}
