import type { Machine } from '../support/machine.js'
import type { Latency } from '../support/statistics.js'

/** Medians, in ms, of what a fresh connection goes through. A phase that does not apply is 0. */
export interface Phases {
  /** Until the TCP socket is connected. */
  readonly tcp: number
  /** SSLRequest and its answer (not with direct negotiation), then the TLS handshake. */
  readonly tls: number
  /** The rest until the connection is usable: server process, startup, authentication. */
  readonly auth: number
  /** The first query, which is also the first to be parsed. */
  readonly firstQuery: number
}

/** The same request on a fresh connection and on one of a pool. */
export interface Comparison {
  readonly fresh: Latency
  readonly pooled: Latency
  /** Share (0 to 1) of the fresh p50 that pooling removes. */
  readonly saved: number
}

/** What was measured on one way to the server. The figures beside `concurrency` are of one request at a time. */
export interface TransportResult extends Comparison {
  readonly label: string
  readonly phases: Phases
  /** Median time, in ms, from the query's result until the connection is closed. */
  readonly close: number
  /** Share (0 to 1) of a fresh request that goes into connecting. */
  readonly setupShare: number
  /** The TLS version and cipher in use, or `null` without TLS. */
  readonly tls: string | null
  /** The same under load, by the number of requests at once. */
  readonly concurrency: Readonly<Record<string, Comparison>>
}

/** Many requests at once, as a web API sees them: without a pool, with a good one, with one too small. */
export interface ApiResult {
  readonly transport: string
  /** Requests that start at the same moment. */
  readonly requests: number
  /** What the query of each request takes in the server, in ms. */
  readonly queryMs: number
  readonly fresh: Latency
  readonly pooled: Latency & {
    readonly minSize: number
    readonly maxSize: number
    /** The very first burst, in which the pool grows from minSize to maxSize. */
    readonly firstBurst: Latency
  }
  /** Latency and throughput of the served requests only. */
  readonly small: Latency & {
    readonly maxSize: number
    /** In ms. */
    readonly acquireTimeout: number
    /** Requests of a burst that got a connection in time. */
    readonly served: number
    /** Requests of a burst that got a PoolTimeoutError instead. */
    readonly timedOut: number
  }
  /** Share (0 to 1) of the fresh p50 that the good pool removes. */
  readonly saved: number
}

/** A way to the server that could not be measured, and why. */
export interface LeftOut {
  readonly transport: string
  readonly reason: string
}

/** The contents of `handshake.json`. */
export interface HandshakeResult {
  readonly server: string
  /** Where the server comes from, in words. */
  readonly origin: string
  readonly node: string
  readonly measuredAt: string
  /** The command that makes these figures again; a DSN is not repeated in it. */
  readonly command: string
  readonly machine: Machine
  readonly method: {
    readonly query: string
    /** Rounds carried out; fewer than planned if the time was up. */
    readonly rounds: number
    readonly poolSize: number
    /** Requests of one round at each concurrency. */
    readonly requests: readonly {
      readonly concurrency: number
      readonly fresh: number
      readonly pooled: number
    }[]
    /** Raw connections of one round that gave the TCP and TLS phases. */
    readonly probes: number
  }
  readonly transports: Readonly<Record<string, TransportResult>>
  readonly leftOut: readonly LeftOut[]
  /** What the reader of the figures must know about this run. */
  readonly notes: readonly string[]
  readonly api: ApiResult
}
