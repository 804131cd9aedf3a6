/**
 * Gives a promise that rejects with `error`, whose stack has become that of the code awaiting it.
 *
 * Remembering the caller of every query costs an `Error` each. Instead the promise handed out is
 * resolved with this one, and only on failure: V8 then finds the awaiting functions by following the
 * promises, provided that this function is suspended at least once (resolving with a promise takes a
 * turn of the microtask queue, after which the awaiters are linked to it).
 */
export async function rejectInCaller(error: Error): Promise<never> {
  await undefined
  await undefined
  Error.captureStackTrace(error, rejectInCaller)
  throw error
}
