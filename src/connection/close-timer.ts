/** Timers of Node.js fire at once beyond this, some 25 days. */
const MAX_TIMER_MS = 0x7fffffff

/**
 * Calls `terminate` after `timeout` ms, unless the timer it gives is cleared. Without a timeout, or
 * with one beyond what a timer can count, it never does.
 * @throws {TypeError} if `timeout` is no number of at least 0.
 */
export function startCloseTimer(
  timeout: number | undefined,
  terminate: () => void,
): NodeJS.Timeout | undefined {
  if (timeout === undefined) return undefined
  if (typeof timeout !== 'number' || !(timeout >= 0)) {
    throw new TypeError('the option "timeout" must be a number of milliseconds, at least 0')
  }
  return timeout > MAX_TIMER_MS ? undefined : setTimeout(terminate, timeout)
}
