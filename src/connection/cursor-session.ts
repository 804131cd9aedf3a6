import type { PromiseRequest } from '../wire/request.js'
import { SimpleQueryRequest } from '../wire/requests/simple-query.js'
import type { CursorSession } from './cursor.js'
import type { HeldConnection, HoldOptions } from './held-connection.js'
import type { LimitOptions } from './query-options.js'
import type { Tell } from './traced-query.js'

type Hold = <T>(fn: (connection: HeldConnection) => Promise<T>, options?: HoldOptions) => Promise<T>

type Limit = <T>(request: PromiseRequest<T>, options: LimitOptions) => void

/** The session of a cursor that has a connection and a transaction of its own, until it is closed. */
export class OwnCursorSession implements CursorSession {
  readonly tell: Tell
  readonly #hold: Hold
  readonly #limit: Limit
  #connection: Promise<HeldConnection> | undefined
  #letGo: (() => void) | undefined
  #held: Promise<unknown> = Promise.resolve()

  constructor(hold: Hold, limit: Limit, tell: Tell) {
    this.#hold = hold
    this.#limit = limit
    this.tell = tell
  }

  readonly run = async <T>(request: PromiseRequest<T>, options: LimitOptions): Promise<T> => {
    this.#connection ??= this.#open(options)
    const connection = await this.#connection
    this.#limit(request, options)
    connection.submit(request)
    return request.promise
  }

  async end(): Promise<void> {
    this.#letGo?.()
    await this.#held
  }

  #open(options: LimitOptions): Promise<HeldConnection> {
    return new Promise((resolve, reject) => {
      const held = this.#hold(async (connection) => {
        const begin = new SimpleQueryRequest('begin')
        this.#limit(begin, options)
        connection.submit(begin)
        await begin.promise
        resolve(connection)
        await new Promise<void>((letGo) => {
          this.#letGo = letGo
        })
        // Of a transaction that failed it makes a rollback.
        const commit = new SimpleQueryRequest('commit')
        this.#limit(commit, {})
        connection.submit(commit)
        await commit.promise
      }, holdOptions(options))
      this.#held = held.catch(reject)
    })
  }
}

function holdOptions({ signal, timeout = 0 }: LimitOptions): HoldOptions {
  // 0 is no limit of a query, but for who waits for a connection it is no time at all.
  return { ...(signal !== undefined && { signal }), ...(timeout > 0 && { timeout }) }
}
