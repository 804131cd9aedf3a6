import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { connect, createPool, type PoolOptions, PoolTimeoutError } from '../../src/index.js'
import { nextWarning } from '../support/next-warning.js'
import { usePools } from '../support/pools.js'
import { until } from '../support/until.js'

const { dsn, makePool } = usePools()
const backendPid = 'select pg_backend_pid()'

describe('pause and resume', () => {
  test('let the borrowers finish, keep callers waiting, and go on', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const conn = await pool.acquire()
    const paused = pool.pause()
    const waiting = pool.fetchval('select 7')
    await expect(pool.acquire({ timeout: 30 })).rejects.toThrow(PoolTimeoutError)
    expect(await conn.fetchval('select 1')).toBe(1)
    conn.release()
    await paused
    expect(pool.stats()).toMatchObject({ lent: 0, idle: 1, waiting: 1 })
    pool.resume()
    expect(await waiting).toBe(7)
  })
})

describe('resize', () => {
  test('opens up to the new minSize and closes beyond the new maxSize', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 2 })
    pool.resize({ minSize: 3, maxSize: 5 })
    await until(() => pool.idleSize === 3)
    pool.resize({ minSize: 1, maxSize: 2 })
    expect([pool.size, pool.minSize, pool.maxSize]).toEqual([2, 1, 2])
    expect(pool.stats().destroyed.resized).toBe(1)
  })

  const wrong = [{ minSize: 3 }, { maxSize: 0 }, { maxSize: 1.5 }, { max: 5 }] as const
  for (const limits of wrong) {
    test(`refuses ${JSON.stringify(limits)}, and changes nothing`, async () => {
      const pool = await makePool({ minSize: 1, maxSize: 2 })
      expect(() => pool.resize(limits as never)).toThrow(/"(?:minSize|maxSize|max)"/)
      expect([pool.minSize, pool.maxSize]).toEqual([1, 2])
    })
  }
})

describe('expireConnections', () => {
  test('replaces every connection, those in use when they come back', async () => {
    const pool = await makePool({ minSize: 2, maxSize: 2 })
    const conn = await pool.acquire()
    const { serverPid } = conn
    pool.expireConnections()
    expect(await conn.fetchval(backendPid)).toBe(serverPid)
    conn.release()
    await until(() => pool.stats().destroyed.expired === 2 && pool.idleSize === 2)
    expect(await pool.fetchval(backendPid)).not.toBe(serverPid)
  })

  test('with a spread does it bit by bit', async () => {
    const pool = await makePool({ minSize: 3, maxSize: 3 })
    pool.expireConnections({ spread: 200 })
    await until(() => pool.stats().destroyed.expired === 3 && pool.idleSize === 3)
    expect(() => pool.expireConnections({ spread: -1 })).toThrow(/spread/)
  })
})

test('options that are undefined count as absent', async () => {
  const none: { timeout?: number; signal?: AbortSignal } = {}
  const { timeout, signal } = none
  const pool = await makePool({
    minSize: undefined,
    maxSize: undefined,
    acquireTimeout: undefined,
    retryBackoff: { min: undefined, failFast: undefined },
    shedding: undefined,
    init: undefined,
    name: undefined,
  })
  expect(pool.stats()).toMatchObject({ minSize: 2, maxSize: 10 })
  const conn = await pool.acquire({ timeout, signal, target: undefined })
  expect(await conn.fetchval('select 1')).toBe(1)
  await conn.release()
  const transactionOptions = { timeout, signal, isolation: undefined, retry: undefined }
  expect(await pool.transaction((tx) => tx.fetchval('select 1'), transactionOptions)).toBe(1)
  pool.expireConnections({ spread: undefined })
  await pool.close({ timeout })
})

test.each([
  ['a URL', new URL('postgresql://host/db'), /instance of URL/],
  ['null', null, /not null/],
  ['a number', 5, /not a number/],
])('createPool refuses %s for its options', async (_what, options, message) => {
  await expect(createPool(options as never)).rejects.toThrow(message)
})

describe('setConnectOptions', () => {
  test('is for new connections; expireConnections makes them all new', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    pool.setConnectOptions(dsn(), { applicationName: 'rotated' })
    expect(await pool.fetchval('show application_name')).not.toBe('rotated')
    pool.expireConnections()
    expect(await pool.fetchval('show application_name')).toBe('rotated')
  })

  test('refuses wrong options by name, and changes nothing', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    expect(() => pool.setConnectOptions({ prot: 5 } as never)).toThrow(/"prot"/)
    expect(() => pool.setConnectOptions(new URL(dsn()) as never)).toThrow(/instance of URL/)
    pool.expireConnections()
    expect(await pool.fetchval('select 1')).toBe(1)
  })
})

