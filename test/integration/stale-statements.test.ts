import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Connection, type ConnectOptions, connect } from '../../src/index.js'
import { useDatabase } from '../support/databases.js'

/*
 * Statements that were prepared, and mean something else since, for all that runs more than one query:
 * they are prepared anew and run once more where the server has done nothing, or undone it.
 */

const { dsn } = useDatabase('')

let conn: Connection
let other: Connection

beforeEach(async () => {
  conn = await connect(dsn())
  other = await connect(dsn())
  await other.execute(`
    drop table if exists items, log;
    create table items (id int, name text);
    create table log (entry text);
    insert into items values (1, 'a')`)
})

afterEach(() => Promise.all([conn.close(), other.close()]))

const SELECT = 'select * from items where id < 10 order by id'
const LOG = 'insert into log values ($1)'
const INSERT = 'insert into items (id, name) values ($1, $2) returning *'

const alter = () => other.execute('alter table items add column more int default 7')
const entries = () => other.fetchcol('select entry from log order by entry')
const itemCount = () => other.fetchval('select count(*)::int from items')

/** Drops the statements of a session where the driver does not see it, as a pooler does by another session. */
const forgetUnseen = () => conn.execute("do $$ begin execute 'deal' || 'locate all'; end $$")

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const row of rows) all.push(row)
  return all
}

describe('batch', () => {
  test('is run once more, and leaves what one run leaves', async () => {
    await conn.batch([[LOG, ['first']], SELECT])
    await alter()
    const [, second] = await conn.batch([[LOG, ['second']], SELECT])
    expect(second?.rows).toEqual([{ id: 1, name: 'a', more: 7 }])
    expect(await entries()).toEqual(['first', 'second'])
  })

  test('of statements that are not there, as behind a pooler', async () => {
    await conn.batch([[LOG, ['first']], SELECT])
    await forgetUnseen()
    const [, second] = await conn.batch([[LOG, ['second']], SELECT])
    expect(second?.rows).toEqual([{ id: 1, name: 'a' }])
    expect(await entries()).toEqual(['first', 'second'])
    expect(await conn.fetchcol('select name from pg_prepared_statements')).toEqual([])
  })

  test('of which several have changed', async () => {
    const COUNT = 'select log from log'
    await conn.batch([COUNT, SELECT])
    await alter()
    await other.execute('alter table log add column at int')
    const [first, second] = await conn.batch([COUNT, SELECT])
    expect([first?.rows, second?.rows]).toEqual([[], [{ id: 1, name: 'a', more: 7 }]])
  })

  test('in a transaction it is not: the server has failed that', async () => {
    await conn.batch([SELECT])
    await alter()
    const failed = conn.transaction((tx) => tx.batch([[LOG, ['lost']], SELECT]))
    await expect(failed).rejects.toMatchObject({ code: '0A000', batchIndex: 1 })
    expect(await entries()).toEqual([])
    expect((await conn.batch([SELECT]))[0]?.rows).toHaveLength(1)
  })

  test('behind a COMMIT of its own it is not', async () => {
    const batch = (entry: string) => conn.batch([[LOG, [entry]], 'commit', SELECT])
    await batch('first')
    await alter()
    await expect(batch('second')).rejects.toMatchObject({ code: '0A000', batchIndex: 2 })
    expect(await entries()).toEqual(['first', 'second'])
  })

  test('several of them, sent together, keep their order', async () => {
    await conn.batch([[LOG, ['0']], SELECT])
    await alter()
    const results = await Promise.all(
      ['1', '2', '3'].map((entry) => conn.batch([[LOG, [entry]], SELECT])),
    )
    for (const [, second] of results) expect(second?.rows).toHaveLength(1)
    expect(await conn.fetchcol('select entry from log order by ctid')).toEqual(['0', '1', '2', '3'])
  })

  test('it is not run again behind a query that was sent behind it', async () => {
    await conn.batch([[LOG, ['0']], SELECT])
    await conn.execute(LOG, ['0'])
    await alter()
    const results = await Promise.allSettled([
      conn.batch([[LOG, ['1']], SELECT]),
      conn.execute(LOG, ['2']),
    ])
    expect(results).toMatchObject([{ reason: { code: '0A000' } }, { status: 'fulfilled' }])
    expect(await entries()).toEqual(['0', '0', '2'])
  })

  test('one that is refused for another reason is not', async () => {
    await expect(conn.batch([[LOG, ['1']], 'select 1 / 0'])).rejects.toMatchObject({
      code: '22012',
      batchIndex: 1,
    })
    await other.execute('drop table log')
    await expect(conn.batch([[LOG, ['1']]])).rejects.toMatchObject({ code: '42P01', batchIndex: 0 })
  })
})

