import { SimpleQueryRequest } from './simple-query.js'

/** The script that undoes what a borrower has left in a session. */
export class ResetRequest extends SimpleQueryRequest {
  readonly isOwn = true
}
