import type { Clock, TimerHandle } from '../base/clock.js'

/** The longest delay that a Node.js timer can take: 2³¹ − 1 ms; a longer one would fire at once. */
export const MAX_TIMER_MS = 0x7fffffff

/**
 * The one timer of a pool. It knows when the next thing is due, not what: it calls `sweep`, which
 * compares timestamps and schedules the next visit. So a release costs a comparison, never a timer.
 *
 * The timer is unref'd, except while somebody waits for what it will do: a caller whose only hope is
 * the next attempt to connect would otherwise see the process end under its pending promise.
 */
export class Housekeeper {
  readonly #clock: Clock
  readonly #sweep: () => void
  #timer: TimerHandle | undefined
  #dueAtMs = Number.POSITIVE_INFINITY
  #holdsProcess = false

  /** `sweep` may come early, by the clamping of long delays and the rounding of timers. */
  constructor(clock: Clock, sweep: () => void) {
    this.#clock = clock
    this.#sweep = sweep
  }

  /** Replaces the next visit. `Infinity` cancels it. */
  schedule(dueAtMs: number, holdsProcess: boolean): void {
    if (dueAtMs === this.#dueAtMs && holdsProcess === this.#holdsProcess) return
    this.stop()
    if (dueAtMs === Number.POSITIVE_INFINITY) return
    this.#dueAtMs = dueAtMs
    this.#holdsProcess = holdsProcess
    const delayMs = Math.min(Math.max(Math.ceil(dueAtMs - this.#clock.now()), 0), MAX_TIMER_MS)
    this.#timer = this.#clock.setTimer(this.#onTimer, delayMs, holdsProcess)
  }

  /** Brings the next visit forward to `dueAtMs`, if it is later than that. */
  wakeBy(dueAtMs: number): void {
    if (dueAtMs < this.#dueAtMs) this.schedule(dueAtMs, this.#holdsProcess)
  }

  /** Nobody waits for the next visit any more; it stays, but keeps no process alive. */
  letProcessExit(): void {
    if (this.#holdsProcess) this.schedule(this.#dueAtMs, false)
  }

  /** Cancels the next visit. */
  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#forget()
  }

  readonly #onTimer = (): void => {
    this.#forget()
    this.#sweep()
  }

  #forget(): void {
    this.#timer = undefined
    this.#dueAtMs = Number.POSITIVE_INFINITY
    this.#holdsProcess = false
  }
}
