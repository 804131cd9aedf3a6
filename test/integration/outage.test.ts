import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConnectionError, createPool, PoolTimeoutError } from '../../src/index.js'
import { startPostgres, type TestPostgres } from '../../src/testing/index.js'
import { until } from '../support/until.js'

let server: TestPostgres

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop('immediate'))

test('a pool outlives a crash of its server: typed errors, few attempts, full service afterwards', async () => {
  await using pool = await createPool(server.dsn(), { minSize: 3, maxSize: 3 })
  const running = Array.from({ length: 3 }, () => pool.fetchval('select pg_sleep(30)'))
  const lost = Promise.all(
    running.map((query) =>
      expect(query).rejects.toMatchObject({ code: 'ERR_SLUICE_CONNECTION_CLOSED' }),
    ),
  )
  const waiting = pool.acquire({ timeout: 20_000 })
  await server.kill('SIGKILL')
  await lost

  await expect(pool.acquire({ timeout: 200 })).rejects.toMatchObject({
    name: PoolTimeoutError.prototype.name,
    cause: { name: ConnectionError.prototype.name, phase: 'connect' },
  })
  const { createFailed } = pool.stats()
  expect(createFailed).toBeGreaterThan(0)
  expect(createFailed).toBeLessThan(20)

  await server.restart()
  const conn = await waiting
  expect(await conn.fetchval('select 1')).toBe(1)
  conn.release()
  await until(() => pool.idleSize === 3)
  expect(await Promise.all([1, 2, 3].map((n) => pool.fetchval('select $1::int4', [n])))).toEqual([
    1, 2, 3,
  ])
})

test('a caller without a deadline learns why there is no connection', async () => {
  await using pool = await createPool(server.dsn(), { minSize: 0, maxSize: 3 })
  await server.kill('SIGKILL')
  await expect(pool.fetchval('select 1')).rejects.toMatchObject({ phase: 'connect' })
  await server.restart()
  await until(() => pool.stats().waiting === 0)
  expect(await pool.fetchval('select 1')).toBe(1)
})

test('a server that hangs up at startup is tried again until the deadline', async () => {
  let attempts = 0
  const hangingUp = createServer((socket) => {
    attempts += 1
    socket.on('error', () => {})
    socket.once('data', () => socket.destroy())
  })
  hangingUp.listen(0, '127.0.0.1')
  await once(hangingUp, 'listening')
  const { port } = hangingUp.address() as AddressInfo
  try {
    await using pool = await createPool(`postgresql://x@127.0.0.1:${port}/x?sslmode=disable`, {
      minSize: 0,
      retryBackoff: { min: 10, max: 20 },
    })
    await expect(pool.acquire({ timeout: 300 })).rejects.toMatchObject({
      code: 'ERR_SLUICE_POOL_TIMEOUT',
      cause: { code: 'ERR_SLUICE_CONNECTION_CLOSED', phase: 'startup' },
    })
    expect(attempts).toBeGreaterThan(2)
  } finally {
    hangingUp.close()
  }
})

test('close with a timeout settles while the server is frozen', async () => {
  const pool = await createPool(server.dsn(), { minSize: 1, maxSize: 1 })
  const pid = await pool.fetchval<number>('select pg_backend_pid()')
  process.kill(pid ?? 0, 'SIGSTOP')
  try {
    const running = expect(pool.fetchval('select 1')).rejects.toMatchObject({
      code: 'ERR_SLUICE_CONNECTION_CLOSED',
    })
    await pool.close({ timeout: 100 })
    await running
  } finally {
    process.kill(pid ?? 0, 'SIGCONT')
  }
})

test('connect to a port where nobody listens is a ConnectionError that names it', async () => {
  const { address } = { address: `127.0.0.1:1` }
  await expect(createPool(`postgresql://${address}/x`)).rejects.toMatchObject({
    code: 'ERR_SLUICE_CONNECTION',
    phase: 'connect',
    address,
    safeToRetry: true,
    cause: { code: 'ECONNREFUSED' },
  })
})
