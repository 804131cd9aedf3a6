/** How many requests of each kind one round runs at one concurrency. */
export interface Level {
  readonly concurrency: number
  readonly fresh: number
  readonly pooled: number
}

/** How much the handshake benchmark measures. */
export interface HandshakeSettings {
  readonly rounds: number
  /** No round starts that would end later than this many ms after the first. */
  readonly budgetMs: number
  /** No measurement starts another request after this many ms. */
  readonly limitMs: number
  /** The first must be of concurrency 1. */
  readonly levels: readonly Level[]
  /** Raw connections per round and transport that time TCP and TLS. */
  readonly probes: number
  readonly poolSize: number
  readonly api: {
    readonly bursts: number
    readonly requests: number
    readonly queryMs: number
    readonly minSize: number
    readonly maxSize: number
    readonly smallSize: number
    /** Of the pool that is too small, in ms. */
    readonly acquireTimeout: number
  }
}

const API = {
  bursts: 9,
  requests: 100,
  queryMs: 5,
  minSize: 5,
  maxSize: 30,
  smallSize: 2,
  acquireTimeout: 100,
} as const

/** The run whose figures are worth publishing: one to two minutes. */
export const FULL: HandshakeSettings = {
  rounds: 9,
  budgetMs: 100_000,
  limitMs: 3_000,
  levels: [
    { concurrency: 1, fresh: 100, pooled: 4_000 },
    { concurrency: 10, fresh: 100, pooled: 6_000 },
    { concurrency: 50, fresh: 150, pooled: 6_000 },
  ],
  probes: 20,
  poolSize: 10,
  api: API,
}

/** `--quick`: the same in a few seconds, with less certain tails. */
export const QUICK: HandshakeSettings = {
  ...FULL,
  rounds: 5,
  budgetMs: 14_000,
  limitMs: 600,
  levels: [
    { concurrency: 1, fresh: 25, pooled: 1_000 },
    { concurrency: 10, fresh: 30, pooled: 1_500 },
    { concurrency: 50, fresh: 60, pooled: 1_500 },
  ],
  probes: 6,
  api: { ...API, bursts: 3 },
}
