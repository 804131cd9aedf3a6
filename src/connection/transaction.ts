import { InterfaceError, PostgresError, SluiceError } from '../base/errors.js'
import { channels, isTraced, traced } from '../base/telemetry.js'
import {
  CommitRolledBackError,
  TransactionOutcomeUnknownError,
} from '../base/transaction-errors.js'
import { Limits } from '../wire/limits.js'
import { PromiseRequest, type Request } from '../wire/request.js'
import type { CommandResult } from '../wire/requests/simple-query.js'
import type { HeldConnection, HoldOptions } from './held-connection.js'
import { Interruption } from './interruption.js'
import { limitBySignal } from './limit-by-signal.js'
import {
  PreparedStatement,
  type PrepareOptions,
  type StatementOwner,
} from './prepared-statement.js'
import type { QueryDefaults } from './query-options.js'
import { Queryable } from './queryable.js'
import type { Sql } from './sql.js'
import {
  BeginCommand,
  CommitCommand,
  checkNotInTransaction,
  isolationRequest,
  TransactionCommand,
  undoTexts,
} from './transaction-commands.js'
import {
  type BeginOptions,
  beginText,
  checkNestedOptions,
  checkTransactionOptions,
  type RetryPolicy,
  retryPolicy,
  type TransactionOptions,
} from './transaction-options.js'
import { isRetryable } from './transaction-retry.js'

/**
 * What transactions can be opened on: a connection, a pool, and a transaction, where they are savepoints.
 * Its private methods are static: others mark each object, of which a pool makes one for every loan.
 */
export abstract class Transactional extends Queryable {
  /**
   * Runs `fn` in a transaction, which commits when its promise is fulfilled and rolls back when it
   * throws or rejects; the error is passed on. `fn` gets the handle to query by. asyncpg: `transaction`.
   *
   * ```ts
   * await pool.transaction(async (tx) => {
   *   await tx.execute('update accounts set balance = balance - $1 where id = $2', [10, 1])
   *   await tx.execute('update accounts set balance = balance + $1 where id = $2', [10, 2])
   * }, { isolation: 'serializable', retry: true })
   * ```
   *
   * On a transaction it makes a savepoint. Until it ends, what it was opened on takes no queries.
   *
   * @throws {CommitRolledBackError} when the server answered COMMIT by rolling back, since a statement
   * had failed and the error was not passed on
   * @throws {TransactionOutcomeUnknownError} when the connection was lost during COMMIT
   * @throws {InterfaceError} when a transaction is open already, or `fn` left an inner one open
   */
  transaction<T>(
    fn: (transaction: Transaction) => T | PromiseLike<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    if (typeof fn !== 'function') throw new TypeError('a transaction needs a function to run')
    checkTransactionOptions(options)
    const retry = retryPolicy(options.retry)
    if (!isTraced(channels.transaction)) return Transactional.#transaction(this, fn, options, retry)
    const { isolation, readonly, deferrable } = options
    const isNested = this instanceof Transaction
    const trace = { isolation, readonly, deferrable, isNested, attempts: 0 }
    const counted = (transaction: Transaction) => {
      trace.attempts += 1
      return fn(transaction)
    }
    const run = () => Transactional.#transaction(this, counted, options, retry)
    return traced(channels.transaction, trace, run)
  }

  /**
   * Opens a transaction to be ended by {@link Transaction.commit}; at the end of its scope it rolls
   * back unless that has been called:
   *
   * ```ts
   * await using tx = await conn.begin()
   * await tx.execute('…')
   * await tx.commit()
   * ```
   *
   * A pool lends a connection until the transaction ends.
   *
   * @throws {InterfaceError} when a transaction is open already
   */
  begin(options: BeginOptions = {}): Promise<Transaction> {
    checkTransactionOptions(options)
    if ('retry' in options) throw new TypeError('the option "retry" is for transaction() alone')
    return Transactional.#begin(this, options)
  }

  /** Rejects with an {@link InterfaceError} when these options cannot be had of a transaction on this. */
  protected async checkNesting(_options: TransactionOptions): Promise<void> {}

