import type { Request } from '../wire/request.js'

/**
 * For a request that waits for a connection: aborted when its deadline or its signal ends it meanwhile, so
 * that it leaves its place to others. Undefined when nothing can end it.
 */
export function abandonmentOf(request: Request): AbortSignal | undefined {
  if (!request.isLimited) return undefined
  const control = new AbortController()
  request.onSubmitted({
    abandon() {
      control.abort()
      return false
    },
  })
  return control.signal
}