describe('executemany and fetchmany', () => {
  const rows = Array.from({ length: 500 }, (_, i) => [i + 10, 'b'] as const)

  test('are run once more with all rows', async () => {
    await conn.fetchmany(INSERT, [[2, 'a']])
    await alter()
    const inserted = await conn.fetchmany<{ more: number }>(INSERT, rows)
    expect(inserted).toHaveLength(500)
    expect(inserted[499]).toEqual({ id: 509, name: 'b', more: 7 })
    expect(await itemCount()).toBe(502)
  })

  test('with a source that takes its time, and one array for all rows', async () => {
    await conn.executemany(INSERT, [[2, 'a']])
    await alter()
    async function* source() {
      const row: unknown[] = []
      for (const id of [3, 4, 5]) {
        row.splice(0, 2, id, 'c')
        yield row
        // By then the server has answered.
        await other.fetchval('select pg_sleep(0.02)')
      }
    }
    expect(await conn.executemany(INSERT, source())).toEqual({ command: 'INSERT', rowCount: 3 })
    expect(await conn.fetchcol(SELECT)).toEqual([1, 2, 3, 4, 5])
  })

  test('of a statement that is not there, as behind a pooler', async () => {
    await conn.executemany(INSERT, rows)
    await forgetUnseen()
    expect(await conn.executemany(INSERT, rows)).toMatchObject({ rowCount: 500 })
    expect(await itemCount()).toBe(1_001)
  })

  test('a source that fails meanwhile decides, and no row is kept', async () => {
    await conn.executemany(INSERT, rows)
    await alter()
    const reason = new Error('no more')
    async function* source() {
      yield [3, 'c']
      await other.fetchval('select pg_sleep(0.02)')
      throw reason
    }
    const failed = conn.executemany(INSERT, source())
    expect(await failed.catch((error: unknown) => error)).toBe(reason)
    expect(await itemCount()).toBe(501)
  })

  test('a signal that is aborted meanwhile decides, and no row is kept', async () => {
    await conn.executemany(INSERT, rows)
    await alter()
    const controller = new AbortController()
    async function* source() {
      yield [3, 'c']
      await other.fetchval('select pg_sleep(0.02)')
      controller.abort('enough')
      yield [4, 'd']
    }
    const failed = conn.executemany(INSERT, source(), { signal: controller.signal })
    await expect(failed).rejects.toBe('enough')
    expect(await itemCount()).toBe(501)
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('in a transaction they are not: the server has failed that', async () => {
    await conn.executemany(INSERT, rows)
    await alter()
    const failed = conn.transaction((tx) => tx.executemany(INSERT, rows))
    await expect(failed).rejects.toMatchObject({ code: '0A000' })
    expect(await itemCount()).toBe(501)
  })

  test('a value that fits no more is refused, and no row is kept', async () => {
    await conn.executemany(INSERT, [[2, 'x']])
    await other.execute('alter table items alter name type int using 1')
    const failed = conn.executemany(INSERT, [
      [3, 3],
      [4, 'x'],
    ])
    await expect(failed).rejects.toMatchObject({ name: 'EncodeError', row: 1 })
    expect(await itemCount()).toBe(2)
  })
})

test('a parameter whose type has changed is encoded as what it is then, by all', async () => {
  const CALLS: ((name: unknown) => Promise<unknown>)[] = [
    (name) => conn.execute(INSERT, [2, name]),
    (name) => conn.batch([[INSERT, [2, name]]]),
    (name) => conn.executemany(INSERT, [[2, name]]),
    async (name) => {
      for await (const _ of conn.stream(INSERT, [2, name]));
    },
  ]
  for (const call of CALLS) {
    await call('x')
    await other.execute('alter table items alter name type int using 1')
    await call(5)
    await expect(call('x')).rejects.toMatchObject({ name: 'EncodeError' })
    await other.execute('alter table items alter name type text')
  }
  expect(await itemCount()).toBe(9)
})

test('a parameter of a type that was dropped and made anew is of the new one, for all', async () => {
  const query = 'select $1::mood as mood'
  const CALLS: ((mood: string) => Promise<unknown>)[] = [
    (mood) => conn.fetchval(query, [mood]),
    async (mood) => (await conn.batch([[query, [mood]]]))[0]?.rows[0]?.['mood'],
    async (mood) => (await conn.fetchmany(query, [[mood]]))[0]?.['mood'],
    async (mood) => {
      await using statement = await conn.prepare(query)
      return statement.fetchval([mood])
    },
  ]
  await other.execute("create type mood as enum ('fine')")
  for (const call of CALLS) {
    await call('fine')
    await other.execute("drop type mood; create type mood as enum ('fine')")
    expect(await call('fine')).toBe('fine')
  }
  await other.execute('drop type mood')
})

test('a batch of more statements than the cache holds reads what changes as it is then', async () => {
  await using small = await connect(dsn(), { statementCacheSize: 1 })
  const batch = [SELECT, 'select 1', SELECT]
  expect((await small.batch(batch))[0]?.rows).toEqual([{ id: 1, name: 'a' }])
  await alter()
  expect((await small.batch(batch))[0]?.rows).toEqual([{ id: 1, name: 'a', more: 7 }])
})

describe.each<ConnectOptions>([{ statementMode: 'describe' }, { statementCacheSize: 0 }])(
  'statements without a name: %j',
  (options) => {
    const READS: Readonly<Record<string, (conn: Connection) => Promise<unknown>>> = {
      fetch: (c) => c.fetch(SELECT),
      'two fetches at once': (c) =>
        Promise.all([c.fetch(SELECT), c.fetch(SELECT)]).then(([, b]) => b),
      batch: (c) => c.batch([SELECT, 'select 1']).then(([result]) => result?.rows),
      fetchmany: (c) => c.fetchmany(SELECT, [[]]),
      stream: (c) => collect(c.stream(SELECT)),
      cursor: (c) => c.transaction((tx) => collect(tx.cursor(SELECT))),
      'a prepared statement': async (c) => {
        await using statement = await c.prepare(SELECT, { name: '' })
        await alterAndFetch(statement)
        return statement.fetch()
      },
    }

    async function alterAndFetch(statement: { fetch(): Promise<unknown> }): Promise<void> {
      await statement.fetch()
      await other.execute(
        'alter table items add column if not exists extra int; alter table items drop column extra',
      )
    }

    test.each(Object.entries(READS))('%s: what changes is read as it is then', async (_, read) => {
      await using unnamed = await connect(dsn(), options)
      expect(await read(unnamed)).toEqual([{ id: 1, name: 'a' }])
      await alter()
      expect(await read(unnamed)).toEqual([{ id: 1, name: 'a', more: 7 }])
      await other.execute('alter table items alter more type float8')
      expect(await read(unnamed)).toEqual([{ id: 1, name: 'a', more: 7 }])
      await other.execute('alter table items alter name type int using 5')
      expect(await read(unnamed)).toEqual([{ id: 1, name: 5, more: 7 }])
      await other.execute('drop table items')
      await expect(read(unnamed)).rejects.toMatchObject({ code: '42P01' })
      expect(unnamed.isClosed).toBe(false)
    })
  },
)
