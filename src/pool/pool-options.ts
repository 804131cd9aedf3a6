import { optionError } from '../config/option-error.js'
import {
  boolean,
  callback,
  integer,
  milliseconds,
  number,
  string,
  wrongType,
} from '../config/option-parsers.js'
import {
  checkOptionNames,
  type OptionParser,
  type OptionTable,
  type OptionValues,
  pickOptions,
  resolveOptions,
} from '../config/option-table.js'
import { CONNECT_OPTIONS } from '../config/options.js'
import { type ConnectionConfig, resolveConnection } from '../config/resolve.js'
import type { ConnectOptions } from '../connection/connect.js'
import type { Connection } from '../connection/connection.js'
import type { ResourcePoolLimits, ResourcePoolOptions } from './resource-pool-options.js'

/** Pauses between attempts to connect while they fail: each `factor` times the one before. */
export interface RetryBackoff {
  /** The first pause, in ms. Default 100. */
  readonly min?: number | undefined
  /** The longest pause, in ms. Default 500. */
  readonly max?: number | undefined
  /** Default 2. */
  readonly factor?: number | undefined
  /** The share of each pause, 0 to 1, that chance may take off. Default 0.5. */
  readonly jitter?: number | undefined
  /**
   * After failing for so long, in ms, callers are refused at once while a pause lasts, with the last
   * failure; 0 for never. Default 0.
   */
  readonly failFast?: number | undefined
}

/** Refuses callers under overload, so that those served are served in time: CoDel. */
export interface Shedding {
  /** A wait that a healthy pool stays below now and then, in ms. Default 50. */
  readonly target?: number | undefined
  /** Overloaded is who had only longer waits for so long, in ms. Default 1,000. */
  readonly interval?: number | undefined
}

/** Runs with a connection of the pool, which is its own until the promise settles. */
export type PoolHook = (connection: Connection) => unknown

/** Opens a connection for the pool, which owns it from then on. To be given up when `signal` is aborted. */
export type PoolConnector = (signal: AbortSignal) => Promise<Connection>

/** Options of {@link createPool}: those of {@link connect}, and these. */
export interface PoolOptions extends ConnectOptions {
  /** Connections kept open, also when nobody needs them. Default 2, or `maxSize` if that is less. */
  readonly minSize?: number | undefined
  /** Most connections open at once. Default 10. */
  readonly maxSize?: number | undefined
  /** How often a connection is lent before it is replaced. Default 50,000. */
  readonly maxQueries?: number | undefined
  /** How long a connection beyond `minSize` may be idle, in ms; 0 for ever. Default 300,000. */
  readonly idleTimeout?: number | undefined
  /** How old a connection may get, in ms; 0 for ever. One in use is replaced when it comes back. Default 3,600,000. */
  readonly maxLifetime?: number | undefined
  /** Share of `maxLifetime`, 0 to 1, that chance may take off, so that not all end together. Default 0.05. */
  readonly lifetimeJitter?: number | undefined
  /** How long a caller waits for a connection, in ms. Default: as long as it takes. */
  readonly acquireTimeout?: number | undefined
  /** Most callers that wait; further ones are refused. Default: any number. */
  readonly maxWaiting?: number | undefined
  /** A connection that was idle for longer is asked for a sign of life before it is lent, in ms. Default 1,000. */
  readonly validateAfterIdle?: number | undefined
  /** How long it may take to answer, in ms. Default 5,000. */
  readonly validationTimeout?: number | undefined
  readonly retryBackoff?: RetryBackoff | undefined
  /** Refuses callers under overload; `true` for the defaults of {@link Shedding}. Default false. */
  readonly shedding?: boolean | Shedding | undefined
  /** Whether idle connections let the process exit. Default false. */
  readonly unref?: boolean | undefined
  /**
   * A connection lent for longer, in ms, is reported by a process warning with the stack of its
   * borrower; 0 for never. Remembering the stacks costs some microseconds per acquire. Default 0.
   */
  readonly leakThreshold?: number | undefined
  /**
   * Whether single queries on the pool may share a connection, sent without waiting for each other: how
   * many on one, 1 to 1,000, or `true` for 8. Faster for many short queries at once; a short one may
   * come behind a long one. Default false.
   */
  readonly pipelining?: boolean | number | undefined
  /** Opens connections in the place of {@link connect}. */
  readonly connect?: PoolConnector | undefined
  /** Runs once for each new connection. When it fails so does the opening. */
  readonly init?: PoolHook | undefined
  /** Runs before a connection is lent. When it fails the connection is closed, and its borrower gets the error. */
  readonly setup?: PoolHook | undefined
  /** Runs when a connection came back, behind the reset of its session. When it fails the connection is closed, with a process warning. */
  readonly reset?: PoolHook | undefined
  /** What metrics and errors call the pool. Default: host and database. */
  readonly name?: string | undefined
}

