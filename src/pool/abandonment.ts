import type { Request } from '../wire/request.js'

/** Calls `leave` when the deadline or the signal of a request ends it while it waits for a connection. */
export function onAbandoned(request: Request, leave: () => void): void {
  request.onSubmitted({
    abandon() {
      leave()
      return false
    },
  })
}

/**
 * For a request that waits for a connection: aborted when its deadline or its signal ends it meanwhile, so
 * that it leaves its place to others. Undefined when nothing can end it.
 */
export function abandonmentOf(request: Request): AbortSignal | undefined {
  if (!request.isLimited) return undefined
  const control = new AbortController()
  onAbandoned(request, () => control.abort())
  return control.signal
}
