import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
import { testServer } from '../support/server.js'

/** One call and what becomes of it: its value, or the code of its error. */
type Step = (conn: Connection, signal: AbortSignal) => Promise<unknown>

let reference: Connection
let pipelined: Connection

beforeAll(async () => {
  const dsn = (await testServer()).dsn()
  // A small cache, so that statements are evicted all the time.
  reference = await connect(dsn, { statementCacheSize: 3 })
  pipelined = await connect(dsn, { statementCacheSize: 3 })
})

afterAll(() => Promise.all([reference.close(), pipelined.close()]))

/** Numbers from 0 to below `n`, the same for the same seed. */
function generator(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

/** Whatever can be asked of a connection, by random choice. Only steps without effect are given up. */
function step(random: (n: number) => number): Step {
  const key = random(10)
  const value = random(1_000)
  switch (random(16)) {
    case 0:
      return (conn) => conn.fetchval('select count(*) from model')
    case 1:
      return (conn) => conn.fetch('select * from model order by k', [])
    case 2:
      return (conn) => conn.fetchrow('select * from model where k = $1', [key])
    case 3:
      return (conn) => conn.execute('insert into model (k, v) values ($1, $2)', [key, value])
    case 4:
      return (conn) => conn.execute('update model set v = v + $1 where k >= $2', [value, key])
    case 5:
      return (conn) => conn.fetch('delete from model where k = $1 returning v', [key])
    case 6:
      return (conn) => conn.execute('selct 1')
    case 7:
      return (conn) => conn.fetchval('select 1 / $1', [key % 2])
    case 8:
      return (conn) => conn.fetchval('select $1::int', ['no number'])
    case 9:
      return (conn) => conn.execute(['begin', 'commit', 'rollback', 'savepoint s'][key % 4] ?? '')
    case 10:
      return (conn) => conn.execute(`alter table model add column if not exists c${key % 3} int`)
    case 11:
      return (conn) =>
        conn.execute(
          key % 2 === 0 ? 'deallocate all' : `alter table model drop column if exists c${key % 3}`,
        )
    case 12:
      return (conn) =>
        conn.batch([
          ['insert into model (k, v) values ($1, $2)', [key + 20, value]],
          ['select count(*) from model', []],
          ['select 1 / $1::int', [value % 3]],
        ])
    case 13:
      return (conn) =>
        conn.executemany('insert into model (k, v) values ($1, $2)', [
          [key + 40, 1],
          [key + 41, 2],
        ])
    case 14:
      return (conn, signal) => conn.fetchval('select pg_sleep(0.002 * $1)', [key], { signal })
    default:
      return (conn) => conn.fetchval('select $1::text', ['x'.repeat(value * 50)])
  }
}

async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return JSON.stringify(await call)
  } catch (error) {
    return (error as { code?: string }).code ?? error
  }
}

async function reset(conn: Connection): Promise<void> {
  if (conn.transactionStatus !== 'idle') await conn.execute('rollback')
  await conn.execute('drop table if exists model')
  await conn.execute('create temp table model (k int primary key, v int)')
}

const NEVER: AbortSignal = new AbortController().signal

test.each(Array.from({ length: 12 }, (_, i) => 1_000 + i))(
  'what is sent together gives what it gives one by one (seed %i)',
  async (seed) => {
    await Promise.all([reset(reference), reset(pipelined)])
    const random = generator(seed)
    const steps = Array.from({ length: 80 }, () => step(random))
    const expected: unknown[] = []
    for (const each of steps) expected.push(await outcomeOf(each(reference, NEVER)))
    const aborted = new AbortController()
    const calls = steps.map((each, i) =>
      outcomeOf(each(pipelined, i % 2 === 0 ? aborted.signal : NEVER)),
    )
    setTimeout(() => aborted.abort('given up'), 5)
    const actual = await Promise.all(calls)
    for (const [i, outcome] of actual.entries()) {
      // What was given up in a transaction has failed it, so from there the two are no longer alike.
      if (outcome === 'given up' && expected[i] !== 'given up') {
        expect(steps[i]?.toString()).toContain('pg_sleep')
        if (pipelined.transactionStatus !== reference.transactionStatus) return
        continue
      }
      expect([i, outcome]).toEqual([i, expected[i]])
    }
    expect(await pipelined.fetchval('select 1').catch((error) => error.code)).toEqual(
      await reference.fetchval('select 1').catch((error) => error.code),
    )
  },
)
