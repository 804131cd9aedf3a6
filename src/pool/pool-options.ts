import { optionError } from '../config/option-error.js'
import { integer, milliseconds, number, wrongType } from '../config/option-parsers.js'
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
import type { ResourcePoolOptions } from './resource-pool-options.js'

/** Pauses between attempts to connect while they fail: each `factor` times the one before. */
export interface RetryBackoff {
  /** The first pause, in ms. Default 100. */
  readonly min?: number
  /** The longest pause, in ms. Default 1,000. */
  readonly max?: number
  /** Default 2. */
  readonly factor?: number
  /** The share of each pause, 0 to 1, that chance may take off. Default 0.5. */
  readonly jitter?: number
}

/** Options of {@link createPool}: those of {@link connect}, and these. */
export interface PoolOptions extends ConnectOptions {
  /** Connections kept open, also when nobody needs them. Default 2, or `maxSize` if that is less. */
  readonly minSize?: number
  /** Most connections open at once. Default 10. */
  readonly maxSize?: number
  /** How often a connection is lent before it is replaced. Default 50,000. */
  readonly maxQueries?: number
  /** How long a connection beyond `minSize` may be idle, in ms; 0 for ever. Default 300,000. */
  readonly idleTimeout?: number
  /** How old a connection may get, in ms; 0 for ever. One in use is replaced when it comes back. Default 3,600,000. */
  readonly maxLifetime?: number
  /** Share of `maxLifetime`, 0 to 1, that chance may take off, so that not all end together. Default 0.05. */
  readonly lifetimeJitter?: number
  /** How long a caller waits for a connection, in ms. Default: as long as it takes. */
  readonly acquireTimeout?: number
  /** Most callers that wait; further ones are refused. Default: any number. */
  readonly maxWaiting?: number
  readonly retryBackoff?: RetryBackoff
}

const DEFAULT_MIN_SIZE = 2

const POOL_OPTIONS = {
  minSize: {
    parse: integer({ min: 0 }),
    doc: 'Connections kept open, also when nobody needs them.',
  },
  maxSize: { parse: integer({ min: 1 }), default: 10, doc: 'Most connections open at once.' },
  maxQueries: {
    parse: integer({ min: 1 }),
    default: 50_000,
    doc: 'How often a connection is lent before it is replaced.',
  },
  idleTimeout: {
    parse: milliseconds(),
    default: 300_000,
    unit: 'ms',
    doc: 'How long a connection beyond minSize may be idle; 0 for ever.',
  },
  maxLifetime: {
    parse: milliseconds(),
    default: 3_600_000,
    unit: 'ms',
    doc: 'How old a connection may get; 0 for ever.',
  },
  lifetimeJitter: {
    parse: number({ min: 0, max: 1 }),
    default: 0.05,
    doc: 'Share of maxLifetime that chance may take off.',
  },
  acquireTimeout: {
    parse: milliseconds(),
    unit: 'ms',
    doc: 'How long a caller waits for a connection.',
  },
  maxWaiting: { parse: integer({ min: 0 }), doc: 'Most callers that wait for a connection.' },
  retryBackoff: {
    parse: objectOf({
      min: { parse: milliseconds({ min: 1 }), default: 100, unit: 'ms', doc: 'The first pause.' },
      max: {
        parse: milliseconds({ min: 1 }),
        default: 1_000,
        unit: 'ms',
        doc: 'The longest pause.',
      },
      factor: {
        parse: number({ min: 1, max: 100 }),
        default: 2,
        doc: 'Growth from pause to pause.',
      },
      jitter: {
        parse: number({ min: 0, max: 1 }),
        default: 0.5,
        doc: 'Share that chance may take off.',
      },
    }),
    default: { min: 100, max: 1_000, factor: 2, jitter: 0.5 },
    doc: 'Pauses between attempts to connect while they fail.',
  },
} satisfies OptionTable

/** The options of a pool, checked. */
export interface PoolConfig {
  readonly resources: ResourcePoolOptions
  /** In ms; `Infinity` without a deadline. */
  readonly acquireTimeout: number
}

/**
 * Checks and completes the arguments of {@link createPool}.
 * @throws {OptionError} naming the option that is unknown or wrong
 */
export function resolvePool(
  dsn: string | PoolOptions | undefined,
  options: PoolOptions | undefined,
): { readonly connection: ConnectionConfig; readonly pool: PoolConfig } {
  const given = typeof dsn === 'object' ? { ...dsn, ...options } : (options ?? {})
  checkOptionNames(given, [CONNECT_OPTIONS, POOL_OPTIONS])
  const values = resolveOptions(POOL_OPTIONS, pickOptions(POOL_OPTIONS, given))
  const { maxSize, maxQueries, lifetimeJitter, retryBackoff } = values
  const minSize = values.minSize ?? Math.min(DEFAULT_MIN_SIZE, maxSize)
  if (minSize > maxSize) {
    throw optionError(
      RangeError,
      'minSize',
      `option "minSize" is ${minSize}, which is more than "maxSize", ${maxSize}`,
    )
  }
  const connectOptions = pickOptions(CONNECT_OPTIONS, given)
  return {
    connection:
      typeof dsn === 'string'
        ? resolveConnection(dsn, connectOptions)
        : resolveConnection(connectOptions),
    pool: {
      acquireTimeout: values.acquireTimeout ?? Number.POSITIVE_INFINITY,
      resources: {
        minSize,
        maxSize,
        maxUses: maxQueries,
        idleTimeoutMs: orForever(values.idleTimeout),
        maxLifetimeMs: orForever(values.maxLifetime),
        lifetimeJitter,
        maxWaiting: values.maxWaiting ?? Number.POSITIVE_INFINITY,
        retryBackoff,
      },
    },
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