const DEFAULT_MIN_SIZE = 2

const DEFAULT_SHEDDING = { target: 50, interval: 1_000 }

/** Queries on one connection by `pipelining: true`. */
const DEFAULT_DEPTH = 8

const POOL_OPTIONS = {
  minSize: {
    parse: integer({ min: 0 }),
  },
  maxSize: { parse: integer({ min: 1 }), default: 10 },
  maxQueries: {
    parse: integer({ min: 1 }),
    default: 50_000,
  },
  idleTimeout: {
    parse: milliseconds(),
    default: 300_000,
    unit: 'ms',
  },
  maxLifetime: {
    parse: milliseconds(),
    default: 3_600_000,
    unit: 'ms',
  },
  lifetimeJitter: {
    parse: number({ min: 0, max: 1 }),
    default: 0.05,
  },
  acquireTimeout: {
    parse: milliseconds(),
    unit: 'ms',
  },
  maxWaiting: { parse: integer({ min: 0 }) },
  retryBackoff: {
    parse: objectOf({
      min: { parse: milliseconds({ min: 1 }), default: 100, unit: 'ms' },
      max: {
        parse: milliseconds({ min: 1 }),
        default: 500,
        unit: 'ms',
      },
      factor: {
        parse: number({ min: 1, max: 100 }),
        default: 2,
      },
      jitter: {
        parse: number({ min: 0, max: 1 }),
        default: 0.5,
      },
      failFast: {
        parse: milliseconds(),
        default: 0,
        unit: 'ms',
      },
    }),
    default: { min: 100, max: 500, factor: 2, jitter: 0.5, failFast: 0 },
  },
  validateAfterIdle: {
    parse: milliseconds(),
    default: 1_000,
    unit: 'ms',
  },
  validationTimeout: {
    parse: milliseconds({ min: 1 }),
    default: 5_000,
    unit: 'ms',
  },
  shedding: {
    parse: orBoolean(
      objectOf({
        target: {
          parse: milliseconds({ min: 1 }),
          default: DEFAULT_SHEDDING.target,
          unit: 'ms',
        },
        interval: {
          parse: milliseconds({ min: 1 }),
          default: DEFAULT_SHEDDING.interval,
          unit: 'ms',
        },
      }),
      DEFAULT_SHEDDING,
    ),
  },
  pipelining: {
    parse: orBoolean(integer({ min: 1, max: 1_000 }), DEFAULT_DEPTH),
  },
  unref: {
    parse: boolean(),
    default: false,
  },
  leakThreshold: {
    parse: milliseconds(),
    default: 0,
    unit: 'ms',
  },
  connect: {
    parse: callback<PoolConnector>(),
  },
  init: { parse: callback<PoolHook>() },
  setup: { parse: callback<PoolHook>() },
  reset: { parse: callback<PoolHook>() },
  name: { parse: string() },
} satisfies OptionTable

/** The options of pools beside those of connections: what their documentation is made from. */
export const POOL_OPTION_TABLE: OptionTable = POOL_OPTIONS

/** The options of a pool, checked. */
export interface PoolConfig {
  readonly resources: ResourcePoolOptions
  /** In ms; `Infinity` without a deadline. */
  readonly acquireTimeout: number
  /** How many single queries may be under way on one connection. */
  readonly pipelining: number
  readonly unref: boolean
  /** In ms; `Infinity` for never. */
  readonly leakThresholdMs: number
  readonly connect: PoolConnector | undefined
  readonly init: PoolHook | undefined
  readonly setup: PoolHook | undefined
  readonly reset: PoolHook | undefined
  readonly name: string | undefined
}

/**
 * Checks and completes the arguments of {@link createPool}.
 * @throws {OptionError} naming the option that is unknown or wrong
 */
