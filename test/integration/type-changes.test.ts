import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Connection,
  connect,
  createPool,
  EncodeError,
  InterfaceError,
  type Pool,
  type PoolOptions,
} from '../../src/index.js'
import { useDatabase } from '../support/databases.js'

const { dsn } = useDatabase('create schema shop')
const other = useDatabase('')

const open = new Set<Connection | Pool>()
let outside: Connection

beforeEach(async () => {
  outside = await open1()
  await outside.execute(`
    drop schema shop cascade;
    create schema shop;
    create type shop.mood as enum ('sad', 'fine');
    create type shop.pair as (a int4, b shop.mood);
    create table shop.things (id int4, pair shop.pair);
    insert into shop.things values (1, row(1, 'sad')), (2, row(2, 'fine'));
  `)
})

afterEach(async () => {
  for (const each of open) {
    each.terminate()
    await each.close()
  }
  open.clear()
})

async function open1(options: Parameters<typeof connect>[1] = {}): Promise<Connection> {
  const conn = await connect(dsn(), options)
  open.add(conn)
  return conn
}

async function poolOf(options: PoolOptions = {}, of = dsn()): Promise<Pool> {
  const pool = await createPool(of, options)
  open.add(pool)
  return pool
}

const PAIRS = 'select pair from shop.things order by id'
const PAIR_TEXT = 'select ($1::shop.pair)::text'

describe('a type that another connection changes', () => {
  test('an attribute more: rows are read by the new type, and nothing runs twice', async () => {
    const conn = await open1()
    await conn.execute('create temp sequence runs')
    const query = "select nextval('runs') as n, pair from shop.things order by id"
    await conn.fetch(query)
    await outside.execute('alter type shop.pair add attribute c text[]')
    expect(await conn.fetch(query)).toEqual([
      { n: 3, pair: { a: 1, b: 'sad', c: null } },
      { n: 4, pair: { a: 2, b: 'fine', c: null } },
    ])
    expect(await conn.fetchval(query, [], { column: 1 })).toEqual({ a: 1, b: 'sad', c: null })
  })

  test('an attribute more within a transaction', async () => {
    const conn = await open1()
    await conn.fetch(PAIRS)
    await conn.execute('begin')
    await outside.execute('alter type shop.pair add attribute c text')
    expect(await conn.fetchval(PAIRS)).toEqual({ a: 1, b: 'sad', c: null })
    await conn.execute('commit')
  })

  test('an attribute more, in a parameter: it is encoded by the new type', async () => {
    const conn = await open1()
    expect(await conn.fetchval(PAIR_TEXT, [[1, 'sad']])).toBe('(1,sad)')
    await outside.execute('alter type shop.pair add attribute c text')
    const error = await conn.fetchval(PAIR_TEXT, [[1, 'sad']]).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(EncodeError)
    expect(error).toHaveProperty('message', expect.stringContaining('2 instead of 3 attributes'))
    expect(await conn.fetchval(PAIR_TEXT, [[1, 'sad', 'x']])).toBe('(1,sad,x)')
  })

  test('an attribute of another name comes with it after reloadSchema', async () => {
    const conn = await open1()
    await conn.fetch(PAIRS)
    await outside.execute('alter type shop.pair rename attribute a to renamed')
    await conn.reloadSchema()
    expect(await conn.fetchval(PAIRS)).toEqual({ renamed: 1, b: 'sad' })
  })

  test('a value more of an enum needs nothing', async () => {
    const conn = await open1()
    expect(await conn.fetchval('select $1::shop.mood', ['sad'])).toBe('sad')
    await outside.execute("alter type shop.mood add value 'great'")
    expect(await conn.fetchval('select $1::shop.mood', ['great'])).toBe('great')
  })

  test('an attribute more, in a parameter of a batch or of many', async () => {
    const conn = await open1()
    const insert = 'insert into shop.things (pair) values ($1)'
    await conn.batch([[insert, [[1, 'sad']]]])
    await outside.execute('alter type shop.pair add attribute c text')
    const pair = [2, 'fine', 'x']
    await expect(conn.batch([[insert, [[1, 'sad']]]])).rejects.toThrow(EncodeError)
    await conn.batch([[insert, [pair]]])
    await outside.execute('alter type shop.pair drop attribute c')
    await expect(conn.executemany(insert, [[pair]])).rejects.toThrow(EncodeError)
    expect(await conn.executemany(insert, [[[3, 'sad']]])).toMatchObject({ rowCount: 1 })
  })

  test('dropped and made anew, with another OID', async () => {
    const conn = await open1()
    expect(await conn.fetchval(PAIRS)).toEqual({ a: 1, b: 'sad' })
    await outside.execute(`
      drop table shop.things; drop type shop.pair;
      create type shop.pair as (x text);
      create table shop.things (id int4, pair shop.pair);
      insert into shop.things values (1, row('new'));
    `)
    expect(await conn.fetchval(PAIRS)).toEqual({ x: 'new' })
    expect(await conn.fetchval(PAIR_TEXT, [{ x: 'y' }])).toBe('(y)')
  })
})

