import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect, createPool } from '../../src/index.js'
import { testServer } from '../support/server.js'
import { hasPgBouncer, keepsStatements, PgBouncer } from './pgbouncer.js'

/*
 * What works behind PgBouncer, and how what cannot work fails: the table "Poolers" of docs/reliability.md.
 * Two sessions of the server serve all.
 */

if (!hasPgBouncer) console.info('PgBouncer is not installed; the tests of its modes are left out')
else if (!keepsStatements) {
  console.info('PgBouncer is older than 1.21 and keeps no statements; those tests are left out')
}

const MODES = ['session', 'transaction', 'statement'] as const
const variants = MODES.flatMap((mode) => [
  { mode, maxPreparedStatements: 0 },
  ...(keepsStatements ? [{ mode, maxPreparedStatements: 100 }] : []),
])

for (const variant of variants) {
  const { mode, maxPreparedStatements } = variant
  const keepsSession = mode === 'session'

  describe.runIf(hasPgBouncer)(`${mode} mode, ${maxPreparedStatements} statements kept`, () => {
    let bouncer: PgBouncer
    beforeAll(async () => {
      bouncer = await PgBouncer.start((await testServer()).dsn(), { ...variant, poolSize: 2 })
    })
    afterAll(() => bouncer[Symbol.asyncDispose]())

    /** A connection and its neighbour, by whose work it gets another session where it can. */
    async function withNeighbour(
      use: (conn: Connection, neighbour: Connection) => Promise<void>,
    ): Promise<void> {
      await using conn = await connect(bouncer.dsn)
      await using neighbour = await connect(bouncer.dsn)
      await use(conn, neighbour)
    }

    test('queries of more clients than sessions', async () => {
      await using pool = await createPool(bouncer.dsn, {
        minSize: 2,
        maxSize: keepsSession ? 2 : 6,
      })
      const sums = await Promise.all(
        Array.from({ length: 60 }, (_, i) => pool.fetchval(`select $1::int + ${i % 7}`, [i])),
      )
      expect(sums).toEqual(Array.from({ length: 60 }, (_, i) => i + (i % 7)))
    })

    test('a prepared statement goes on in another session', () =>
      withNeighbour(async (conn, neighbour) => {
        const statement = await conn.prepare('select $1::int + 1')
        for (let i = 0; i < 5; i++) {
          const [sum] = await Promise.all([
            statement.fetchval([i]),
            neighbour.fetch('select pg_sleep(0.01)'),
          ])
          expect(sum).toBe(i + 1)
        }
      }))

    test('executemany, batch, stream and COPY', () =>
      withNeighbour(async (conn) => {
        const many = await conn.executemany('select $1::int', [[1], [2]])
        expect(many.rowCount).toBe(2)
        const results = await conn.batch(['select 1 as n', 'select 2 as n'])
        expect(results.flatMap(({ rows }) => rows)).toEqual([{ n: 1 }, { n: 2 }])
        let sum = 0
        for await (const { n } of conn.stream<{ n: number }>('select generate_series(1, 99) n')) {
          sum += n
        }
        expect(sum).toBe(4950)
        const bytes: Buffer[] = []
        for await (const piece of conn.copyTo({ query: 'select 7' })) bytes.push(piece)
        expect(Buffer.concat(bytes).toString()).toBe('7\n')
      }))

    test('a cancelled query leaves its connection usable', () =>
      withNeighbour(async (conn) => {
        const late = conn.fetch('select pg_sleep(60)', [], { timeout: 50 })
        await expect(late).rejects.toMatchObject({ name: 'QueryTimeoutError' })
        expect(await conn.fetchval('select 1')).toBe(1)
      }))

    test(`transactions and cursors ${mode === 'statement' ? 'are refused by the pooler, in its words' : 'work'}`, () =>
      withNeighbour(async (conn) => {
        const rows = conn.transaction(async (tx) => {
          const read: unknown[] = []
          for await (const row of tx.cursor('select generate_series(1, 3) as n')) read.push(row)
          await tx.transaction((inner) => inner.execute('select 1'))
          return read
        })
        if (mode !== 'statement') {
          expect(await rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
          return
        }
        await expect(rows).rejects.toThrow(/transaction blocks not allowed in statement pooling/)
        await expect(rows).rejects.toMatchObject({ name: 'ConnectionClosedError' })
      }))

    test(`state of the session is ${keepsSession ? "the client's" : "everybody's who meets it"}`, async () => {
      const poolSize = keepsSession ? 2 : 1
      await using own = await PgBouncer.start((await testServer()).dsn(), { ...variant, poolSize })
      await using conn = await connect(own.dsn)
      await using neighbour = await connect(own.dsn)
      await conn.execute('create temp table mine (a int4)')
      const isThere = "select to_regclass('pg_temp.mine') is not null"
      expect(await conn.fetchval(isThere)).toBe(true)
      expect(await neighbour.fetchval(isThere)).toBe(!keepsSession)
    })

    test(`LISTEN ${keepsSession ? 'works' : 'hears nothing, and nobody can tell'}`, () =>
      withNeighbour(async (conn, neighbour) => {
        const payloads: string[] = []
        const heard = new Promise<void>((resolve) => {
          conn.once('notification', () => resolve())
        })
        await conn.listen('news', ({ payload }) => payloads.push(payload))
        await neighbour.notify('news', 'it is so')
        if (keepsSession) await heard
        else await conn.fetchval('select 1 from pg_sleep(0.05)')
        expect(payloads).toEqual(keepsSession ? ['it is so'] : [])
      }))

    test('a pool gives back what its borrower changed', async () => {
      await using pool = await createPool(bouncer.dsn, { maxSize: 1 })
      const before = await pool.fetchval('show search_path')
      await pool.use((conn) => conn.execute('set search_path = nowhere'))
      expect(await pool.fetchval('show search_path')).toBe(before)
    })
  })
}
