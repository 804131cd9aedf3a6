import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Connection, connect, sql } from '../../src/index.js'
import { testServer } from '../support/server.js'

let conn: Connection

beforeAll(async () => {
  conn = await connect((await testServer()).dsn())
})

afterAll(async () => {
  await conn.close()
})

beforeEach(async () => {
  if (conn.transactionStatus !== 'idle') await conn.execute('rollback')
  await conn.execute('drop table if exists pg_temp.many')
  await conn.execute('create temp table many (id int primary key, name text, made date)')
})

const INSERT = 'insert into many (id, name) values ($1, $2)'

function count(): Promise<number | null> {
  return conn.fetchval<number>('select count(*)::int from many')
}

function* pairs(length: number): Generator<[number, string]> {
  for (let i = 0; i < length; i++) yield [i, `name ${i}`]
}

describe('executemany', () => {
  test('runs for each row of iterables of both kinds', async () => {
    async function* slowly() {
      for (const pair of pairs(3)) {
        await new Promise(setImmediate)
        yield pair
      }
    }
    for (const rows of [[...pairs(3)], pairs(3), slowly()]) {
      await conn.execute('truncate many')
      expect(await conn.executemany(INSERT, rows)).toEqual({ command: 'INSERT', rowCount: 3 })
      expect(await count()).toBe(3)
    }
  })

  test('of no rows does nothing', async () => {
    expect(await conn.executemany(INSERT, [])).toEqual({ command: '', rowCount: 0 })
  })

  test('of very many rows, both ways', async () => {
    const made = await conn.executemany(INSERT, pairs(50_000))
    expect(made.rowCount).toBe(50_000)
    const rows = await conn.fetchmany<{ name: string }>(
      'update many set name = upper(name) where id = $1 returning name',
      (function* () {
        for (let i = 0; i < 20_000; i++) yield [i]
      })(),
    )
    expect(rows).toHaveLength(20_000)
    expect(rows[19_999]).toEqual({ name: 'NAME 19999' })
  })

  test('is all or nothing when the server refuses a row', async () => {
    const failed = conn.executemany(INSERT, [...pairs(3), [0, 'again']])
    const next = count()
    await expect(failed).rejects.toMatchObject({ code: '23505' })
    expect(await next).toBe(0)
  })

  test('is all or nothing when a value does not fit, and tells which row', async () => {
    const cases: readonly [unknown, object][] = [
      [['x', 'y'], { code: 'ERR_SLUICE_ENCODE', row: 2, parameter: 1, type: 'int4' }],
      [[undefined, 'y'], { code: 'ERR_SLUICE_ENCODE', row: 2 }],
      [[1], { code: 'ERR_SLUICE_INTERFACE' }],
    ]
    for (const [row, error] of cases) {
      const rows = [...pairs(2), row] as never
      await expect(conn.executemany(INSERT, rows)).rejects.toMatchObject(error)
      expect(await count()).toBe(0)
    }
    await expect(conn.executemany(INSERT, [5] as never)).rejects.toThrow(TypeError)
    await expect(conn.executemany(INSERT, 5 as never)).rejects.toThrow(TypeError)
  })

  test('is all or nothing when its source fails, early or late', async () => {
    const failure = new Error('mine')
    for (const length of [0, 2, 20_000]) {
      function* failing() {
        yield* pairs(length)
        throw failure
      }
      const error = await conn.executemany(INSERT, failing()).catch((reason: unknown) => reason)
      expect(error).toBe(failure)
      expect(await count()).toBe(0)
    }
  })

  test('in a transaction a failure of its source fails the transaction', async () => {
    await conn.execute('begin')
    await expect(
      conn.executemany(INSERT, [
        [1, 'a'],
        ['x', 'b'],
      ]),
    ).rejects.toMatchObject({ row: 1 })
    expect(conn.transactionStatus).toBe('failed')
  })

  test('closes a source that is not wanted any more', async () => {
    let isClosed = false
    async function* endless(): AsyncGenerator<[number, string]> {
      try {
        for (;;) {
          yield [1, 'again']
          await new Promise(setImmediate)
        }
      } finally {
        isClosed = true
      }
    }
    await expect(conn.executemany(INSERT, endless())).rejects.toMatchObject({ code: '23505' })
    await expect.poll(() => isClosed).toBe(true)
  })

  test('a signal ends it while its source is waited for', async () => {
    const abort = new AbortController()
    async function* stuck(): AsyncGenerator<[number, string]> {
      yield [1, 'a']
      await new Promise(() => {})
    }
    const reason = new Error('enough')
    const ended = conn.executemany(INSERT, stuck(), { signal: abort.signal })
    setTimeout(() => abort.abort(reason), 20)
    expect(await ended.catch((error: unknown) => error)).toBe(reason)
    expect(await count()).toBe(0)
  })

  test('refuses what cannot be run so', async () => {
    await expect(conn.executemany('copy many from stdin', [[]])).rejects.toMatchObject({
      code: 'ERR_SLUICE_INTERFACE',
    })
    await expect(conn.executemany('selec', [[]])).rejects.toMatchObject({ code: '42601' })
    expect(await count()).toBe(0)
  })
})

