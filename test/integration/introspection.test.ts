import { afterEach, describe, expect, test } from 'vitest'
import {
  type Connection,
  connect,
  createPool,
  type Pool,
  type PoolOptions,
  Range,
} from '../../src/index.js'
import { useDatabase } from '../support/databases.js'
import { QueryCounter } from '../support/query-counter.js'

const first = useDatabase(`
  create schema shop;
  create type mood as enum ('sad', 'fine');
  create type item as (id int8, mood mood, tags text[]);
  create type parcel as (items item[], weight numeric, flags bool[]);
  create domain counts as int4[] check (cardinality(value) < 10);
  create domain named as parcel;
  create type span as range (subtype = int8);
  create type shop.price as (amount numeric, currency text);
  create table crate (id int4, gone text, mood mood, grid counts[], parcel named);
  alter table crate drop column gone;
  insert into crate values (1, 'sad', array['{1,2}', '{3}']::counts[],
    row(array[row(1, 'fine', '{a,b}'), row(2, null, null)]::item[], 1.50, '{t,null}'));
`)
const CRATE = {
  id: 1,
  mood: 'sad',
  grid: [[1, 2], [3]],
  parcel: {
    items: [
      { id: 1, mood: 'fine', tags: ['a', 'b'] },
      { id: 2, mood: null, tags: null },
    ],
    weight: '1.50',
    flags: [true, null],
  },
}

/** Those that come with PostgreSQL. */
const EXTENSIONS = ['hstore', 'ltree', 'citext']

/** Begins every look into the catalogue, and nothing else. */
const LOOKUP = 'with recursive wanted'

const open = new Set<Connection | Pool>()
afterEach(async () => {
  for (const each of open) {
    each.terminate()
    await each.close()
  }
  open.clear()
})

async function connectTo(
  dsn: string,
  options: Parameters<typeof connect>[1] = {},
): Promise<Connection> {
  const conn = await connect(dsn, options)
  open.add(conn)
  return conn
}

async function poolOf(dsn: string, options: PoolOptions = {}): Promise<Pool> {
  const pool = await createPool(dsn, options)
  open.add(pool)
  return pool
}

describe('types of the database', () => {
  test('come as what they are made of', async () => {
    const conn = await connectTo(first.dsn())
    expect(await conn.fetchval('select crate from crate')).toEqual(CRATE)
    expect(await conn.fetchval('select array_agg(crate) from crate')).toEqual([CRATE])
    expect(await conn.fetchrow('select * from crate where id = $1', [1])).toEqual(CRATE)
    expect(await conn.fetchval("select '[1,5)'::span")).toEqual(new Range(1, 5))
    expect(await conn.fetchval("select '{[7,),[1,5)}'::span_multirange")).toEqual([
      new Range(1, 5),
      new Range(7, null),
    ])
  })

  test('go as what they are made of', async () => {
    const conn = await connectTo(first.dsn())
    const { parcel } = CRATE
    expect(await conn.fetchval('select $1::crate', [CRATE])).toEqual(CRATE)
    expect(await conn.fetchval('select $1::parcel[]', [[parcel, null]])).toEqual([parcel, null])
    expect(
      await conn.fetchval('select ($1::named).items[1].mood = $2::mood', [parcel, 'fine']),
    ).toBe(true)
  })

  test('are columns with the names of their types', async () => {
    const conn = await connectTo(first.dsn())
    const { columns } = await conn.query('select mood, grid, parcel from crate')
    expect(columns.map(({ typeName }) => typeName)).toEqual(['mood', '_counts', 'parcel'])
  })

  test('follow the options for their parts', async () => {
    const conn = await connectTo(first.dsn(), {
      types: { int8: 'bigint', numeric: 'number', mood: { decode: (text: string) => text.length } },
    })
    expect(await conn.fetchval('select parcel from crate')).toEqual({
      items: [
        { id: 1n, mood: 4, tags: ['a', 'b'] },
        { id: 2n, mood: null, tags: null },
      ],
      weight: 1.5,
      flags: [true, null],
    })
    expect(await conn.fetchval("select '[1,)'::span")).toEqual(new Range(1n, null))
  })

  test('follow the options of a query', async () => {
    const conn = await connectTo(first.dsn())
    const types = {
      'shop.price': { format: 'tuple', decode: (parts: unknown[]) => parts.join(' ') },
    } as const
    const query = "select row(1.50, 'EUR')::shop.price"
    for (let i = 0; i < 3; i++) {
      expect(await conn.fetchval(query, [], { types })).toBe('1.50 EUR')
      expect(await conn.fetchval(query)).toEqual({ amount: '1.50', currency: 'EUR' })
    }
    expect(() => conn.fetchval(query, [], { types: { in8: {} } as never })).toThrow(TypeError)
  })

  test('in records are looked up when they come, and nothing runs twice', async () => {
    const conn = await connectTo(first.dsn())
    await conn.execute('create temp sequence runs')
    const query =
      "select nextval('runs') as n, row(1, mood, parcel) as r from crate, generate_series(1, 2)"
    expect(await conn.fetch(query)).toEqual([
      { n: 1, r: [1, 'sad', CRATE.parcel] },
      { n: 2, r: [1, 'sad', CRATE.parcel] },
    ])
  })

  test('in records within records are looked up, too', async () => {
    const conn = await connectTo(first.dsn())
    const query = "select row(row('sad'::mood), row(row('[1,2)'::span)))"
    expect(await conn.fetchval(query)).toEqual([['sad'], [[new Range(1, 2)]]])
  })
})

