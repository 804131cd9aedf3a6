import { Limits } from '../wire/limits.js'
import type { PromiseRequest } from '../wire/request.js'

/** Has a signal end a request, besides the limits that it may have already. */
export function limitBySignal(request: PromiseRequest<unknown>, signal: AbortSignal): void {
  if (!request.isLimited) {
    request.limitBy(new Limits(0, signal))
    return
  }
  const limits = new Limits(0, signal)
  const stop = () => limits.stop()
  limits.start((errorOf) => request.abandon(errorOf))
  request.promise.then(stop, stop)
}
