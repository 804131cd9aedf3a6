import { InterfaceError } from '../base/errors.js'

/** What a transaction sees of others that run beside it. */
export type IsolationLevel =
  | 'read uncommitted'
  | 'read committed'
  | 'repeatable read'
  | 'serializable'

/** Options of {@link Transactional.begin}. What is left out is as the server's defaults say. */
export interface BeginOptions {
  /** Of a nested transaction it must be that of the outer one. */
  readonly isolation?: IsolationLevel | undefined
  /** Whether it may only read. Not for nested transactions. */
  readonly readonly?: boolean | undefined
  /** Whether it waits at its begin until it cannot fail, if it is serializable and read only. Not for nested transactions. */
  readonly deferrable?: boolean | undefined
  /** Ends the transaction when it is aborted: what runs is cancelled, and all is rolled back. */
  readonly signal?: AbortSignal | undefined
  /** How long the transaction may take in all, in ms. It includes waiting for a connection of a pool. 0 is no limit. Default: 0. */
  readonly timeout?: number | undefined
}

/** How often a transaction is repeated, and after which pauses. */
export interface TransactionRetry {
  /** How often it is tried in all; at least 1. Default 5. */
  readonly attempts?: number | undefined
  /** Pauses between attempts. */
  readonly backoff?: {
    /** The first pause, in ms. Default 10. */
    readonly min?: number | undefined
    /** Most that a pause grows to, in ms. Default 1,000. */
    readonly max?: number | undefined
    /** What multiplies it each time; at least 1. Default 2. */
    readonly factor?: number | undefined
    /** Share of it, 0 to 1, that chance may take off. Default 1, so that those who got in each other's way do not meet again. */
    readonly jitter?: number | undefined
  }
}

/** Options of {@link Transactional.transaction}. */
export interface TransactionOptions extends BeginOptions {
  /**
   * Repeats the whole function, in a new transaction, when the server gave up on the transaction
   * because of others: serialization_failure (40001) and deadlock_detected (40P01). Never after a
   * COMMIT whose outcome is unknown. Not for nested transactions. Default false.
   */
  readonly retry?: boolean | TransactionRetry | undefined
}

/** {@link TransactionRetry}, complete. */
export interface RetryPolicy {
  readonly attempts: number
  /** The pause after the attempt of that number, the first being 1, in ms. */
  pause(attempt: number): number
}

const OPTIONS = ['isolation', 'readonly', 'deferrable', 'signal', 'timeout', 'retry'] as const
const LEVELS: ReadonlySet<unknown> = new Set<IsolationLevel>([
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
])

/** @throws {TypeError} or `RangeError` naming the option that is unknown or wrong */
export function checkTransactionOptions(options: TransactionOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('the options of a transaction must be an object')
  }
  for (const name of Object.keys(options)) {
    if (!(OPTIONS as readonly string[]).includes(name)) {
      throw new TypeError(`unknown option "${name}"; a transaction has: ${OPTIONS.join(', ')}`)
    }
  }
  const { isolation, signal, timeout } = options
  if (isolation !== undefined && !LEVELS.has(isolation)) {
    throw new TypeError(`the option "isolation" must be one of: ${[...LEVELS].join(', ')}`)
  }
  for (const name of ['readonly', 'deferrable'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean') {
      throw new TypeError(`the option "${name}" must be true or false`)
    }
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError('the option "signal" must be an AbortSignal')
  }
  if (timeout !== undefined && (typeof timeout !== 'number' || !(timeout >= 0))) {
    throw new TypeError('the option "timeout" must be a number of milliseconds, at least 0')
  }
}

/** @throws {InterfaceError} when a transaction with these options cannot be nested in one with the `outer` */
export function checkNestedOptions(options: TransactionOptions, outer: BeginOptions): void {
  if (options.retry !== undefined && options.retry !== false) {
    throw new InterfaceError('only the outermost transaction can be retried')
  }
  for (const mode of ['readonly', 'deferrable'] as const) {
    if (options[mode] !== undefined && options[mode] !== outer[mode]) {
      throw new InterfaceError(`"${mode}" of a nested transaction must be that of the outermost`)
    }
  }
}

/** The BEGIN of these options. */
export function beginText({ isolation, readonly, deferrable }: BeginOptions): string {
  const modes = []
  if (isolation !== undefined) modes.push(`isolation level ${isolation}`)
  if (readonly !== undefined) modes.push(readonly ? 'read only' : 'read write')
  if (deferrable !== undefined) modes.push(deferrable ? 'deferrable' : 'not deferrable')
  return modes.length === 0 ? 'begin' : `begin ${modes.join(', ')}`
}

/** @throws {TypeError} or `RangeError` naming the option that is wrong */
export function retryPolicy(retry: boolean | TransactionRetry = false): RetryPolicy {
  if (typeof retry !== 'boolean' && (typeof retry !== 'object' || retry === null)) {
    throw new TypeError('the option "retry" must be true, false or { attempts, backoff }')
  }
  const { attempts = 5, backoff = {} } = typeof retry === 'object' ? retry : {}
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new RangeError('the option "retry.attempts" must be a whole number of at least 1')
  }
  const { min = 10, max = 1_000, factor = 2, jitter = 1 } = backoff
  checkNumber('min', min, 0, Number.MAX_VALUE)
  checkNumber('max', max, 0, 0x7fffffff)
  checkNumber('factor', factor, 1, Number.MAX_VALUE)
  checkNumber('jitter', jitter, 0, 1)
  return {
    attempts: retry === false ? 1 : attempts,
    pause: (attempt) => Math.min(max, min * factor ** (attempt - 1)) * (1 - jitter * Math.random()),
  }
}

function checkNumber(name: string, value: number, min: number, max: number): void {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new RangeError(`the option "retry.backoff.${name}" must be a number of at least ${min}`)
  }
}
