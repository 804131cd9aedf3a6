import type { PromiseRequest } from '../wire/request.js'
import type { LimitOptions } from './query-options.js'

/** Submits a request to a connection, with the limits that the options ask for, and gives its promise. */
export type Run = <T>(request: PromiseRequest<T>, options: LimitOptions) => Promise<T>
