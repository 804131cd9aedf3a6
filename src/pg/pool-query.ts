import type { CheckoutCallback, PooledClient } from './pool-client.js'

/** What is called with the outcome of a query. */
export type QueryOutcome = (error: Error | null | undefined, result?: unknown) => void

/**
 * Runs one query on a client that is borrowed for it: by `connect` of the pool and `query` of the
 * client, which tracing may have replaced.
 */
export function queryOnce(
  pool: { connect(callback: CheckoutCallback): void },
  text: unknown,
  values: unknown,
  callback: QueryOutcome,
): void {
  pool.connect((error, client) => {
    if (client === undefined) {
      callback(error)
      return
    }
    let isOver = false
    const finish = (failure: Error | null | undefined, result?: unknown): void => {
      if (isOver) return
      isOver = true
      client.removeListener('error', finish)
      // A query that the server refused leaves a client as good as before; one whose client broke,
      // or that is still under way after its timeout, does not.
      client.release(failure && !isReusable(client) ? failure : undefined)
      if (failure) callback(failure)
      else callback(undefined, result)
    }
    client.on('error', finish)
    try {
      client.query(text as string, values as never, finish as never)
    } catch (thrown) {
      finish(thrown as Error)
    }
  })
}

function isReusable(client: PooledClient): boolean {
  return client._queryable && !client._ending && client._getActiveQuery() === null
}
