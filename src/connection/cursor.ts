import { InterfaceError } from '../base/errors.js'
import {
  ClosePortalRequest,
  FetchPortalRequest,
  OpenPortalRequest,
  Portal,
  type PortalRows,
} from '../wire/requests/portal.js'
import { SimpleQueryRequest } from '../wire/requests/simple-query.js'
import type { ChooseDecoder } from '../wire/requests/stream.js'
import { type StatementSource, textOf } from '../wire/statement-handle.js'
import { type LimitOptions, type QueryOptions, typesOf } from './query-options.js'
import { quoteIdentifier } from './quote.js'
import { RowReader } from './row-reader.js'
import type { Runner } from './run.js'
import { type Outcome, outcomeOfCommand } from './traced-query.js'

/** Options of a cursor. */
export interface CursorOptions extends QueryOptions {
  /** How many rows an iteration asks for at a time, the next of them while the former are used. Default 50. */
  readonly prefetch?: number
}

/** The session that a cursor is in. */
export interface CursorSession extends Pick<Runner, 'run' | 'tell'> {
  /** The cursor is closed. */
  end(): Promise<unknown>
}

/** Portals of this process; a name serves once, so that no cursor can meet the portal of another. */
let lastPortal = 0

/**
 * A place in the result of a query, which the server keeps: it gives rows when asked, and other queries
 * may run on the connection between. It lives in a transaction, and ends with it. asyncpg: `cursor`.
 *
 * ```ts
 * await conn.transaction(async (tx) => {
 *   for await (const user of tx.cursor<User>('select * from users')) …
 *   const cursor = tx.cursor<User>('select * from users')
 *   const ten = await cursor.fetch(10)
 * })
 * ```
 *
 * Nothing is sent before the first row is asked for.
 */
export class Cursor<Row> implements AsyncIterable<Row>, AsyncDisposable {
  readonly #session: CursorSession
  readonly #statement: StatementSource
  readonly #parameters: readonly unknown[]
  readonly #options: QueryOptions
  readonly #prefetch: number
  readonly #portal: Portal<Row>
  #state: 'new' | 'open' | 'end' | 'closed' = 'new'
  /** Rows that came before they were asked for. */
  #rows: Row[] = []
  /** The last of what was asked for; each waits for the one before. */
  #last: Promise<unknown> = Promise.resolve()

  /** For {@link Queryable.cursor}. */
  constructor(
    session: CursorSession,
    statement: StatementSource,
    parameters: readonly unknown[],
    options: CursorOptions,
    chooseDecoder: ChooseDecoder<Row>,
  ) {
    const { prefetch = 50 } = options
    this.#session = session
    this.#statement = statement
    this.#parameters = parameters
    this.#options = options
    this.#prefetch = checkedCount('prefetch', prefetch)
    const name = `sluice_portal_${++lastPortal}`
    this.#portal = new Portal(name, chooseDecoder, typesOf(options))
  }

  /**
   * The rows from here on. Leaving the loop closes the cursor; so does its end.
   * @throws {InterfaceError} from the first step, outside a transaction
   */
  [Symbol.asyncIterator](): RowReader<Row> {
    let ahead: Promise<Row[]> | undefined
    const next = async (): Promise<Row[] | undefined> => {
      const rows = await (ahead ?? this.fetch(this.#prefetch))
      ahead = undefined
      if (rows.length === 0) {
        await this.close()
        return undefined
      }
      if (this.#state === 'open') {
        ahead = this.fetch(this.#prefetch)
        // Whoever takes the next rows is told.
        ahead.catch(() => {})
      }
      return rows
    }
    const leave = () => void this.close().catch(() => {})
    return new RowReader(() => ({ chunks: { next }, promise: Promise.resolve(), leave }))
  }

  /**
   * The next `count` rows, fewer at the end, none behind it. Given up, the cursor is closed, and its
   * transaction has failed if the server was at it.
   *
   * @param options above those of the cursor
   */
  fetch(count: number, options: LimitOptions = {}): Promise<Row[]> {
    checkedCount('count', count)
    return this.#inTurn(async () => {
      if (this.#rows.length < count && this.#state !== 'end') {
        const { rows, isEnd } = await this.#execute(count - this.#rows.length, options)
        this.#rows = this.#rows.length === 0 ? rows : this.#rows.concat(rows)
        if (isEnd && this.#state === 'open') this.#state = 'end'
      }
      return this.#rows.splice(0, count)
    })
  }

  /** The next row, null behind the last. As {@link fetch}. */
  async fetchrow(options: LimitOptions = {}): Promise<Row | null> {
    const [row = null] = await this.fetch(1, options)
    return row
  }

  /** Passes over `count` rows. Gives how many there were. As {@link fetch}. */
  forward(count: number, options: LimitOptions = {}): Promise<number> {
    checkedCount('count', count)
    return this.#inTurn(async () => {
      const waiting = this.#rows.splice(0, count).length
      if (waiting === count || this.#state === 'end') return waiting
      if (this.#state === 'new') await this.#execute(0, options)
      const name = quoteIdentifier(this.#portal.name)
      const move = new SimpleQueryRequest(`move forward ${count - waiting} in ${name}`)
      const { run, tell } = this.#session
      const newTrace = () => ({ text: move.text, parameterCount: 0 })
      const runMove = () => run(move, { ...this.#options, ...options })
      const { rowCount } = await tell('query', newTrace, runMove, outcomeOfCommand)
      return waiting + (rowCount ?? 0)
    })
  }

  /** Has the server forget it. Again does nothing. */
  async close(): Promise<void> {
    const state = this.#state
    this.#state = 'closed'
    this.#rows = []
    if (state === 'closed') return
    if (state !== 'new') {
      // That the connection or the transaction is gone is no matter: the portal is as well.
      await this.#session.run(new ClosePortalRequest(this.#portal.name), {}).catch(() => {})
    }
    await this.#session.end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #execute(count: number, options: LimitOptions): Promise<PortalRows<Row>> {
    const request =
      this.#state === 'open'
        ? new FetchPortalRequest(this.#portal, count)
        : new OpenPortalRequest(
            this.#portal,
            this.#statement,
            this.#parameters,
            count,
            typesOf(this.#options),
          )
    this.#state = 'open'
    const { run, tell } = this.#session
    const newTrace = () => ({
      text: textOf(this.#statement),
      parameterCount: this.#parameters.length,
    })
    const runStep = () => run(request, { ...this.#options, ...options })
    return tell('query', newTrace, runStep, outcomeOfStep)
  }

  /** The first goes out at once, as any query does. */
  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const checked = async () => {
      if (this.#state === 'closed') throw new InterfaceError('the cursor is closed')
      try {
        return await step()
      } catch (error) {
        // Its transaction has failed, or rows were lost: there is nothing to go on with.
        this.close().catch(() => {})
        throw error
      }
    }
    const result = this.#state === 'new' ? checked() : this.#last.then(checked)
    this.#last = result.catch(() => {})
    return result
  }
}

/** The tag of a portal comes with its last rows only, so each step counts its own. */
function outcomeOfStep({ rows }: PortalRows<unknown>): Outcome {
  return { rowCount: rows.length }
}

function checkedCount(name: string, count: number): number {
  if (Number.isInteger(count) && count > 0 && count <= 0x7fffffff) return count
  throw new RangeError(`"${name}" must be an integer from 1 to 2147483647`)
}