test('types of extensions are known by their names, in whatever schema they are', async (context) => {
  const conn = await connectTo(first.dsn())
  const available = await conn.fetch(
    'select name from pg_catalog.pg_available_extensions where name = any($1)',
    [EXTENSIONS],
  )
  if (available.length < EXTENSIONS.length) context.skip('the server comes without extensions')
  const script = EXTENSIONS.map((name) => `create extension ${name} schema shop;`).join('')
  await conn.execute(`begin; ${script}`)
  const hstore = new Map([['a', '1']])
  expect(await conn.fetchval('select $1::shop.hstore', [hstore])).toEqual(hstore)
  expect(await conn.fetchval('select array[$1::shop.hstore]', [{ a: '1' }])).toEqual([hstore])
  await conn.execute('create type pair as (tree shop.ltree, text shop.citext)')
  const pair = { tree: 'a.b', text: 'Abc' }
  expect(await conn.fetchval('select $1::pair', [pair])).toEqual(pair)
  const { columns } = await conn.query("select 'a'::shop.citext as a, 'b.c'::shop.ltree as b")
  expect(columns.map(({ typeName }) => typeName)).toEqual(['citext', 'ltree'])
  await conn.execute('rollback')
})

describe('the catalogue is asked', () => {
  test('once per pool, however many queries come at once', async () => {
    await using counter = await QueryCounter.start(first.dsn(), LOOKUP)
    const pool = await poolOf(counter.dsnOf(first.dsn()), { minSize: 10, maxSize: 10 })
    const fetch = (conn: { fetchrow: Connection['fetchrow'] }): Promise<unknown> =>
      conn.fetchrow('select * from crate where id = $1', [1])
    // All connections are at it at the same time.
    const lent = await Promise.all(Array.from({ length: 10 }, () => pool.acquire()))
    const rows = await Promise.all(
      lent.flatMap((conn) => Array.from({ length: 10 }, () => fetch(conn))),
    )
    for (const conn of lent) conn.release()
    expect(rows).toEqual(Array.from({ length: 100 }, () => CRATE))
    expect(counter.count).toBeGreaterThan(0)
    // One asks and the others wait for it; under load some may lose patience, each once.
    expect(counter.count).toBeLessThanOrEqual(10)
    const { count } = counter
    await Promise.all(Array.from({ length: 50 }, () => fetch(pool)))
    expect(counter.count).toBe(count)
  })

  test('once, and not again for types that it told of as parts of others', async () => {
    await using counter = await QueryCounter.start(first.dsn(), LOOKUP)
    const conn = await connectTo(counter.dsnOf(first.dsn()))
    await conn.fetch('select parcel from crate')
    for (const type of ['item', 'item[]', 'mood', 'parcel']) {
      expect(await conn.fetchval(`select null::${type}`)).toBeNull()
    }
    expect(counter.count).toBe(1)
  })

  test('not at all for built-in types', async () => {
    await using counter = await QueryCounter.start(first.dsn(), LOOKUP)
    const conn = await connectTo(counter.dsnOf(first.dsn()))
    await conn.fetch("select 1, 'a'::text, '{1}'::int8[], '[1,2)'::int8range, row(1, 'a'::text)")
    expect(counter.count).toBe(0)
  })

  test('within an open transaction, of types that only it sees', async () => {
    const pool = await poolOf(first.dsn(), { minSize: 2 })
    await using conn = await pool.acquire()
    await conn.execute('begin')
    await conn.execute("create type fresh as enum ('new')")
    await conn.execute('create type pair as (a fresh, b fresh[])')
    const query = "select row('new', '{new}')::pair"
    expect(await conn.fetchval(query)).toEqual({ a: 'new', b: ['new'] })
    await conn.execute('rollback')
    await conn.execute('begin')
    await conn.execute('create type pair as (c int4)')
    expect(await conn.fetchval('select row(1)::pair')).toEqual({ c: 1 })
    await conn.execute('rollback')
  })

  test('not in simple queries, whatever COPY has found', async () => {
    const conn = await connectTo(first.dsn(), { statementMode: 'simple' })
    const query = 'select mood, parcel from crate'
    const asText = [
      { mood: 'sad', parcel: '("{""(1,fine,\\\\""{a,b}\\\\"")"",""(2,,)""}",1.50,"{t,NULL}")' },
    ]
    expect(await conn.fetch(query)).toEqual(asText)
    const copied = []
    for await (const row of conn.copyRecordsFrom(query)) copied.push(row)
    expect(copied).toEqual([{ mood: CRATE.mood, parcel: CRATE.parcel }])
    expect(await conn.fetch(query)).toEqual(asText)
  })

  test('in vain in a failed transaction, and the error says so', async () => {
    const conn = await connectTo(first.dsn())
    await conn.execute('begin')
    const statements = [
      conn.fetchval('select $1::mood', ['sad']),
      conn.execute('select 1 / 0', []),
      conn.fetchval('select $1::mood', ['sad']),
    ]
    const [, , last] = await Promise.allSettled(statements)
    expect(last?.status).toBe('rejected')
    await conn.execute('rollback')
    expect(await conn.fetchval('select $1::mood', ['sad'])).toBe('sad')
  })
})
