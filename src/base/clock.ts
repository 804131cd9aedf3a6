/** A running timer, as the {@link Clock} that made it knows it. */
export type TimerHandle = NodeJS.Timeout | number

/** Time as the pool sees it, so that its tests can bring their own. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number
  /** Calls `callback` once after `delayMs`. A timer with `ref` false keeps no process alive. */
  setTimer(callback: () => void, delayMs: number, ref: boolean): TimerHandle
  clearTimer(timer: TimerHandle): void
}

/** Bound once: the global is a getter, which costs as much as the time. */
const monotonicMs = performance.now.bind(performance)

/** The clock of the machine. */
export const systemClock: Clock = {
  now: monotonicMs,
  setTimer(callback, delayMs, ref) {
    const timer = setTimeout(callback, delayMs)
    if (!ref) timer.unref()
    return timer
  },
  clearTimer: (timer) => clearTimeout(timer),
}