describe('insertMany', () => {
  test('from objects and arrays', async () => {
    expect(await conn.insertMany('many', [{ name: 'a', id: 1 }])).toEqual({ rows: [], rowCount: 1 })
    await conn.insertMany('many', [[2, 'b']], { columns: ['id', 'name'] })
    await conn.insertMany('many', [[3, 'c', null]])
    expect(await conn.insertMany('many', [])).toEqual({ rows: [], rowCount: 0 })
    expect(await conn.fetchcol('select name from many order by id')).toEqual(['a', 'b', 'c'])
  })

  test('returning, and onConflict', async () => {
    const rows = [
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ]
    const inserted = await conn.insertMany('many', rows, { returning: ['id'] })
    expect(inserted).toEqual({ rows: [{ id: 1 }, { id: 2 }], rowCount: 2 })
    expect(await conn.insertMany('many', rows, { onConflict: 'nothing' })).toMatchObject({
      rowCount: 0,
    })
    const updated = await conn.insertMany<{ name: string }>('many', [{ id: 1, name: 'z' }], {
      onConflict: { columns: ['id'] },
      returning: '*',
    })
    expect(updated.rows).toEqual([{ id: 1, name: 'z', made: null }])
    await conn.insertMany('many', [[2, 'y', '2020-01-01']], {
      columns: ['id', 'name', 'made'],
      onConflict: { columns: ['id'], update: ['made'] },
    })
    expect(await conn.fetchrow('select name, made from many where id = 2')).toEqual({
      name: 'b',
      made: '2020-01-01',
    })
  })

  test('is all or nothing, and names stay names', async () => {
    await expect(
      conn.insertMany('many', [...pairs(2), [0, 'again']], { columns: ['id', 'name'] }),
    ).rejects.toMatchObject({ code: '23505' })
    await expect(conn.insertMany('many"; --', [{ a: 1 }])).rejects.toMatchObject({ code: '42P01' })
    await expect(
      conn.insertMany('many', [{ 'id) --': 1 }], { returning: '*' }),
    ).rejects.toMatchObject({ code: '42703' })
    await expect(conn.insertMany('many', [{ id: 1 }], { onConflict: 5 as never })).rejects.toThrow(
      TypeError,
    )
    expect(await count()).toBe(0)
  })
})