  static async #transaction<T>(
    owner: Transactional,
    fn: (transaction: Transaction) => T | PromiseLike<T>,
    options: TransactionOptions,
    retry: RetryPolicy,
  ): Promise<T> {
    const interruption = new Interruption(options, 'transaction')
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await Transactional.#attempt(owner, fn, options, interruption)
        } catch (error) {
          if (attempt >= retry.attempts || !isRetryable(error)) throw error
        }
        await interruption.pause(retry.pause(attempt))
      }
    } finally {
      interruption.dispose()
    }
  }

  static async #attempt<T>(
    owner: Transactional,
    fn: (transaction: Transaction) => T | PromiseLike<T>,
    options: TransactionOptions,
    interruption: Interruption,
  ): Promise<T> {
    await owner.checkNesting(options)
    return owner.hold(async (held) => {
      const transaction = await Transaction.open(held, options, interruption)
      try {
        const result = await interruption.race(fn(transaction))
        if (transaction.isOpen) await transaction.commit()
        return result
      } catch (error) {
        await transaction.abandon()
        throw error
      }
    }, interruption.holdOptions)
  }

  static async #begin(owner: Transactional, options: BeginOptions): Promise<Transaction> {
    await owner.checkNesting(options)
    const interruption = new Interruption(options, 'transaction')
    try {
      return await new Promise<Transaction>((resolve, reject) => {
        const open = async (held: HeldConnection) => {
          const transaction = await Transaction.open(held, options, interruption)
          resolve(transaction)
          await transaction.ended
        }
        const over = owner.hold(open, interruption.holdOptions)
        over.catch(reject).finally(() => interruption.dispose())
      })
    } catch (error) {
      // The promise between cut the stack off from whoever awaits; from here it leads there again.
      if (error instanceof SluiceError) Error.captureStackTrace(error)
      throw error
    }
  }
}

/**
 * A transaction that is open, to query by. Made by {@link Transactional.begin} and
 * {@link Transactional.transaction}.
 *
 * Ended, it is a dead handle, and while a transaction within it is open it waits for that one: any use
 * is an {@link InterfaceError} then.
 */
