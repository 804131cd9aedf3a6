import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Connection,
  connect,
  createPool,
  InterfaceError,
  type Queryable,
  sql,
} from '../../src/index.js'
import { testServer } from '../support/server.js'

let dsn: string
let conn: Connection

beforeAll(async () => {
  dsn = (await testServer()).dsn()
  conn = await connect(dsn)
  await conn.execute('create temp table items (id int, name text)')
})

afterAll(() => conn.close())

async function namesOf(connection: Queryable): Promise<unknown[]> {
  const rows = await connection.fetch('select name from pg_prepared_statements')
  return rows.map(({ name }) => name)
}

test('gives what the queries of a connection give', async () => {
  await using statement = await conn.prepare<{ n: number; s: string }>(
    'select n, $2 || n as s from generate_series(1, $1::int) n',
  )
  expect(await statement.fetch([2, 'a'])).toEqual([
    { n: 1, s: 'a1' },
    { n: 2, s: 'a2' },
  ])
  expect(await statement.fetchrow([2, 'a'], { rowMode: 'array' })).toEqual([1, 'a1'])
  expect(await statement.fetchval([1, 'b'], { column: 1 })).toBe('b1')
  expect(await statement.execute([3, 'c'])).toMatchObject({ command: 'SELECT', rowCount: 3 })
  expect(await statement.query([1, 'd'])).toMatchObject({ rows: [{ n: 1 }], rowCount: 1 })
})

test('gives a column, and rows for many rows of parameters', async () => {
  await using series = await conn.prepare('select n, -n as m from generate_series(1, $1::int) n')
  expect(await series.fetchcol([3])).toEqual([1, 2, 3])
  expect(await series.fetchcol([2], { column: 1, typedArray: true })).toEqual(Int32Array.of(-1, -2))
  await conn.transaction(async (tx) => {
    const insert = await tx.prepare<{ id: number }>(
      'insert into items (id, name) values ($1, $2) returning id',
    )
    async function* rows() {
      yield [3, 'c']
      yield [4, 'd']
    }
    const done = { command: 'INSERT', rowCount: 2 }
    expect(
      await insert.executemany([
        [1, 'a'],
        [2, 'b'],
      ]),
    ).toEqual(done)
    expect(await insert.fetchmany(rows())).toEqual([{ id: 3 }, { id: 4 }])
    expect(await insert.fetchmany([[5, 'e']], { rowMode: 'array' })).toEqual([[5]])
    await tx.execute('delete from items')
  })
})

test('gives its rows as a stream, and in a transaction by a cursor', async () => {
  const query = 'select n from generate_series(1, $1::int) n'
  await using statement = await conn.prepare<{ n: number }>(query)
  const streamed: number[] = []
  for await (const { n } of statement.stream([200])) streamed.push(n)
  expect(streamed).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
  await expect(statement.cursor([1]).fetch(1)).rejects.toThrow(/needs an open transaction/)
  await conn.transaction(async (tx) => {
    await using inside = await tx.prepare<{ n: number }>(query)
    const read = []
    for await (const { n } of inside.cursor([120], { prefetch: 50 })) read.push(n)
    expect(read).toEqual(streamed.slice(0, 120))
    const cursor = inside.cursor([10], { rowMode: 'array' })
    expect(await cursor.fetch(2)).toEqual([[1], [2]])
    expect(await cursor.forward(3)).toBe(3)
    expect(await inside.fetchval([1])).toBe(1)
    expect(await cursor.fetchrow()).toEqual([6])
  })
  expect(await namesOf(conn)).toContain(statement.name)
})

test('parameters that do not fit are refused by each of its methods', async () => {
  await using statement = await conn.prepare('select $1::int as n')
  const wrong = 'no array' as unknown as unknown[]
  for (const method of ['fetchcol', 'stream', 'cursor'] as const) {
    expect(() => statement[method](wrong)).toThrow(TypeError)
  }
  await expect(statement.executemany(1 as unknown as [])).rejects.toThrow(TypeError)
  await expect(statement.executemany([[1], [1, 2]])).rejects.toThrow(/^row 1: /)
  await expect(statement.fetchmany([['x']])).rejects.toMatchObject({ name: 'EncodeError', row: 0 })
  await expect(statement.fetchcol([1], { column: 1 })).rejects.toBeInstanceOf(InterfaceError)
  await expect(statement.stream([]).getReader().read()).rejects.toBeInstanceOf(InterfaceError)
  expect(await statement.fetchval([1])).toBe(1)
})

test('tells its parameters and columns', async () => {
  await using statement = await conn.prepare('select $1::int4[] as a, $2::text as b')
  expect(statement.parameters).toEqual([
    { typeOid: 1007, typeName: '_int4' },
    { typeOid: 25, typeName: 'text' },
  ])
  expect(statement.columns).toMatchObject([
    { name: 'a', typeName: '_int4' },
    { name: 'b', typeName: 'text' },
  ])
  await using silent = await conn.prepare('delete from items')
  expect(silent.columns).toEqual([])
})