describe('batch', () => {
  test('gives the result of each', async () => {
    const [inserted, counted, empty, tagged] = await conn.batch([
      [`${INSERT} returning id`, [1, 'a']],
      'select count(*)::int as n from many',
      '',
      sql`select ${5}::int as five`,
    ])
    expect(inserted).toMatchObject({ rows: [{ id: 1 }], command: 'INSERT', rowCount: 1 })
    expect(counted?.rows).toEqual([{ n: 1 }])
    expect(empty).toMatchObject({ rows: [], command: '' })
    expect(tagged?.rows).toEqual([{ five: 5 }])
    expect(await conn.batch([])).toEqual([])
  })

  test('is all or nothing, and tells which statement failed', async () => {
    const good = [INSERT, [1, 'a']] as const
    const cases: readonly [unknown, object][] = [
      [['select 1 / $1::int', [0]], { code: '22012', batchIndex: 1 }],
      [['select $1::int', ['x']], { code: 'ERR_SLUICE_ENCODE', batchIndex: 1 }],
      ['selec', { code: '42601', batchIndex: 1 }],
      ['copy many to stdout', { code: 'ERR_SLUICE_INTERFACE', batchIndex: 1 }],
    ]
    for (const [bad, error] of cases) {
      const failed = conn.batch([good, bad as never, [INSERT, [2, 'b']]])
      const next = count()
      await expect(failed).rejects.toMatchObject(error)
      expect(await next).toBe(0)
    }
    expect(() => conn.batch(5 as never)).toThrow(TypeError)
    expect(() => conn.batch([5] as never)).toThrow(TypeError)
  })

  test('of types that the database defines', async () => {
    await conn.execute(
      "create type pg_temp.mood as enum ('sad'); create type pg_temp.pair as (a int, m pg_temp.mood)",
    )
    const [first, second] = await conn.batch([
      `select 'sad'::pg_temp.mood as mood`,
      `select row(1, 'sad')::pg_temp.pair as pair`,
    ])
    expect(first?.rows).toEqual([{ mood: 'sad' }])
    expect(second?.rows).toEqual([{ pair: { a: 1, m: 'sad' } }])
    await conn.execute('drop type pg_temp.pair; drop type pg_temp.mood')
  })

  test('of more statements than the cache keeps', async () => {
    await using small = await connect((await testServer()).dsn(), { statementCacheSize: 2 })
    const statements = Array.from({ length: 6 }, (_, i) => `select ${i} as n`)
    for (let round = 0; round < 2; round++) {
      const results = await small.batch(statements)
      expect(results.map(({ rows }) => rows)).toEqual(statements.map((_, n) => [{ n }]))
    }
  })
})

describe('fetchcol', () => {
  test('gives one column', async () => {
    const query = 'select n, n::text as t from generate_series(1, 3) n'
    expect(await conn.fetchcol(query)).toEqual([1, 2, 3])
    expect(await conn.fetchcol(query, [], { column: 1 })).toEqual(['1', '2', '3'])
    await expect(conn.fetchcol(query, [], { column: 2 })).rejects.toMatchObject({
      code: 'ERR_SLUICE_INTERFACE',
    })
  })

  test('as typed arrays', async () => {
    const types: readonly [string, object][] = [
      ['int2', Int16Array.of(1, 2)],
      ['int4', Int32Array.of(1, 2)],
      ['int8', BigInt64Array.of(1n, 2n)],
      ['oid', Uint32Array.of(1, 2)],
      ['float4', Float32Array.of(1, 2)],
      ['float8', Float64Array.of(1, 2)],
    ]
    for (const [type, expected] of types) {
      const query = `select n::int::${type} from generate_series(1, 2) n`
      expect(await conn.fetchcol(query, [], { typedArray: true })).toEqual(expected)
    }
    for (const query of ['select null::int', `select 'x'`]) {
      await expect(conn.fetchcol(query, [], { typedArray: true })).rejects.toMatchObject({
        code: 'ERR_SLUICE_DECODE',
      })
    }
    const given = { int4: { decode: (text: string) => ({ text }) } }
    await expect(
      conn.fetchcol('select 7', [], { typedArray: true, types: given }),
    ).rejects.toMatchObject({ code: 'ERR_SLUICE_DECODE', type: 'int4' })
    expect(await conn.fetchval('select 1')).toBe(1)
  })
})