export class Transaction extends Transactional implements AsyncDisposable {
  readonly #outer: HeldConnection
  readonly #held: HeldConnection
  readonly #options: BeginOptions
  readonly #signal: AbortSignal | undefined
  readonly #savepoint: string | undefined
  #resolveEnded!: () => void
  /** @internal Resolves when it is over, and the connection free for others. */
  readonly ended: Promise<void>
  #isOpen = true
  readonly #onInterrupt = () => {
    this.#held.end(() => this.#signal?.reason)
    this.abandon()
  }

  private constructor(outer: HeldConnection, options: BeginOptions, signal?: AbortSignal) {
    super()
    this.#outer = outer
    this.#held = outer.enter(signal)
    this.#options = options
    this.#signal = signal
    this.#savepoint = outer.depth === 0 ? undefined : `sluice_${outer.depth}`
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
  }

  /** @internal Begins a transaction on a connection, or sets a savepoint where one is open. */
  static async open(
    outer: HeldConnection,
    options: BeginOptions,
    { signal }: Interruption,
  ): Promise<Transaction> {
    signal?.throwIfAborted()
    checkNotInTransaction(outer)
    const transaction = new Transaction(outer, options, signal)
    await transaction.#begin()
    return transaction
  }

  /** Whether it has been neither committed nor rolled back. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Makes what was done permanent; of a nested transaction, a part of the outer one.
   *
   * @throws {CommitRolledBackError} when the server rolled back instead, since a statement had failed
   * @throws {TransactionOutcomeUnknownError} when the connection was lost meanwhile: whether the server
   * has committed nobody knows
   * @throws {PostgresError} when the server could not commit, and so rolled back
   */
  async commit(): Promise<void> {
    this.#checkUsable()
    this.#close('committed')
    try {
      await (this.#savepoint === undefined ? this.#commit() : this.#release(this.#savepoint))
    } finally {
      this.#leave()
    }
  }

  /** Undoes what was done since its begin. */
  async rollback(): Promise<void> {
    this.#checkUsable()
    this.#close('rolled back')
    await this.#rollBack()
  }

  /** Rolls back unless it was ended before, together with what is open within it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abandon()
  }

  /** @internal As its disposal. A connection that is lost meanwhile has rolled back by itself, and whoever uses it next hears of it. */
  async abandon(): Promise<void> {
    if (!this.#isOpen) return this.ended
    this.#close('rolled back')
    await this.#rollBack().catch(() => {})
  }

  /** As {@link Connection.prepare}, for use in this transaction. */
  prepare<Row = Record<string, unknown>>(
    query: string | Sql,
    options?: PrepareOptions,
  ): Promise<PreparedStatement<Row>> {
    const { session } = this.#held
    const run: StatementOwner['run'] = (request, limits) => this.run(request, limits)
    const send: StatementOwner['send'] = (request) => this.#held.sendLast(request)
    const owner = { session, run, runner: this.runner, send, transactional: this }
    return PreparedStatement.on(owner, query, options)
  }

  protected get queryDefaults(): QueryDefaults {
    return this.#held.session
  }

  protected submit(request: Request): void {
    if (request instanceof PromiseRequest) {
      for (const signal of this.#held.signals) limitBySignal(request, signal)
    }
    this.#held.submit(request)
  }

  protected async hold<T>(
    fn: (connection: HeldConnection) => Promise<T>,
    _options?: HoldOptions,
  ): Promise<T> {
    return fn(this.#held)
  }

  protected override async checkNesting(options: TransactionOptions): Promise<void> {
    checkNestedOptions(options, this.#options)
    const { isolation } = options
    if (isolation === undefined) return
    const outer = this.#options.isolation ?? (await this.runner.run(isolationRequest(), {}))[0]
    if (isolation !== outer) {
      throw new InterfaceError(
        `a nested transaction cannot be "${isolation}" where the outermost is "${outer}"`,
      )
    }
  }

  async #begin(): Promise<void> {
    const request =
      this.#savepoint === undefined
        ? new BeginCommand(beginText(this.#options), this.#held.session)
        : new TransactionCommand(`savepoint ${this.#savepoint}`)
    let isUnknown = false
    try {
      await this.#command(request, this.#signal, (error, sent) => {
        isUnknown = sent
        return error
      })
    } catch (error) {
      this.#close('never begun')
      if (isUnknown) await this.#undo().catch(() => {})
      this.#leave()
      throw error
    }
    this.#signal?.addEventListener('abort', this.#onInterrupt)
    if (this.#signal?.aborted) this.#onInterrupt()
  }

  async #commit(): Promise<void> {
    const request = new CommitCommand('commit', this.#held.session)
    let isUnsent = false
    let result: CommandResult
    try {
      result = await this.#command(request, this.#signal, (error, sent) => {
        isUnsent = !sent
        return error
      })
    } catch (error) {
      if (isUnsent) await this.#undo().catch(() => {})
      const isRefused = error instanceof PostgresError || error instanceof InterfaceError
      const isSafe = error instanceof SluiceError && error.safeToRetry
      if (isUnsent || isRefused || isSafe) throw error
      throw new TransactionOutcomeUnknownError({ cause: error })
    }
    if (result.command === 'ROLLBACK') throw new CommitRolledBackError()
  }

  async #release(savepoint: string): Promise<void> {
    const request = new TransactionCommand(`release savepoint ${savepoint}`)
    try {
      await this.#command(request)
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error
      await this.#undo()
      throw new CommitRolledBackError({ cause: error })
    }
  }

  async #rollBack(): Promise<void> {
    try {
      await this.#undo()
    } finally {
      this.#leave()
    }
  }

  async #undo(): Promise<void> {
    // It was undone with that; a savepoint of its name would be that of another.
    if (this.#outer.isEnded) return
    const texts = undoTexts(this.#savepoint)
    await Promise.all(texts.map((text) => this.#command(new TransactionCommand(text))))
  }

  /** Sends a command of the transaction itself, which `queryTimeout` and `signal` give up. */
  async #command(
    request: TransactionCommand,
    signal?: AbortSignal,
    newError: (error: unknown, sent: boolean) => unknown = (error) => error,
  ): Promise<CommandResult> {
    const limits = new Limits(this.queryDefaults.queryTimeoutMs, signal)
    this.#held.sendLast(request)
    limits.start((errorOf) =>
      request.abandon((sent) => {
        if (sent) this.#outer.awaitAnswer(request)
        return newError(errorOf(sent), sent)
      }),
    )
    try {
      return await request.promise
    } finally {
      limits.stop()
    }
  }

  #checkUsable(): void {
    const { refusal } = this.#held
    if (refusal !== undefined) throw refusal
  }

  #close(how: string): void {
    this.#isOpen = false
    this.#signal?.removeEventListener('abort', this.#onInterrupt)
    this.#held.end(() => new InterfaceError(`the transaction was ${how} and can no longer be used`))
  }

  #leave(): void {
    this.#outer.leave()
    this.#resolveEnded()
  }
}
