import { type Pool, QueryTimeoutError } from '../../../src/index.js'
import type { Chance } from '../../unit/pool/chance.js'

/** What the callers work on. */
export const LOAD_SCHEMA: string = `
  create table items (id int primary key, name text, price numeric, at timestamptz default now());
  insert into items select n, 'item ' || n, n * 1.25 from generate_series(1, 1000) n;
  create table log (id bigint generated always as identity, item int, note text);
`

/** One thing that a caller does. It throws when what it gets is wrong. */
type Operation = (pool: Pool, chance: Chance) => Promise<unknown>

function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new RangeError(`wrong: ${what}`)
}

async function count(rows: AsyncIterable<unknown>): Promise<number> {
  let n = 0
  for await (const _ of rows) n += 1
  return n
}

const SOME = 'select * from items where id <= $1 order by id'

/** A mix of all there is, as an application would have it. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  async fetchrow(pool, chance) {
    const id = 1 + chance.integer(1000)
    const row = await pool.fetchrow<{ id: number }>('select * from items where id = $1', [id])
    expect(row?.id === id, `item ${id}`)
  },
  async fetch(pool) {
    expect((await pool.fetch(SOME, [100])).length === 100, '100 items')
  },
  async execute(pool, chance) {
    const values = [chance.integer(1000), 'x'.repeat(chance.integer(500))]
    await pool.execute('insert into log (item, note) values ($1, $2)', values)
  },
  async transaction(pool, chance) {
    await pool.transaction(async (tx) => {
      await tx.execute('insert into log (item) values ($1)', [chance.integer(1000)])
      await tx.execute('delete from log where id in (select id from log order by id limit 50)')
    })
  },
  async executemany(pool, chance) {
    const rows = Array.from({ length: 20 }, () => [chance.integer(1000), 'many'])
    await pool.executemany('insert into log (item, note) values ($1, $2)', rows)
  },
  async batch(pool) {
    const [first, second] = await pool.batch(['select 1 as one', [SOME, [10]]])
    expect(first?.rowCount === 1 && second?.rowCount === 10, 'a batch')
  },
  async cursor(pool) {
    expect((await count(pool.cursor(SOME, [60], { prefetch: 20 }))) === 60, 'a cursor of 60')
  },
  async stream(pool) {
    expect((await count(pool.stream(SOME, [300]))) === 300, 'a stream of 300')
  },
  async copyRecordsTo(pool, chance) {
    const rows = Array.from({ length: 50 }, () => [chance.integer(1000), 'copied'])
    await pool.copyRecordsTo('log', rows, { columns: ['item', 'note'] })
  },
  async copyTo(pool) {
    expect((await count(pool.copyTo({ query: 'select * from items' }))) > 0, 'COPY')
  },
  async 'borrowed, prepared'(pool) {
    await pool.use(async (conn) => {
      const statement = await conn.prepare('select $1::int + 1')
      expect((await statement.fetchval([1])) === 2, 'prepared')
      await conn.execute("set work_mem = '5MB'")
    })
  },
  async 'timed out'(pool) {
    try {
      await pool.execute('select pg_sleep(10)', [], { timeout: 20 })
    } catch (error) {
      if (!(error instanceof QueryTimeoutError)) throw error
    }
  },
  async aborted(pool) {
    const controller = new AbortController()
    const reason = new RangeError('given up')
    const aborting = setTimeout(() => controller.abort(reason), 10)
    try {
      await pool.fetch('select pg_sleep(10)', [], { signal: controller.signal })
    } catch (error) {
      if (error !== reason) throw error
    } finally {
      clearTimeout(aborting)
    }
  },
  async notify(pool) {
    await pool.notify('soak', 'something')
  },
}
