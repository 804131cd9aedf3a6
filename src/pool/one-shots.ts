import { systemClock } from '../base/clock.js'
import type { Request } from '../wire/request.js'
import { QueryRequest } from '../wire/requests/query.js'
import { SimpleQueryRequest } from '../wire/requests/simple-query.js'
import { mayChangeSession, mayCopy } from '../wire/session-state.js'
import { onAbandoned } from './abandonment.js'
import type { PooledConnection } from './pooled-connection.js'
import type { Waiter } from './resource-lifecycle.js'
import { ALREADY_SETTLED, type ResourcePool } from './resource-pool.js'
import { SharedUse } from './shared-use.js'

/** Statements that may share a connection, by their first word. */
const SHARING = /^\s*(?:select|values|table|with|show|insert)\b/i

/** What may wait for a lock of somebody who may wait for what is behind it. */
const LOCKING = /\b(?:for|update|delete|merge)\b/i

/** Texts that are remembered. */
const MAX_TEXTS = 1_000

/** A query that waits for a connection, which it may share. */
class SharingWaiter implements Waiter<PooledConnection> {
  readonly request: Request
  readonly #onResource: (connection: PooledConnection, request: Request) => void

  constructor(
    request: Request,
    onResource: (connection: PooledConnection, request: Request) => void,
  ) {
    this.request = request
    this.#onResource = onResource
  }

  onResource(connection: PooledConnection): void {
    this.#onResource(connection, this.request)
  }

  onRefused(error: unknown): void {
    this.request.onRefused(error)
  }
}

/**
 * Runs single queries on the connections of a pool: each on one that is free, or, with `depth` above 1,
 * several at once on one. Those share that change nothing in the session, wait for no lock of rows and
 * can be cancelled by nobody, and only among themselves: never with a borrower. They do so when no
 * connection is idle and nobody waits, where the one before does not take long; and when a connection
 * comes to the first of several that wait.
 */
export class OneShots {
  readonly #resources: ResourcePool<PooledConnection>
  readonly #depth: number
  readonly #uses = new Map<PooledConnection, SharedUse>()
  readonly #texts = new Map<string, boolean>()

  /** @param depth how many may be under way on one connection */
  constructor(resources: ResourcePool<PooledConnection>, depth: number) {
    this.#resources = resources
    this.#depth = depth
  }

  /** Runs a request on a connection that is free, which settles it in all cases. */
  run(request: Request, timeoutMs: number): void {
    if (this.tryRun(request)) return
    const waiter = this.#mayShare(request)
      ? new SharingWaiter(request, this.#begin)
      : {
          onResource: (connection: PooledConnection) => connection.runOnce(request),
          onRefused: (error: unknown) => request.onRefused(error),
        }
    const handle = this.#resources.enqueue(waiter, timeoutMs)
    // One that was served at once belongs to its connection now.
    if (request.isLimited && handle !== ALREADY_SETTLED) {
      onAbandoned(request, () => this.#resources.cancel(handle))
    }
  }

  /** Runs a request if there is a connection for it now. */
  tryRun(request: Request): boolean {
    const idle = this.#resources.tryAcquire()
    if (idle === undefined) return this.#mayShare(request) && this.#join(request)
    if (this.#mayShare(request)) this.#begin(idle, request)
    else idle.runOnce(request)
    return true
  }

  /** A connection is on its way back to the pool. */
  onReturned(connection: PooledConnection): void {
    if (this.#depth > 1) this.#uses.delete(connection)
  }

  /** Runs a request, and those that wait behind it as far as they may come along. */
  readonly #begin = (connection: PooledConnection, request: Request): void => {
    const use = new SharedUse(request, systemClock.now())
    this.#uses.set(connection, use)
    connection.runOnce(request)
    // A connection that broke is back already.
    while (this.#uses.get(connection) === use && use.length < this.#depth) {
      const next = this.#resources.shiftWaiter(isSharingWaiter)
      if (!(next instanceof SharingWaiter)) return
      use.add(next.request)
      connection.submit(next.request)
    }
  }

  /** Puts a request behind others, on the connection that has the fewest. */
  #join(request: Request): boolean {
    if (!this.#resources.isFreeToAll) return false
    const nowMs = systemClock.now()
    let best: PooledConnection | undefined
    let fewest = this.#depth
    for (const [connection, use] of this.#uses) {
      const { length } = use
      if (length >= fewest || !use.isQuick(nowMs) || !connection.isUsable) continue
      best = connection
      fewest = length
    }
    if (best === undefined) return false
    this.#uses.get(best)?.add(request)
    best.submit(request)
    return true
  }

  #mayShare(request: Request): boolean {
    if (this.#depth === 1 || request.isLimited) return false
    if (!(request instanceof QueryRequest || request instanceof SimpleQueryRequest)) return false
    const { text } = request
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    const mayShare =
      SHARING.test(text) && !LOCKING.test(text) && !mayChangeSession(text) && !mayCopy(text)
    if (this.#texts.size >= MAX_TEXTS) this.#texts.clear()
    this.#texts.set(text, mayShare)
    return mayShare
  }
}

function isSharingWaiter(waiter: Waiter<PooledConnection>): boolean {
  return waiter instanceof SharingWaiter
}
