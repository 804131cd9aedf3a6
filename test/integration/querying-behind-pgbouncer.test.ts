import { beforeAll, describe, expect, test } from 'vitest'
import { connect, createPool } from '../../src/index.js'
import { testServer } from '../support/server.js'
import { hasPgBouncer, PgBouncer } from './pgbouncer.js'

let dsn: string

beforeAll(async () => {
  dsn = (await testServer()).dsn()
})

if (!hasPgBouncer) console.info('PgBouncer is not installed; its tests are left out')

// Every query may meet another session of the server, which knows nothing of the statements of the last.
describe.runIf(hasPgBouncer)('behind PgBouncer in transaction mode', () => {
  test('without an option queries of many connections give what they should', async () => {
    await using bouncer = await PgBouncer.start(dsn, { poolSize: 3 })
    await using pool = await createPool(bouncer.dsn, { minSize: 8, maxSize: 8 })
    for (let round = 0; round < 5; round++) {
      const values = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          pool.fetchval(`select $1::int + ${i % 7}`, [i]).then((value) => Number(value) - (i % 7)),
        ),
      )
      expect(values).toEqual(Array.from({ length: 60 }, (_, i) => i))
    }
    const sum = await pool.transaction(async (tx) => {
      await tx.execute('select 1', [])
      return tx.fetchval('select $1::int + $2::int', [1, 2])
    })
    expect(sum).toBe(3)
  })

  for (const statementMode of ['describe', 'unnamed', 'simple'] as const) {
    test(`statementMode '${statementMode}' works from the first query on`, async () => {
      await using bouncer = await PgBouncer.start(dsn, { poolSize: 3 })
      await using pool = await createPool(bouncer.dsn, { minSize: 4, maxSize: 4, statementMode })
      const values = await Promise.all(
        Array.from({ length: 40 }, (_, i) => pool.fetchval(`select ${i % 5} from pg_sleep(0.001)`)),
      )
      expect(values).toEqual(Array.from({ length: 40 }, (_, i) => i % 5))
    })
  }

  test('a query is cancelled, and its connection goes on', async () => {
    await using bouncer = await PgBouncer.start(dsn, { poolSize: 3 })
    await using conn = await connect(bouncer.dsn)
    const late = conn.fetchval('select pg_sleep(60)', [], { timeout: 100 })
    await expect(late).rejects.toMatchObject({ name: 'QueryTimeoutError' })
    expect(await conn.fetchval('select 1')).toBe(1)
  })
})
