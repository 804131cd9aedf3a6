import type { PooledClient } from './pool-client.js'
import type { PoolOptions } from './pool-config.js'

/**
 * Connects a client of a pool, within the time that the pool gives it, and hands it to `onConnect`.
 * @param onError listens to the client from the moment that it is connected
 * @param tell is called once; what it is told of a client that failed is why, and the client is closed
 */
export function openClient(
  client: PooledClient,
  { connectionTimeoutMillis: timeout, onConnect }: PoolOptions,
  onError: (error: Error) => void,
  tell: (error?: Error) => void,
): void {
  let isLate = false
  const timer = timeout
    ? setTimeout(() => {
        isLate = true
        client.connection.stream.destroy()
      }, timeout)
    : undefined
  client.connect((error) => {
    clearTimeout(timer)
    client.on('error', onError)
    if (error !== undefined && error !== null) {
      const message = 'Connection terminated due to connection timeout'
      tell(isLate ? new Error(message, { cause: error }) : error)
      return
    }
    if (onConnect === undefined) {
      tell()
      return
    }
    Promise.resolve()
      .then(() => onConnect(client))
      .then(
        () => tell(),
        (reason: Error) => client.end(() => tell(reason)),
      )
  })
}
