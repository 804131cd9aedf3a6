import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { testServer } from '../support/server.js'
import type { PgModule } from './modules.js'
import { outcome } from './outcome.js'
import { compareScenarios, told, withPool } from './scenarios.js'

type Pool = InstanceType<PgModule['Pool']>

const EVENTS = ['connect', 'acquire', 'release', 'remove'] as const

/** What happens to a pool, with its counts. */
function watched(use: (pool: Pool, log: unknown[]) => unknown, config: object = {}) {
  return withPool(async (pool) => {
    const log: unknown[] = []
    const note = (what: string): void => {
      log.push([what, pool.totalCount, pool.idleCount, pool.expiredCount])
    }
    for (const event of EVENTS) pool.on(event, () => note(event))
    await use(pool, log)
    note('done')
    return [...log]
  }, config)
}

describe('maxLifetimeSeconds', () => {
  compareScenarios({
    'closes an idle client': watched(
      async (pool) => {
        await pool.query('select 1')
        await told(pool as never, 'remove')
        await pool.query('select 1')
      },
      // Longer than a query takes: a client that is too old goes when it comes back, as below.
      { maxLifetimeSeconds: 0.5 },
    ),
    'closes a client that is lent when it comes back': watched(
      async (pool, log) => {
        const client = await pool.connect()
        await pause(120)
        log.push(pool.expiredCount, (await client.query('select 1 as alive')).rows)
        const removed = told(pool as never, 'remove')
        client.release()
        await removed
        log.push(pool.expiredCount)
      },
      { maxLifetimeSeconds: 0.05 },
    ),
  })
})

describe('idleTimeoutMillis', () => {
  compareScenarios({
    '0 and null close no idle client': async (pg, dsn) => {
      const logs: unknown[] = []
      for (const idleTimeoutMillis of [0, null]) {
        const use = watched(() => pause(0).then(() => undefined), { idleTimeoutMillis })
        logs.push(await use(pg, dsn))
        const pool = new pg.Pool({ connectionString: dsn, idleTimeoutMillis } as never)
        await pool.query('select 1')
        await pause(50)
        logs.push(pool.totalCount, pool.options.idleTimeoutMillis)
        await pool.end()
      }
      return logs
    },
    'starts anew with each use': watched(
      async (pool, log) => {
        const pid = async (): Promise<unknown> =>
          (await pool.query('select pg_backend_pid() as pid')).rows[0].pid
        const first = await pid()
        await pause(100)
        const second = await pid()
        await pause(100)
        log.push(first === second, second === (await pid()))
      },
      { idleTimeoutMillis: 150 },
    ),
  })
})

describe('onConnect', () => {
  const hooked = (onConnect: (client: never) => unknown, more: object = {}) =>
    watched(
      async (pool, log) => {
        log.push(await outcome(pool.query('show geqo').then(({ rows }) => rows)))
        log.push(await outcome(pool.query('show geqo').then(({ rows }) => rows)))
      },
      { onConnect, ...more },
    )

  compareScenarios({
    'is awaited, once for each client': hooked(
      async (client: { query(text: string): Promise<unknown> }) => {
        await client.query('set geqo to off')
      },
    ),
    'may give nothing to wait for': hooked((client: { query(text: string): unknown }) => {
      void client.query('set geqo to off')
    }),
    'fails who asked, and the client is closed': hooked(async () => {
      throw new RangeError('unwelcome')
    }),
    'that fails leaves room for others': hooked(
      () => {
        throw new RangeError('unwelcome')
      },
      { max: 1 },
    ),
  })
})

describe('what is wrapped by tracing', () => {
  compareScenarios({
    'is what a query of a pool goes through': async (pg, dsn) => {
      const log: unknown[] = []
      const { connect } = pg.Pool.prototype
      const { query } = pg.Client.prototype
      const noting = (name: string, wrapped: object): never =>
        function (this: object, ...args: unknown[]) {
          log.push([name, ...args.map((arg) => typeof arg)])
          return (wrapped as (...given: unknown[]) => unknown).apply(this, args)
        } as never
      pg.Pool.prototype.connect = noting('connect', connect)
      pg.Client.prototype.query = noting('query', query)
      const pool = new pg.Pool({ connectionString: dsn })
      try {
        await pool.query('select 1')
        await pool.query('select $1::int', [1])
        await pool.query({ text: 'select 1' })
      } finally {
        pg.Pool.prototype.connect = connect
        pg.Client.prototype.query = query
        await pool.end()
      }
      return log
    },
  })
})

describe('the option Promise', () => {
  class OwnPromise<T> extends Promise<T> {}

  compareScenarios({
    'is the class of what a pool gives': withPool(
      async (pool) => {
        const calls = [pool.connect(), pool.query('select 1'), pool.query('selec')]
        const isOwn = calls.map((call) => call instanceof OwnPromise)
        const [client] = await Promise.allSettled(calls)
        if (client?.status === 'fulfilled') (client.value as { release(): void }).release()
        const ended = pool.end()
        return [isOwn, ended instanceof OwnPromise, await outcome(ended)]
      },
      { Promise: OwnPromise },
    ),
    'is the class of what a client gives': async (pg, dsn) => {
      const client = new pg.Client({ connectionString: dsn, Promise: OwnPromise } as never)
      const calls: Promise<unknown>[] = [client.connect()]
      calls.push(client.query('select 1'), client.query('selec'))
      await Promise.allSettled(calls)
      calls.push(client.end())
      return [calls.map((call) => call instanceof OwnPromise), await outcome(calls[2])]
    },
  })
})

describe('allowExitOnIdle', () => {
  /** How long a process with an idle pool lives: until its end, or until it is stopped. */
  async function lifeOf(module: string, config: object): Promise<string> {
    const script = new URL('idle-process.mjs', import.meta.url)
    const dsn = (await testServer()).dsn({ sslmode: 'disable' })
    const child = fork(script, [module, JSON.stringify({ connectionString: dsn, ...config })])
    const exit = once(child, 'exit')
    await once(child, 'message')
    const timer = setTimeout(() => child.kill(), 1_500)
    const [code] = await exit
    clearTimeout(timer)
    return code === 0 ? 'ended' : 'stopped'
  }

  test.each([
    ['lets a process end', { allowExitOnIdle: true }, 'ended'],
    ['that is not set keeps it', {}, 'stopped'],
  ])('%s', async (_name, config, expected) => {
    const ours = new URL('../../dist/pg/index.js', import.meta.url).href
    expect(await lifeOf('pg', config)).toBe(expected)
    expect(await lifeOf(ours, config)).toBe(expected)
  })
})
