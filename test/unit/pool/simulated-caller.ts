/** A caller as the simulation knows it. */
export interface Caller {
  readonly id: number
  readonly deadlineMs: number
  /** Aborts an `acquire`; without it the caller came by `enqueue`. */
  readonly controller: AbortController | undefined
  handle: number
  calls: number
  isCancelled: boolean
}
