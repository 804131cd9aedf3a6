import { setTimeout as sleep } from 'node:timers/promises'

/** One call of a program, and how it went. */
export interface CallOutcome {
  readonly name: string
  /** How many rows the call leaves in the database when it succeeds. */
  readonly effects: number
  state: 'pending' | 'fulfilled' | 'rejected' | 'hung'
  value?: unknown
  error?: unknown
}

/** The deadline of calls behind one that hung, in ms. */
const HUNG_AGAIN_MS = 3_000

/** What a driver may need to notice that a connection has fallen silent, in ms. */
const RECOVERY_MS = 10_000
const RECOVERY_PAUSE_MS = 50

/**
 * Runs the calls of a program and keeps how each went. None of them throws: a program goes on behind a
 * call that failed, so that all behind the fault shows whether the driver has recovered.
 */
export class CallLog {
  readonly outcomes: CallOutcome[] = []
  #deadlineMs: number

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs
  }

  /** Makes a call and gives its value, or undefined when it failed or did not settle in time. */
  async call<T>(name: string, effects: number, work: () => Promise<T>): Promise<T | undefined> {
    const outcome: CallOutcome = { name, effects, state: 'pending' }
    this.outcomes.push(outcome)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        outcome.state = 'hung'
        // Where one hangs others will: nobody wants to wait for each of them.
        this.#deadlineMs = Math.min(this.#deadlineMs, HUNG_AGAIN_MS)
        resolve()
      }, this.#deadlineMs)
    })
    // What settles after the deadline is not looked at any more.
    const settled = this.#settle(outcome, work)
    await Promise.race([settled, late])
    clearTimeout(timer)
    return outcome.state === 'fulfilled' ? (outcome.value as T) : undefined
  }

  /** As {@link call}, for what gives something to work with, which is no value to compare. */
  async open<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    let opened: T | undefined
    await this.call(name, 0, async () => {
      opened = await work()
    })
    return opened
  }

  /** The last thing of a program: whether a call succeeds again, within {@link RECOVERY_MS}. */
  async recovers(name: string, work: () => Promise<unknown>): Promise<boolean> {
    const endMs = performance.now() + RECOVERY_MS
    for (let attempt = 1; performance.now() < endMs; attempt++) {
      if ((await this.call(`${name}, attempt ${attempt}`, 0, work)) !== undefined) return true
      await sleep(RECOVERY_PAUSE_MS)
    }
    return false
  }

  async #settle(outcome: CallOutcome, work: () => Promise<unknown>): Promise<void> {
    try {
      const value = await work()
      if (outcome.state === 'pending') Object.assign(outcome, { state: 'fulfilled', value })
    } catch (error) {
      if (outcome.state === 'pending') Object.assign(outcome, { state: 'rejected', error })
    }
  }
}
