import { parseInt8AsNumber } from './types.js'

/**
 * What is used where neither the configuration nor the environment says anything. Read whenever a
 * client or a pool is made, so changing a value counts from then on.
 */
export interface Defaults {
  host: string
  user: string | undefined
  database: string | undefined
  password: string | null
  /** Connection string for who gives none. */
  connectionString: string | undefined
  port: number
  rows: number
  /** Of no effect: results in binary are broken in pg, see docs/pg-compat.md. */
  binary: boolean
  max: number
  /** Of no effect, as in pg: a pool has 10,000. */
  idleTimeoutMillis: number
  client_encoding: string
  ssl: unknown
  sslnegotiation: 'postgres' | 'direct' | undefined
  application_name: string | undefined
  fallback_application_name: string | undefined
  options: string | undefined
  /** As the option of a client. */
  nativeTypes: boolean
  /** As the option of a client. */
  statementCacheSize: number
  /** Dates are sent as the clock of UTC shows them, instead of the local one. */
  parseInputDatesAsUTC: boolean
  statement_timeout: number | false
  lock_timeout: number | false
  idle_in_transaction_session_timeout: number | false
  query_timeout: number | false
  connect_timeout: number
  keepalives: number
  keepalives_idle: number
  /** Of no effect, as in pg, like the two below. */
  poolSize?: number
  poolIdleTimeout?: number
  reapIntervalMillis?: number
  /** Set only: whether `int8` and `int8[]` are numbers, in the whole process. */
  parseInt8: boolean
}

function makeDefaults(): Defaults {
  const values: Omit<Defaults, 'parseInt8'> = {
    host: 'localhost',
    user: process.platform === 'win32' ? process.env['USERNAME'] : process.env['USER'],
    database: undefined,
    password: null,
    connectionString: undefined,
    port: 5432,
    rows: 0,
    binary: false,
    max: 10,
    idleTimeoutMillis: 30_000,
    client_encoding: '',
    ssl: false,
    sslnegotiation: undefined,
    application_name: undefined,
    fallback_application_name: undefined,
    options: undefined,
    nativeTypes: false,
    statementCacheSize: 0,
    parseInputDatesAsUTC: false,
    statement_timeout: false,
    lock_timeout: false,
    idle_in_transaction_session_timeout: false,
    query_timeout: false,
    connect_timeout: 0,
    keepalives: 1,
    keepalives_idle: 0,
  }
  // A property with a setter and no getter: typeorm looks at its descriptor.
  return Object.defineProperty(values, 'parseInt8', {
    set: parseInt8AsNumber,
    enumerable: true,
    configurable: true,
  }) as Defaults
}

/** `pg.defaults`. */
export const defaults: Defaults = makeDefaults()
