import { systemClock } from '../../build/base/clock.js'
import { resolvePool } from '../../build/pool/pool-options.js'
import { ResourcePool } from '../../build/pool/resource-pool.js'
import type { MicroCase } from './micro-case.js'

const SIZE = 10
const CALLS = 100

/** With which nothing is ever replaced or validated. */
const OPTIONS = {
  user: 'x',
  minSize: SIZE,
  maxSize: SIZE,
  maxQueries: Number.MAX_SAFE_INTEGER,
  maxLifetime: 0,
  validateAfterIdle: 2 ** 31 - 1,
}

/** Lending and taking back, of resources that are nothing. */
export async function poolCases(): Promise<MicroCase[]> {
  const lifecycle = {
    create: async () => ({}),
    destroy: () => {},
    isUsable: () => true,
    validate: async () => {},
  }
  const { pool: config } = resolvePool(OPTIONS, undefined)
  const pool = new ResourcePool<object>(lifecycle, config.resources, systemClock, Math.random)
  await pool.warmUp()
  return [
    {
      name: 'tryAcquire and release',
      unit: 'loan',
      operations: CALLS,
      run() {
        for (let i = 0; i < CALLS; i++) release(pool, pool.tryAcquire())
      },
    },
    {
      name: 'a waiter served by a release',
      unit: 'loan',
      operations: CALLS,
      run: () => waitInTurn(pool),
    },
  ]
}

function release(pool: ResourcePool<object>, resource: object | undefined): void {
  if (resource === undefined) throw new Error('the pool is empty')
  pool.release(resource)
}

/** All are lent, so each of the waiters gets what the one before gives back. */
function waitInTurn(pool: ResourcePool<object>): void {
  const lent = Array.from({ length: SIZE }, () => pool.tryAcquire())
  let current: object | undefined
  const waiter = {
    onResource: (resource: object) => {
      current = resource
    },
    onRefused: (error: unknown) => {
      throw error
    },
  }
  current = lent.pop()
  for (let i = 0; i < CALLS; i++) {
    pool.enqueue(waiter, Number.POSITIVE_INFINITY)
    release(pool, current)
  }
  for (const resource of [...lent, current]) release(pool, resource)
}
