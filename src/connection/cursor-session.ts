import type { Limits } from '../wire/limits.js'
import type { PromiseRequest } from '../wire/request.js'
import { SimpleQueryRequest } from '../wire/requests/simple-query.js'
import type { CursorSession } from './cursor.js'
import type { HeldConnection, HoldOptions } from './held-connection.js'
import type { LimitOptions } from './query-options.js'
import type { Runner } from './run.js'
import type { Tell } from './traced-query.js'

type Hold = <T>(fn: (connection: HeldConnection) => Promise<T>, options?: HoldOptions) => Promise<T>

/** The session of a cursor that has a connection and a transaction of its own, until it is closed. */
export class OwnCursorSession implements CursorSession {
  readonly tell: Tell
  readonly #hold: Hold
  readonly #limitsOf: Runner['limitsOf']
  #connection: Promise<HeldConnection> | undefined
  #letGo: (() => void) | undefined
  #held: Promise<unknown> = Promise.resolve()

  constructor(hold: Hold, { limitsOf, tell }: Runner) {
    this.#hold = hold
    this.#limitsOf = limitsOf
    this.tell = tell
  }

  readonly run = async <T>(request: PromiseRequest<T>, options: LimitOptions): Promise<T> => {
    const limits = this.#limitsOf(options)
    this.#connection ??= this.#open(limits)
    return submit(await this.#connection, request, limits)
  }

  async end(): Promise<void> {
    this.#letGo?.()
    await this.#held
  }

  #open(limits: Limits | undefined): Promise<HeldConnection> {
    const waiting = new AbortController()
    limits?.start((errorOf) => waiting.abort(errorOf(false)))
    return new Promise((resolve, reject) => {
      const held = this.#hold(async (connection) => {
        limits?.stop()
        await submit(connection, new SimpleQueryRequest('begin'), limits)
        resolve(connection)
        await new Promise<void>((letGo) => {
          this.#letGo = letGo
        })
        // Of a transaction that failed it makes a rollback.
        await submit(connection, new SimpleQueryRequest('commit'), this.#limitsOf({}))
      }, limits && { signal: waiting.signal })
      this.#held = held.catch((error: unknown) => {
        limits?.stop()
        reject(error)
      })
    })
  }
}

function submit<T>(
  connection: HeldConnection,
  request: PromiseRequest<T>,
  limits: Limits | undefined,
): Promise<T> {
  if (limits !== undefined) request.limitBy(limits)
  connection.submit(request)
  return request.promise
}
