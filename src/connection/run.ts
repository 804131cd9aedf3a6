import { QueryTimeoutError } from '../base/errors.js'
import type { Limits } from '../wire/limits.js'
import type { PromiseRequest } from '../wire/request.js'
import type { LimitOptions } from './query-options.js'
import type { Tell } from './traced-query.js'

/** Submits a request to a connection, with the limits that the options ask for, and gives its promise. */
export type Run = <T>(request: PromiseRequest<T>, options: LimitOptions) => Promise<T>

/** What operations of other modules need of a connection. */
export interface Runner {
  readonly run: Run
  readonly tell: Tell
  /** What the options ask for, and the connection for those that have none. */
  readonly limitsOf: (options: LimitOptions) => Limits | undefined
  /** See `QueryDefaults`. */
  readonly usesStatements: boolean
}

/** The runner for the rest of an operation, whose wait for the first of its data `limits` have ended already. */
export function continued(runner: Runner, limits: Limits | undefined): Runner {
  if (limits === undefined) return runner
  const run: Run = (request) => {
    request.limitBy(limits)
    return runner.run(request, { timeout: 0 })
  }
  return { ...runner, run }
}

/**
 * Runs what has to be done in the end: it is done, too, when its caller waits for it no longer.
 *
 * @param run does it, within the limits that it is given
 */
export async function runToEnd(
  run: (limits: LimitOptions) => Promise<unknown>,
  options: LimitOptions,
): Promise<void> {
  try {
    await run(options)
  } catch (error) {
    const isGivenUp = options.signal?.aborted && error === options.signal.reason
    if (isGivenUp || error instanceof QueryTimeoutError) run({ timeout: 0 }).catch(() => {})
    throw error
  }
}
