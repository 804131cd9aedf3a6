import { rejectInCaller } from '../base/caller-stack.js'
import { QueryTimeoutError } from '../base/errors.js'
import type { Limits } from '../wire/limits.js'

/**
 * Settles as `promise` does, or when a limit is reached before.
 *
 * @param sent whether the server may have seen what is waited for
 */
export function within<T>(
  limits: Limits | undefined,
  promise: PromiseLike<T>,
  sent: boolean,
): Promise<T> {
  if (limits === undefined) return Promise.resolve(promise)
  return new Promise((resolve, reject) => {
    limits.start((errorOf) => {
      const error = errorOf(sent)
      if (error instanceof QueryTimeoutError) resolve(rejectInCaller(error))
      else reject(error)
    })
    Promise.resolve(promise)
      .then(resolve, reject)
      .finally(() => limits.stop())
  })
}
