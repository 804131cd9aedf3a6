import type { CallLog } from './call-log.js'

/** Where a program connects to, by way of the proxy. */
export interface SweepTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly tls: boolean
  /** What the server knows the connections by: `application_name`. */
  readonly application: string
  /** How long a call may take whose connection has fallen silent, in ms; undefined where none does. */
  readonly patienceMs: number | undefined
}

/** A driver with a fixed program that uses all its features. */
export interface Subject {
  readonly name: string
  /**
   * Runs the program; never rejects. Rows that it leaves go into {@link EFFECTS_TABLE}, under the number of
   * the run and the name of the call. Gives whether the driver works at the end.
   */
  run(target: SweepTarget, run: number, log: CallLog): Promise<boolean>
  /** Why an error is not one of those that the driver promises for a lost connection; else undefined. */
  objectTo(error: unknown): string | undefined
  /** Whether an error says that the server cannot have acted, which is what no other driver says. */
  isSafeToRetry(error: unknown): boolean
}

/** The table that all programs write to. */
export const EFFECTS_TABLE = 'sweep_effects'

/** What makes that table, and all else that the programs use. */
export const SWEEP_SCHEMA: string = `
  create table ${EFFECTS_TABLE} (run int, call text);
  create index on ${EFFECTS_TABLE} (run);
  create type sweep_mood as enum ('sad', 'happy');
  create type sweep_pair as (mood sweep_mood, n int);
`

export const DROP_SWEEP_SCHEMA: string = `drop table ${EFFECTS_TABLE}; drop type sweep_pair, sweep_mood`

/** Writes one row of effects, by `$1` and `$2`. */
export const INSERT_EFFECT: string = `insert into ${EFFECTS_TABLE} values ($1, $2)`
