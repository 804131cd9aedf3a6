import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPool, type Pool, TargetSessionAttrsError } from '../../src/index.js'
import { startCluster, type TestCluster } from '../../src/testing/index.js'
import { until } from '../support/until.js'

const isStandby = 'select pg_is_in_recovery()'

let cluster: TestCluster
let pool: Pool | undefined

beforeEach(async () => {
  cluster = await startCluster()
})

afterEach(async () => {
  pool?.terminate()
  await pool?.close()
  pool = undefined
  await cluster[Symbol.asyncDispose]()
})

test('a pool over several hosts: targets by acquire, balanced reads, failover without a restart', async () => {
  pool = await createPool(cluster.dsn(), {
    minSize: 1,
    maxSize: 4,
    targetSessionAttrs: 'primary',
    hostRecheck: 200,
    // For as long a server that has died may be asked: it keeps nobody from the one that takes over.
    validationTimeout: 60_000,
  })
  expect(await pool.fetchval(isStandby)).toBe(false)

  const notifications = pool.listen('failover')
  await notifications.listening

  // targets
  for (const [target, expected] of [
    ['primary', false],
    ['read-write', false],
    ['standby', true],
    ['read-only', true],
    ['prefer-standby', true],
  ] as const) {
    const found = await pool.use((conn) => conn.fetchval(isStandby), { target })
    expect([target, found]).toEqual([target, expected])
  }
  await expect(pool.acquire({ target: 'secondary' as never })).rejects.toThrow(/target/)

  // balanced
  const held = await Promise.all([1, 2, 3, 4].map(() => pool?.acquire({ target: 'any' })))
  const addresses = new Set(held.map((conn) => conn?.address))
  expect(addresses.size).toBe(2)
  for (const conn of held) conn?.release()

  // failover
  const [standby] = cluster.standbys
  if (standby === undefined) throw new Error('no standby')
  await cluster.primary.kill('SIGKILL')
  const read = await pool.use((conn) => conn.fetchval(isStandby), {
    target: 'prefer-standby',
    timeout: 10_000,
  })
  expect(read).toBe(true)
  // Its backends notice by themselves that it is dead, and serve until then.
  const writable = async (): Promise<unknown> => {
    const acquired = pool?.acquire({ timeout: 300 })
    return await acquired?.then(
      (conn) => conn.release(),
      (error: { code: unknown }) => error.code,
    )
  }
  await expect.poll(writable, { timeout: 10_000 }).toBe('ERR_SLUICE_POOL_TIMEOUT')
  const waiting = pool.use((conn) => conn.fetchval(isStandby), { timeout: 25_000 })
  await cluster.promote(standby)
  expect(await waiting).toBe(false)
  expect(await pool.fetchval(isStandby)).toBe(false)
  await until(() => (pool?.idleSize ?? 0) > 0)

  // listening goes where writes go
  expect((await notifications.next()).value).toEqual({ type: 'gap', reason: 'connection' })
  await pool.notify('failover', 'from the new primary')
  expect((await notifications.next()).value).toMatchObject({ payload: 'from the new primary' })
}, 60_000)

test('a target that no server serves is an error for a caller without a deadline, at creation too', async () => {
  const dsn = `${cluster.primary.dsn()}`.replace(/@([^/]+)\//, '@$1,$1/')
  await expect(createPool(dsn, { targetSessionAttrs: 'standby' })).rejects.toThrow(
    TargetSessionAttrsError,
  )
  pool = await createPool(dsn)
  await expect(pool.acquire({ target: 'standby' })).rejects.toMatchObject({
    name: 'TargetSessionAttrsError',
    message: expect.stringMatching(/it is not a standby/),
  })
}, 60_000)

test('one of two hosts down at creation: the other serves', async () => {
  const dsn = cluster.dsn()
  await cluster.primary.kill('SIGKILL')
  pool = await createPool(dsn, { minSize: 1, hostRecheck: 200 })
  expect(await pool.fetchval(isStandby)).toBe(true)
  // The server may just be asked for its role, which is a loan as well.
  await until(() => pool?.stats().lent === 0)
}, 60_000)
