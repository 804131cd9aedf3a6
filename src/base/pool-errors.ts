import { type ErrorDetails, SluiceError } from './errors.js'

/** Figures of a pool at the moment of an error. */
export interface PoolSnapshot {
  readonly size: number
  readonly idle: number
  readonly lent: number
  readonly creating: number
  readonly waiting: number
  readonly maxSize: number
}

/** What a {@link PoolTimeoutError} takes besides {@link ErrorDetails}. */
export interface PoolTimeoutDetails extends ErrorDetails {
  /** Stacks of where the caller got the connections of the same pool that it holds itself. */
  readonly heldByCaller?: readonly string[]
  /** Stacks of where some of the connections in use were acquired. */
  readonly heldByOthers?: readonly string[]
}

/** No connection became free within the deadline of `acquire`. `cause` is the last failure to connect, if any. */
export class PoolTimeoutError extends SluiceError {
  static {
    PoolTimeoutError.prototype.name = 'PoolTimeoutError'
  }
  readonly pool: PoolSnapshot
  /** The deadline that passed, in ms. */
  readonly timeout: number

  /**
   * Where the caller got connections of the same pool that it held while it waited, as stacks: known
   * within `pool.use()` and what is built on it. Such a nested acquire is never served if all others
   * wait likewise.
   */
  readonly heldByCaller: readonly string[]
  /** Where others got the connections in use, as stacks, as far as it is remembered: of who took the last one. */
  readonly heldByOthers: readonly string[]

  constructor(timeout: number, pool: PoolSnapshot, details: PoolTimeoutDetails = {}) {
    const { cause, heldByCaller = [], heldByOthers = [] } = details
    super(
      `no connection became free within ${timeout} ms (${describePool(pool)})${
        cause instanceof Error ? `; the last connect failed: ${cause.message}` : ''
      }${listStacks('the caller itself holds one since', heldByCaller)}${listStacks('one in use was acquired', heldByOthers)}`,
      'ERR_SLUICE_POOL_TIMEOUT',
      { safeToRetry: true, ...details },
    )
    this.pool = pool
    this.timeout = timeout
    this.heldByCaller = heldByCaller
    this.heldByOthers = heldByOthers
  }
}

/** The pool is closed or closing. */
export class PoolClosedError extends SluiceError {
  static {
    PoolClosedError.prototype.name = 'PoolClosedError'
  }
  constructor(message = 'the pool is closed', details: ErrorDetails = {}) {
    super(message, 'ERR_SLUICE_POOL_CLOSED', { safeToRetry: true, ...details })
  }
}

/** `maxWaiting` callers are already waiting for a connection, or `shedding` refused one who waited for too long. */
export class PoolOverloadedError extends SluiceError {
  static {
    PoolOverloadedError.prototype.name = 'PoolOverloadedError'
  }
  readonly pool: PoolSnapshot

  /** @param waitedMs for how long one had waited who is shed; one refused at once has not */
  constructor(pool: PoolSnapshot, waitedMs?: number, details: ErrorDetails = {}) {
    const waited = waitedMs === undefined ? '' : `: shed after ${Math.round(waitedMs)} ms`
    super(
      `too many callers are waiting for a connection${waited} (${describePool(pool)})`,
      'ERR_SLUICE_POOL_OVERLOADED',
      {
        safeToRetry: true,
        ...details,
      },
    )
    this.pool = pool
  }
}

function listStacks(what: string, stacks: readonly string[]): string {
  return stacks.map((stack) => `; ${what}\n${stack}\n`).join('')
}

function describePool(pool: PoolSnapshot): string {
  return (
    `${pool.size} of ${pool.maxSize} connections open: ${pool.idle} idle, ${pool.lent} in use, ` +
    `${pool.creating} opening; ${pool.waiting} waiting`
  )
}
