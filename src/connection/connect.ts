import { SluiceError } from '../base/errors.js'
import type { ConnectOptions as ConnectionSettings } from '../config/connect-options.js'
import { resolveConnection } from '../config/resolve.js'
import { TypeCatalogue } from '../types/type-catalogue.js'
import type { TypeOptions } from '../types/type-options.js'
import { Connector } from '../wire/connector.js'
import { Connection } from './connection.js'
import { ConnectionEmitter } from './connection-events.js'

/** Options of {@link connect}. */
export interface ConnectOptions extends Omit<ConnectionSettings, 'types'> {
  /** How values of types become JavaScript values, by name or OID of the type. */
  readonly types?: TypeOptions | undefined
}

/**
 * Opens a connection. asyncpg: `connect`.
 *
 * What an option leaves open the DSN decides, then the environment (`PG*`), then the default.
 *
 * ```ts
 * await using conn = await connect('postgresql://app:secret@localhost/app')
 * const user = await conn.fetchrow('select id, name from users where id = $1', [1])
 * ```
 *
 * @param dsn a URI (`postgresql://…`) or keywords (`host=… dbname=…`) as libpq reads them
 * @throws {TypeError} or `RangeError` when an option is unknown or wrong; before anything is opened
 * @throws {PostgresError} when the server refuses: wrong password (28P01), no such database (3D000), …
 * @throws {AuthenticationError} when we refuse to authenticate
 * @throws {TlsError} when TLS cannot be had as demanded
 * @throws {ConnectTimeoutError} after `connectTimeout`
 * @throws {ConnectionError} when the server cannot be reached; with several hosts it lists the attempts
 * @throws the reason of `signal` when it is aborted
 */
export async function connect(
  dsn?: string | ConnectOptions,
  options?: ConnectOptions,
): Promise<Connection> {
  const config = resolveConnection(dsn, options)
  const events = new ConnectionEmitter()
  if (config.onNotice !== undefined) events.on('notice', config.onNotice)
  const types = new TypeCatalogue(config.types)
  try {
    const wire = await new Connector(config).connect(types, events, config.signal)
    return new Connection(wire, events)
  } catch (error) {
    // From here the stack leads to whoever awaits; where the error was made it led to a socket or a timer.
    if (error instanceof SluiceError) Error.captureStackTrace(error)
    throw error
  }
}