test('has the name that it was given, or one of its own, or none', async () => {
  await using given = await conn.prepare('select 1', { name: 'mine' })
  await using own = await conn.prepare('select 2')
  await using unnamed = await conn.prepare('select 3', { name: '' })
  expect([given.name, unnamed.name]).toEqual(['mine', ''])
  const names = await namesOf(conn)
  expect(names).toContain('mine')
  expect(names).toContain(own.name)
  expect(await Promise.all([given, own, unnamed].map((each) => each.fetchval()))).toEqual([1, 2, 3])
})

test('a name that is taken is refused, and the first statement stays', async () => {
  await using first = await conn.prepare('select 1', { name: 'taken' })
  await expect(conn.prepare('select 2', { name: 'taken' })).rejects.toMatchObject({ code: '42P05' })
  expect(await first.fetchval()).toBe(1)
  expect(await conn.fetchval('select 3')).toBe(3)
})

test('an error of its text is found when it is prepared', async () => {
  await expect(conn.prepare('selct 1')).rejects.toMatchObject({ code: '42601' })
  await expect(conn.prepare('select 1; select 2')).rejects.toMatchObject({ code: '42601' })
  await expect(conn.prepare('select \0')).rejects.toBeInstanceOf(InterfaceError)
  await expect(conn.prepare(sql`select ${1}`)).rejects.toThrow(TypeError)
  expect(await conn.fetchval('select 4')).toBe(4)
})

test('closed, it is gone behind the queries that were made of it', async () => {
  const statement = await conn.prepare('select 5', { name: 'short' })
  const last = statement.fetchval()
  const closed = statement.close()
  expect(await last).toBe(5)
  await Promise.all([closed, statement.close()])
  for (const method of ['fetchval', 'fetchcol', 'stream', 'cursor'] as const) {
    expect(() => statement[method]()).toThrow(InterfaceError)
  }
  await expect(statement.executemany([])).rejects.toThrow(InterfaceError)
  await expect(statement.fetchmany([])).rejects.toThrow(InterfaceError)
  expect(await namesOf(conn)).not.toContain('short')
})

test('closed, its cursors are closed as well, and its names not taken for those of a pooler', async () => {
  await conn.transaction(async (tx) => {
    const statement = await tx.prepare('select generate_series(1, 3)')
    const [open, unopened] = [statement.cursor(), statement.cursor()]
    expect(await open.fetch(1)).toHaveLength(1)
    await statement.close()
    await expect(open.fetch(1)).rejects.toThrow(/prepared statement is closed/)
    await expect(unopened.fetch(1)).rejects.toThrow(/prepared statement is closed/)
    await Promise.all([open.close(), unopened.close()])
  })
  expect((await conn.prepare('select 6')).name).not.toBe('')
})

test('lives on after DISCARD ALL and a change of what it reads', async () => {
  await using statement = await conn.prepare('select * from items', { name: 'reader' })
  expect(await statement.fetch()).toEqual([])
  await conn.execute('deallocate all')
  expect(await statement.fetch()).toEqual([])
  await conn.execute('alter table items add column more int')
  await conn.execute("insert into items values (1, 'a', 2)")
  expect(await statement.fetch()).toEqual([{ id: 1, name: 'a', more: 2 }])
  expect(statement.name).toBe('reader')
  await conn.execute('delete from items')
})

test('a wrong number of parameters is an error, and the next query works', async () => {
  await using statement = await conn.prepare('select $1::int')
  await expect(statement.fetch([])).rejects.toBeInstanceOf(InterfaceError)
  await expect(statement.fetch([1, 2])).rejects.toBeInstanceOf(InterfaceError)
  expect(await statement.fetchval([1])).toBe(1)
})

test('explain tells the plan, and with analyze what it cost, leaving nothing behind', async () => {
  await using statement = await conn.prepare("insert into items values ($1, 'x')")
  expect(await statement.explain([1])).toMatchObject([{ Plan: { 'Node Type': 'ModifyTable' } }])
  const [analysed] = (await statement.explain([1], { analyze: true })) as Record<string, unknown>[]
  expect(analysed).toHaveProperty('Execution Time')
  expect(await conn.fetchval('select count(*) from items')).toBe(0)
})

test('in a transaction it is prepared and used there', async () => {
  await conn.transaction(async (tx) => {
    const statement = await tx.prepare('select $1::int + 1')
    expect(await statement.fetchval([1])).toBe(2)
    await statement.close()
  })
})

test('of a pool it dies with the release of its connection', async () => {
  await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
  const lent = await pool.acquire()
  const statement = await lent.prepare('select 1')
  expect(await statement.fetchval()).toBe(1)
  lent.release()
  await expect(statement.fetchval()).rejects.toBeInstanceOf(InterfaceError)
})

