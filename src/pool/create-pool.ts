import { HostPool } from './host-pool.js'
import { Pool } from './pool.js'
import { type PoolOptions, resolvePool } from './pool-options.js'

/**
 * Makes a pool and opens its first `minSize` connections. asyncpg: `create_pool`.
 *
 * ```ts
 * await using pool = await createPool('postgresql://localhost/app', { minSize: 5, maxSize: 20 })
 * const count = await pool.fetchval<number>('select count(*) from users')
 * ```
 *
 * @param dsn as for {@link connect}
 * @throws what {@link connect} throws when the first connections cannot be opened; none is left open then
 * @throws {TypeError} or `RangeError` when an option is unknown or wrong
 */
export async function createPool(dsn?: string | PoolOptions, options?: PoolOptions): Promise<Pool> {
  const { connection, pool } = resolvePool(dsn, options)
  const isGroup = connection.hosts.length > 1 && pool.connect === undefined
  const Backend = isGroup ? (await import('./host-group.js')).HostGroup : HostPool
  return new Pool(connection, pool, Backend).open()
}