export function resolvePool(
  dsn: string | PoolOptions | undefined,
  options: PoolOptions | undefined,
): { readonly connection: ConnectionConfig; readonly pool: PoolConfig } {
  const tables = [CONNECT_OPTIONS, POOL_OPTIONS]
  // Before the copy, which shows no more what was given.
  if (dsn !== undefined && typeof dsn !== 'string') checkOptionNames(dsn, tables)
  const given = typeof dsn === 'object' ? { ...dsn, ...options } : (options ?? {})
  checkOptionNames(given, tables)
  const values = resolveOptions(POOL_OPTIONS, pickOptions(POOL_OPTIONS, given))
  const { maxSize, maxQueries, lifetimeJitter, retryBackoff } = values
  const minSize = values.minSize ?? Math.min(DEFAULT_MIN_SIZE, maxSize)
  checkLimits(minSize, maxSize)
  const connectOptions = pickOptions(CONNECT_OPTIONS, given)
  return {
    connection: resolveConnectOptions(typeof dsn === 'string' ? dsn : undefined, connectOptions),
    pool: {
      acquireTimeout: values.acquireTimeout ?? Number.POSITIVE_INFINITY,
      pipelining: values.pipelining ?? 1,
      unref: values.unref,
      leakThresholdMs: orForever(values.leakThreshold),
      connect: values.connect,
      init: values.init,
      setup: values.setup,
      reset: values.reset,
      name: values.name,
      resources: {
        minSize,
        maxSize,
        maxUses: maxQueries,
        idleTimeoutMs: orForever(values.idleTimeout),
        maxLifetimeMs: orForever(values.maxLifetime),
        lifetimeJitter,
        maxWaiting: values.maxWaiting ?? Number.POSITIVE_INFINITY,
        validateAfterIdleMs: values.validateAfterIdle,
        validationTimeoutMs: values.validationTimeout,
        retryBackoff: { ...retryBackoff, failFast: orForever(retryBackoff.failFast) },
        shedding: values.shedding,
      },
    },
  }
}

/** How a pool connects. @throws {OptionError} as {@link resolveConnection} */
export function resolveConnectOptions(
  dsn: string | ConnectOptions | undefined,
  options: ConnectOptions | undefined,
): ConnectionConfig {
  if (typeof dsn === 'string') return resolveConnection(dsn, options)
  if (dsn !== undefined) checkOptionNames(dsn, [CONNECT_OPTIONS])
  return resolveConnection({ ...dsn, ...options })
}

/**
 * The limits that {@link Pool.resize} was given, with those of now for what is absent.
 * @throws {OptionError} as for the options of the same names
 */
export function resolveLimits(
  given: Partial<ResourcePoolLimits>,
  now: ResourcePoolLimits,
): ResourcePoolLimits {
  const table = { minSize: POOL_OPTIONS.minSize, maxSize: POOL_OPTIONS.maxSize }
  checkOptionNames(given, [table])
  const { minSize, maxSize } = now
  const values = resolveOptions(table, { minSize, maxSize, ...given })
  const limits = { minSize: values.minSize ?? now.minSize, maxSize: values.maxSize }
  checkLimits(limits.minSize, limits.maxSize)
  return limits
}

function checkLimits(minSize: number, maxSize: number): void {
  if (minSize <= maxSize) return
  throw optionError(
    RangeError,
    'minSize',
    `option "minSize" is ${minSize}, which is more than "maxSize", ${maxSize}`,
  )
}

/** True for `whenTrue`, false for nothing, or the value itself. */
function orBoolean<T>(parser: OptionParser<T>, whenTrue: T): OptionParser<T | undefined> {
  return {
    fromValue(value, place) {
      if (typeof value === 'boolean') return value ? whenTrue : undefined
      return parser.fromValue(value, place)
    },
    fromText: (text, place) => parser.fromText(text, place),
  }
}

function orForever(ms: number): number {
  return ms === 0 ? Number.POSITIVE_INFINITY : ms
}

function objectOf<T extends OptionTable>(table: T): OptionParser<OptionValues<T>> {
  return {
    fromValue(value, place) {
      if (typeof value !== 'object' || value === null) throw wrongType(place, 'an object', value)
      return resolveOptions(table, value, {}, `${place.option}.`)
    },
    fromText(text, place) {
      throw wrongType(place, 'an object', text)
    },
  }
}
