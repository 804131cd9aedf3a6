import type { Machine } from '../support/machine.js'
import type { ModeName } from './cases.js'

/** What one worker measured in one round. */
export interface Measurement {
  readonly queries: number
  readonly rows: number
  readonly ms: number
  /** Processor time of the client, user and system, for a query, in microseconds. */
  readonly cpuUs: number
  /** Latency in ms; absent where the tool does not tell. */
  readonly p50?: number
  readonly p99?: number
  /** The most memory that the process had, in MiB. */
  readonly rssMb?: number
}

/** A {@link Measurement} and what it cost the server. */
export interface Round extends Measurement {
  /** Processor time of the server for a query, in microseconds. */
  readonly serverUs?: number
}

/** The medians of a driver over the rounds of one case in one mode. */
export interface DriverFigures {
  readonly case: string
  readonly mode: ModeName
  readonly driver: string
  /** Queries a second. */
  readonly qps: number
  readonly rowsPerSecond: number
  readonly cpuUs: number
  /** Processor time of the server for a query, in microseconds; absent where the system does not tell. */
  readonly serverUs?: number
  readonly p50?: number
  readonly p99?: number
  readonly rssMb?: number
  readonly rounds: number
  /** How far the rounds lie apart: (greatest − smallest) / median of qps. */
  readonly spread: number
}

/** A driver that did not take part in a case, and why. */
export interface Absence {
  readonly case: string
  readonly mode: ModeName
  readonly driver: string
  readonly reason: string
}

/** Geometric means of a driver's ratios to a base, over the MagicStack cases that both have. */
export interface GeometricMean {
  /** How many times the base's queries a second. */
  readonly qps: number
  /** How many times less processor time for a query. */
  readonly cpu: number
  readonly cases: number
}

/** The contents of `drivers.json`. */
export interface DriversResult {
  readonly server: string
  readonly measuredAt: string
  readonly command: string
  readonly machine: Machine
  readonly node: string
  /** The driver that ratios in tables are to. */
  readonly base: string
  /** Of each case; of those that spread widely there were more. */
  readonly rounds: number
  /** The time of one measurement, in ms. */
  readonly roundMs: number
  /** The versions of the drivers that took part. */
  readonly versions: Readonly<Record<string, string>>
  readonly results: readonly DriverFigures[]
  readonly absent: readonly Absence[]
  /** By driver, then by base: over the MagicStack seven with ten connections. */
  readonly geomean: Readonly<Record<string, Readonly<Record<string, GeometricMean>>>>
}