describe('a type that a connection of the pool changes', () => {
  test('is another for all of the pool once that is committed', async () => {
    const pool = await poolOf({ minSize: 2 })
    await using one = await pool.acquire()
    await using two = await pool.acquire()
    await Promise.all([one.fetch(PAIRS), two.fetch(PAIRS)])
    await one.execute('begin')
    await one.execute('alter type shop.pair rename attribute a to renamed')
    expect(await one.fetchval(PAIRS)).toEqual({ renamed: 1, b: 'sad' })
    await one.execute('commit')
    expect(await two.fetchval(PAIRS)).toEqual({ renamed: 1, b: 'sad' })
    expect(await one.fetchval(PAIRS)).toEqual({ renamed: 1, b: 'sad' })
  })

  test('is what it was for all of the pool once that is rolled back', async () => {
    const pool = await poolOf({ minSize: 2 })
    await using one = await pool.acquire()
    await one.execute('begin')
    await one.execute('alter type shop.pair rename attribute a to renamed')
    expect(await one.fetchval(PAIRS)).toEqual({ renamed: 1, b: 'sad' })
    await one.execute('rollback')
    expect(await one.fetchval(PAIRS)).toEqual({ a: 1, b: 'sad' })
    expect(await pool.fetchval(PAIRS)).toEqual({ a: 1, b: 'sad' })
  })
})

test('types of two databases do not mix, though their OIDs are the same', async () => {
  const here = await poolOf()
  const there = await poolOf({}, other.dsn())
  // Both databases were made from one template, so that OIDs of types meet sooner or later.
  const oids = new Map<number, string>()
  const expected = new Map<Pool, string[]>([
    [here, []],
    [there, []],
  ])
  for (const [pool, label] of [
    [here, 'here'],
    [there, 'there'],
  ] as const) {
    for (let i = 0; i < 3; i++) {
      await pool.execute(`create type own_${i} as (${label} text)`)
      const oid = await pool.fetchval<number>(`select 'own_${i}'::regtype::oid`)
      oids.set(oid ?? 0, label)
      expect(await pool.fetchval(`select row('x')::own_${i}`)).toEqual({ [label]: 'x' })
      expected.get(pool)?.push(label)
    }
  }
  for (const [pool, labels] of expected) {
    for (const [i, label] of labels.entries()) {
      expect(await pool.fetchval(`select row('x')::own_${i}`)).toEqual({ [label]: 'x' })
    }
  }
  expect(oids.size).toBeGreaterThan(0)
})

interface Pair {
  readonly sum: number
}

const bySum = {
  format: 'tuple',
  encode: ({ sum }: Pair) => [sum, 'sad'],
  decode: ([a]: unknown[]): Pair => ({ sum: Number(a) }),
} as const

const shout = {
  encode: (value: string) => value.toLowerCase(),
  decode: (text: string) => text.toUpperCase(),
}

