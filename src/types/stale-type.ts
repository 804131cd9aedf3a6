import { DecodeError } from '../base/errors.js'

/** The code of a {@link DecodeError} for a value that is not what the catalogue said of its type. */
export const STALE_TYPE = 'ERR_SLUICE_STALE_TYPE'

/**
 * Makes the error for a value that shows that its type is another than it was when the catalogue was
 * read: whoever gets it may read the catalogue anew and decode the value again.
 * @param what what differs.
 */
export function staleType(type: string, what: string): DecodeError {
  return new DecodeError(`${type}: ${what}; after a change of types call reloadSchema()`, {
    type,
    code: STALE_TYPE,
  })
}

/** Whether an error, or that which it is about, says that a type is another than it was. */
export function isStaleType(error: unknown): boolean {
  return error instanceof DecodeError && error.code === STALE_TYPE
}
