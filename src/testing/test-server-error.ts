import { type ErrorDetails, SluiceError } from '../base/errors.js'

/**
 * A server for tests could not be made, started, restarted or stopped. The first line of the
 * message says what failed and what to do; the lines after it are the server's own words.
 */
export class TestServerError extends SluiceError {
  static {
    TestServerError.prototype.name = 'TestServerError'
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, 'ERR_SLUICE_TEST_SERVER', details)
  }
}
