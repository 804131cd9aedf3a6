import { InterfaceError } from '../base/errors.js'

/** Ends a request whose results nobody wants any more. Whoever left knows, so nobody gets it. */
export class ReaderLeftError extends InterfaceError {
  /** @param what was read */
  constructor(what: 'rows' | 'data') {
    super(`the reader of the ${what} left`, { safeToRetry: false })
  }
}