test('a connection idle for longer than validateAfterIdle is asked for a sign of life', async () => {
  const pool = await makePool({ minSize: 1, maxSize: 1, validateAfterIdle: 0 })
  const pid = await pool.fetchval<number>(backendPid)
  await using admin = await connect(dsn())
  const last = () => admin.fetchval('select query from pg_stat_activity where pid = $1', [pid ?? 0])
  await new Promise((resolve) => setTimeout(resolve, 5))
  const conn = await pool.acquire()
  expect(await last()).toBe('')
  conn.release()
  expect(pool.stats()).toMatchObject({ created: 1, acquired: 2 })
})

describe('a nested acquire', () => {
  test('that times out names the line where its caller got the connection it holds', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    async function theInner() {
      return await pool.acquire({ timeout: 50 })
    }
    async function theOuter() {
      return await pool.use(async () => {
        await new Promise(setImmediate)
        return await theInner()
      })
    }
    const error = (await theOuter().catch((error: unknown) => error)) as PoolTimeoutError
    expect(error).toBeInstanceOf(PoolTimeoutError)
    expect(error.heldByCaller[0]).toMatch(/theOuter/)
    expect(error.heldByOthers).toEqual([])
    expect(error.message).toMatch(/the caller itself holds one since\n[\s\S]*theOuter/)
    expect(error.stack).toMatch(/theInner/)
  })

  test('without a deadline is reported by a process warning with both stacks', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const warning = nextWarning('SLUICE_NESTED_ACQUIRE')
    let waiting: Promise<{ release(): void }> | undefined
    await pool.use(async () => {
      waiting = pool.acquire()
      expect((await warning).detail).toMatch(/waiting at\n[\s\S]*holding since\n[\s\S]*pool-op/)
    })
    ;(await waiting)?.release()
  })

  test('is not suspected of a caller beside the borrower, who learns where that borrowed', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    async function theBorrower() {
      return await pool.acquire()
    }
    const conn = await theBorrower()
    const error = (await pool.acquire({ timeout: 20 }).catch((error: unknown) => error)) as Error
    expect(error).toMatchObject({ heldByCaller: [] })
    expect(error.message).toMatch(/one in use was acquired\n[\s\S]*theBorrower/)
    conn.release()
  })
})

describe('leakThreshold', () => {
  test('reports a connection that is not released, with the stack of its borrower', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 3, leakThreshold: 20 })
    const warning = nextWarning('SLUICE_LEAK')
    async function theForgetful() {
      return await pool.acquire()
    }
    const conn = await theForgetful()
    expect((await warning).detail).toMatch(/borrowed at\n[\s\S]*theForgetful/)
    conn.release()
  })

  test('is silent about those released in time', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 3, leakThreshold: 50 })
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    await pool.use((conn) => conn.fetchval('select 1'))
    await new Promise((resolve) => setTimeout(resolve, 120))
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })
})

describe('unref', () => {
  async function exitCode(options: PoolOptions): Promise<number | null> {
    const entry = new URL('../../src/index.ts', import.meta.url).href
    const program = `
      import { createPool } from ${JSON.stringify(entry)}
      const pool = await createPool(process.env.DSN, ${JSON.stringify(options)})
      await pool.fetchval('select 1')
      await pool.use((conn) => conn.fetchval('select pg_sleep(0.2)'))
      console.log('done')`
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { env: { ...process.env, DSN: dsn() }, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    await until(() => output.includes('done') || child.exitCode !== null)
    const timer = setTimeout(() => child.kill('SIGKILL'), options.unref === true ? 20_000 : 500)
    const [code] = await once(child, 'exit')
    clearTimeout(timer)
    return code
  }

  test('lets a process exit whose pool is idle, but not before its queries are answered', async () => {
    expect(await exitCode({ minSize: 2, maxSize: 2, unref: true })).toBe(0)
  })

  test('is off by default: an open pool keeps its process', async () => {
    expect(await exitCode({ minSize: 1, maxSize: 1 })).toBeNull()
  })
})

describe('options are checked at creation', () => {
  const wrong: readonly [PoolOptions, RegExp][] = [
    [{ validateAfterIdle: -1 }, /validateAfterIdle/],
    [{ validationTimeout: 0 }, /validationTimeout/],
    [{ shedding: 5 as never }, /shedding/],
    [{ shedding: { target: 0 } }, /shedding\.target/],
    [{ shedding: { aim: 5 } as never }, /shedding\.aim/],
    [{ unref: 'yes' as never }, /unref/],
    [{ leakThreshold: -1 }, /leakThreshold/],
    [{ connect: 'x' as never }, /connect/],
    [{ init: 5 as never }, /init/],
    [{ setup: {} as never }, /setup/],
    [{ reset: true as never }, /reset/],
    [{ name: 5 as never }, /name/],
    [{ retryBackoff: { failFast: -1 } }, /retryBackoff\.failFast/],
  ]
  for (const [options, message] of wrong) {
    test(`${JSON.stringify(options)} is refused by name`, async () => {
      await expect(makePool(options)).rejects.toThrow(message)
    })
  }
})
