import { InterfaceError } from '../../base/errors.js'
import { writeCopyFail } from '../../protocol/frontend.js'
import type { Wire } from '../request.js'

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
