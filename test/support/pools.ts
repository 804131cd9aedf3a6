import { afterEach, beforeAll } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../../src/index.js'
import { testServer } from './server.js'

/** Makes pools on the shared server, and closes those that a test of this file leaves open. */
export function usePools(): {
  readonly dsn: () => string
  readonly makePool: (options?: PoolOptions) => Promise<Pool>
} {
  let dsn = ''
  const pools = new Set<Pool>()
  beforeAll(async () => {
    dsn = (await testServer()).adminDsn
  })
  afterEach(async () => {
    for (const pool of pools) {
      pool.terminate()
      await pool.close()
    }
    pools.clear()
  })
  return {
    dsn: () => dsn,
    async makePool(options) {
      const pool = await createPool(dsn, options)
      pools.add(pool)
      return pool
    },
  }
}
