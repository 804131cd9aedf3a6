import pg from 'pg'
import * as ours from '../../src/pg/index.js'

/** What both modules offer, typed as the published one. */
export type PgModule = Pick<
  typeof pg,
  | 'Client'
  | 'Pool'
  | 'Query'
  | 'types'
  | 'defaults'
  | 'DatabaseError'
  | 'escapeIdentifier'
  | 'escapeLiteral'
  | 'TypeOverrides'
>

/** The published pg, and ours in its place. */
export const published: PgModule = pg
export const sluice: PgModule = ours as unknown as PgModule
