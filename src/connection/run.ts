import type { PromiseRequest } from '../wire/request.js'
import type { LimitOptions } from './query-options.js'
import type { Tell } from './traced-query.js'

/** Submits a request to a connection, with the limits that the options ask for, and gives its promise. */
export type Run = <T>(request: PromiseRequest<T>, options: LimitOptions) => Promise<T>

/** What operations of other modules need of a connection. */
export interface Runner {
  readonly run: Run
  readonly tell: Tell
}