test('of a pool it is closed with the release, so that its name is free for the next borrower', async () => {
  await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
  for (const text of ['select 1', 'select 2']) {
    const lent = await pool.acquire()
    const statement = await lent.prepare(text, { name: 'each' })
    await lent.prepare(text)
    expect(await namesOf(lent)).toHaveLength(3)
    lent.release()
    await statement.close()
  }
  expect(await pool.fetchcol('select name from pg_prepared_statements')).not.toContain('each')
})

test('of the init hook of a pool it stays on its connection', async () => {
  await using pool = await createPool(dsn, {
    minSize: 1,
    maxSize: 1,
    init: async (fresh) => {
      await fresh.prepare('select 7', { name: 'for_all' })
    },
  })
  for (const _ of [1, 2]) {
    await using lent = await pool.acquire()
    await lent.prepare('select 8')
    expect(await lent.execute('execute for_all')).toMatchObject({ rowCount: 1 })
  }
})

test('its end does no harm behind the end of its transaction, beside another, or without a connection', async () => {
  const closing = await connect(dsn)
  {
    await using tx = await closing.begin()
    await using _ = await tx.prepare('select 1', { name: 'inner' })
    await tx.commit()
  }
  expect(await namesOf(closing)).not.toContain('inner')
  const outer = await closing.prepare('select 1', { name: 'outer' })
  await closing.transaction(async (tx) => {
    await outer.close()
    expect(await namesOf(tx)).not.toContain('outer')
  })
  await using _ = await closing.prepare('select 1')
  await closing.close()
})

describe('given up', () => {
  const LIMITS = {
    'by a signal': () => ({ signal: AbortSignal.timeout(30) }),
    'by its timeout': () => ({ timeout: 30 }),
  }

  test('before it is prepared', async () => {
    const reason = new Error('enough')
    const prepared = conn.prepare('select 1', { signal: AbortSignal.abort(reason) })
    expect(await prepared.catch((error: unknown) => error)).toBe(reason)
  })

  test.each(Object.entries(LIMITS))('while its Parse waits for its turn, %s', async (_, limits) => {
    const running = conn.fetchval('select 1 from pg_sleep(0.2)', [], { timeout: 10_000 })
    const names = await Promise.allSettled([
      conn.prepare('select 1', { name: 'late', ...limits() }),
      running,
      conn.fetchcol('select name from pg_prepared_statements'),
    ])
    expect(names).toMatchObject([
      { reason: { name: expect.stringMatching(/TimeoutError/) } },
      { value: 1 },
      { value: expect.not.arrayContaining(['late']) },
    ])
  })

  test.each(Object.entries(LIMITS))('while its Parse waits for a lock, %s', async (_, limits) => {
    await using other = await connect(dsn)
    await other.execute('create table locked_for_parse (id int)')
    try {
      await other.transaction(async (tx) => {
        await tx.execute('lock locked_for_parse')
        const prepared = conn.prepare('table locked_for_parse', { name: 'stuck', ...limits() })
        await expect(prepared).rejects.toThrow(/timeout|30 ms/)
        expect(await conn.fetchval('select 2')).toBe(2)
      })
    } finally {
      await other.execute('drop table locked_for_parse')
    }
    expect(await namesOf(conn)).not.toContain('stuck')
    await (await conn.prepare('select 3', { name: 'stuck' })).close()
  })

  test('when the server has it already, it is closed there', async () => {
    const sleeping = conn.fetchval('select 1 from pg_sleep(0.1)')
    const controller = new AbortController()
    const prepared = conn.prepare('select 1', { name: 'too late', signal: controller.signal })
    // Sent behind the query that sleeps, which is not cancelled in its place.
    setImmediate(() => controller.abort())
    await expect(prepared).rejects.toThrow(/aborted/)
    expect(await sleeping).toBe(1)
    expect(await conn.fetchval('select 4')).toBe(4)
    await using _ = await conn.prepare('select 5', { name: 'too late' })
  })

  test('its close() is carried out all the same', async () => {
    const statement = await conn.prepare('select 1', { name: 'closing' })
    const running = conn.fetchval('select 1 from pg_sleep(0.1)', [], { timeout: 10_000 })
    await expect(statement.close({ timeout: 10 })).rejects.toThrow(/10 ms/)
    await running
    expect(await namesOf(conn)).not.toContain('closing')
    await expect((await conn.prepare('select 1')).close({ timeout: -1 })).rejects.toThrow(TypeError)
  })
})

test('is nothing for a connection that is closed, nor for the simple protocol', async () => {
  const closing = await connect(dsn)
  const statement = await closing.prepare('select 1')
  await closing.close()
  await expect(statement.fetchval()).rejects.toMatchObject({ name: 'ConnectionClosedError' })
  await expect(closing.prepare('select 1')).rejects.toMatchObject({ name: 'ConnectionClosedError' })
  await using simple = await connect(dsn, { statementMode: 'simple' })
  await expect(simple.prepare('select 1')).rejects.toBeInstanceOf(InterfaceError)
})