describe('setTypeCodec', () => {
  test('holds for statements that were prepared before, until it is taken back', async () => {
    const conn = await open1()
    expect(await conn.fetchval(PAIRS)).toEqual({ a: 1, b: 'sad' })
    await conn.setTypeCodec<Pair>('pair', bySum, { schema: 'shop' })
    await conn.setTypeCodec('mood', shout, { schema: 'shop' })
    expect(await conn.fetchval<Pair>(PAIRS)).toEqual({ sum: 1 })
    expect(await conn.fetchval(PAIR_TEXT, [{ sum: 9 }])).toBe('(9,sad)')
    expect(await conn.fetchval('select array_agg(pair) from shop.things')).toEqual([
      { sum: 1 },
      { sum: 2 },
    ])
    await conn.resetTypeCodec('pair', { schema: 'shop' })
    expect(await conn.fetchval(PAIRS)).toEqual({ a: 1, b: 'SAD' })
    await conn.resetTypeCodec('mood', { schema: 'shop' })
    expect(await conn.fetchval(PAIRS)).toEqual({ a: 1, b: 'sad' })
  })

  test('gives up with its signal or timeout, and changes nothing', async () => {
    const conn = await open1()
    const reason = new Error('enough')
    const aborted = { schema: 'shop', signal: AbortSignal.abort(reason) }
    const set = conn.setTypeCodec('mood', shout, aborted)
    expect(await set.catch((error: unknown) => error)).toBe(reason)
    const running = conn.fetchval('select 1 from pg_sleep(0.1)', [], { timeout: 10_000 })
    const late = { schema: 'shop', timeout: 10 }
    await expect(conn.setTypeCodec('mood', shout, late)).rejects.toThrow(/10 ms/)
    await expect(conn.resetTypeCodec('mood', late)).rejects.toThrow(/10 ms/)
    await running
    expect(await conn.fetchval(PAIRS)).toEqual({ a: 1, b: 'sad' })
    await expect(conn.setTypeCodec('mood', shout, { timeout: -1 })).rejects.toThrow(TypeError)
  })

  test('takes built-in types without a schema', async () => {
    const conn = await open1()
    await conn.setTypeCodec('uuid', shout)
    const id = '0123456a-0000-0000-0000-00000000000f'
    expect(await conn.fetchval('select $1::uuid', [id])).toBe(id.toUpperCase())
  })

  test('finds a type by search_path, or by its name if there is but one', async () => {
    const conn = await open1()
    await conn.setTypeCodec('mood', shout)
    expect(await conn.fetchval("select 'sad'::shop.mood")).toBe('SAD')
    await outside.execute("create schema if not exists b; create type b.mood as enum ('x')")
    const error = await conn.setTypeCodec('mood', shout).catch((thrown: unknown) => thrown)
    expect(error).toHaveProperty('message', expect.stringContaining('"b", "shop"'))
    await conn.execute('set search_path = b')
    await conn.setTypeCodec('mood', shout)
    expect(await conn.fetchval("select 'x'::mood")).toBe('X')
    await outside.execute('drop schema b cascade')
  })

  test.each([
    ['an unknown type', 'nothing', {}, 'there is no type "nothing"'],
    [
      'another schema',
      'mood',
      { schema: 'public' },
      'no type "mood" in the schema "public"; there is one in "shop"',
    ],
    ['an array type', '_mood', {}, 'is an array type'],
    ['a domain', 'cardinal_number', { schema: 'information_schema' }, 'is a domain'],
    ['a pseudo-type', 'anyelement', {}, 'is a pseudo-type'],
    ["a name that is no name of SQL's", "o'b\\'x", {}, 'there is no type'],
  ])('refuses %s', async (_what, name, options, message) => {
    const conn = await open1()
    const error = await conn.setTypeCodec(name, shout, options).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InterfaceError)
    expect(error).toHaveProperty('message', expect.stringContaining(message))
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('refuses tuples for a type without attributes, and what is no codec', async () => {
    const conn = await open1()
    await expect(conn.setTypeCodec('mood', bySum)).rejects.toThrow('no composite type')
    await expect(conn.setTypeCodec('mood', {})).rejects.toThrow(TypeError)
    await expect(conn.setTypeCodec('', shout)).rejects.toThrow(TypeError)
  })

  test('on a pool holds for all of its connections, those to come, too', async () => {
    const pool = await poolOf({ minSize: 1, maxSize: 3 })
    await pool.setTypeCodec('mood', shout, { schema: 'shop' })
    const lent = await Promise.all([1, 2, 3].map(() => pool.acquire()))
    for (const conn of lent) {
      expect(
        await conn.fetchval('select b from shop.things t, lateral (select (pair).*) p limit 1'),
      ).toBe('SAD')
      conn.release()
    }
    await pool.resetTypeCodec('mood', { schema: 'shop' })
    expect(await pool.fetchval("select 'sad'::shop.mood")).toBe('sad')
  })

  test('on a connection of a pool holds until it is released', async () => {
    const pool = await poolOf({ minSize: 1, maxSize: 1 })
    {
      await using conn = await pool.acquire()
      await conn.setTypeCodec('mood', shout)
      expect(await conn.fetchval("select 'sad'::shop.mood")).toBe('SAD')
    }
    expect(await pool.fetchval("select 'sad'::shop.mood")).toBe('sad')
  })

  test('in the hook init of a pool holds for as long as the connection', async () => {
    const pool = await poolOf({
      minSize: 1,
      maxSize: 1,
      init: (conn) => conn.setTypeCodec('mood', shout),
    })
    for (let i = 0; i < 3; i++) {
      await using conn = await pool.acquire()
      expect(await conn.fetchval("select 'sad'::shop.mood")).toBe('SAD')
    }
  })
})
