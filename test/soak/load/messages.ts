/** What the process of the callers is told first; then it is told `stop`. */
export interface LoadOptions {
  readonly dsn: string
  readonly callers: number
  readonly seed: number
}

/** How the process of the callers is at a moment. */
export interface LoadSample {
  readonly atMs: number
  /** In bytes, behind a collection. */
  readonly rss: number
  readonly heapUsed: number
  readonly sockets: number
  readonly timers: number
  /** Calls that have succeeded so far. */
  readonly calls: number
}

/** A call that failed. */
export interface LoadFailure {
  readonly atMs: number
  readonly call: string
  readonly what: string
}

/** What it says at its end. */
export interface LoadReport {
  /** How often each operation succeeded. */
  readonly counts: Readonly<Record<string, number>>
  /** Sockets and timers that are there when all is closed. */
  readonly left: readonly string[]
  readonly created: number
  readonly events: number
  readonly gaps: number
}

/** One message of it, of which it is one thing. */
export interface LoadMessage {
  readonly sample?: LoadSample
  readonly failure?: LoadFailure
  readonly hung?: string
  readonly uncaught?: string
  readonly report?: LoadReport
}
