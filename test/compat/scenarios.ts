import { expect, test } from 'vitest'
import { testServer } from '../support/server.js'
import { type PgModule, published, sluice } from './modules.js'
import { outcome } from './outcome.js'

/** Does something with a module and says what came of it. */
export type Scenario = (pg: PgModule, dsn: string) => unknown

/** One test for each scenario: it comes to the same with both modules. */
export function compareScenarios(scenarios: Readonly<Record<string, Scenario>>): void {
  test.each(Object.entries(scenarios))('%s', async (_name, scenario) => {
    const dsn = (await testServer()).dsn({ sslmode: 'disable' })
    const theirs = await outcome(run(scenario, published, dsn))
    const ours = await outcome(run(scenario, sluice, dsn))
    expect(ours).toEqual(theirs)
  })
}

async function run(scenario: Scenario, pg: PgModule, dsn: string): Promise<unknown> {
  return await scenario(pg, dsn)
}

/** What a connected client is used for; it is closed behind it. */
export function withClient(
  use: (client: InstanceType<PgModule['Client']>, pg: PgModule) => unknown,
  config: object = {},
): Scenario {
  return async (pg, dsn) => {
    const client = new pg.Client({ connectionString: dsn, ...config })
    client.on('error', () => {})
    await client.connect()
    try {
      return await use(client, pg)
    } finally {
      await client.end()
    }
  }
}

/** What a pool is used for; it is closed behind it. */
export function withPool(
  use: (pool: InstanceType<PgModule['Pool']>, pg: PgModule) => unknown,
  config: object = {},
): Scenario {
  return async (pg, dsn) => {
    const pool = new pg.Pool({ connectionString: dsn, ...config })
    pool.on('error', () => {})
    try {
      return await use(pool, pg)
    } finally {
      if (!pool.ending) await pool.end()
    }
  }
}

/** What a call with a callback at its end hands to it. */
export function called(
  call: (callback: (...args: unknown[]) => void) => unknown,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    try {
      call((...args) => resolve(args))
    } catch (error) {
      reject(error)
    }
  })
}

/** Resolves when an emitter tells of an event, to what it tells. */
export function told(
  emitter: { once(event: string, listener: (...args: unknown[]) => void): unknown },
  event: string,
): Promise<unknown[]> {
  return new Promise((resolve) => emitter.once(event, (...args) => resolve(args)))
}
