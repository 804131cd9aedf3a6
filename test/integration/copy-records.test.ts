import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
import { testServer } from '../support/server.js'

let conn: Connection

beforeAll(async () => {
  conn = await connect((await testServer()).dsn())
})

afterAll(async () => {
  await conn.close()
})

beforeEach(async () => {
  await conn.execute('drop table if exists pg_temp.copied')
  await conn.execute('create temp table copied (id int, name text, made date)')
})

function count(): Promise<number | null> {
  return conn.fetchval<number>('select count(*)::int from copied')
}

describe('records', () => {
  const rows = [
    [1, 'Ann\t\\', '2020-01-01'],
    [2, null, null],
  ]

  test('go in as arrays and as objects, from iterables of both kinds', async () => {
    async function* slowly() {
      for (const row of rows) {
        await new Promise(setImmediate)
        yield row
      }
    }
    const objects = rows.map(([id, name, made]) => ({ made, id, name }))
    for (const records of [rows, new Set(rows), slowly(), objects]) {
      await conn.execute('delete from copied')
      const result = await conn.copyRecordsTo('copied', records as never)
      expect(result.tag).toBe('COPY 2')
      expect(await conn.fetch('select * from copied', [], { rowMode: 'array' })).toEqual(rows)
    }
  })

  test('go in by some columns, under a condition', async () => {
    await conn.copyRecordsTo(
      'copied',
      [
        ['a', 1],
        ['b', 2],
      ],
      { columns: ['name', 'id'], where: 'id > 1' },
    )
    expect(await conn.fetch('select id, name from copied')).toEqual([{ id: 2, name: 'b' }])
  })

  test('come out to codecs by text as by fetch', async () => {
    await conn.execute('create type pg_temp.two as (a int, b int)')
    const codec = { decode: (text: string) => `<${text}>` }
    const types = { bool: codec, inet: codec, bpchar: codec, regclass: codec, two: codec }
    const query = `select true as t, inet '1.2.3.4' as i, 'ab'::char(4) as c, 'pg_class'::regclass as r,
      row(null, null)::two as o, null::bool as n, null::two as m`
    const expected = { t: '<t>', i: '<1.2.3.4>', c: '<ab  >', r: '<pg_class>', o: '<(,)>' }
    const rows = [{ ...expected, n: null, m: null }]
    expect(await conn.fetch(query, [], { types })).toEqual(rows)
    const copied = []
    for await (const row of conn.copyRecordsFrom(query, { types })) copied.push(row)
    expect(copied).toEqual(rows)
  })

  test('none are none', async () => {
    expect((await conn.copyRecordsTo('copied', [])).tag).toBe('COPY 0')
    const read = []
    for await (const row of conn.copyRecordsFrom('select * from copied')) read.push(row)
    expect(read).toEqual([])
  })

  test('more than fit one message go in, and come out typed', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => [i, `name ${i}`])
    await conn.copyRecordsTo('copied', many, { columns: ['id', 'name'] })
    let sum = 0
    for await (const [id, name] of conn.copyRecordsFrom<[number, string]>(
      'select id, name from copied',
      { rowMode: 'array' },
    )) {
      expect(name).toBe(`name ${id}`)
      sum += id
    }
    expect(sum).toBe((20_000 * 19_999) / 2)
  })

  test('come out in chunks', async () => {
    let rowCount = 0
    for await (const chunk of conn
      .copyRecordsFrom('select generate_series(1, 5000) as n')
      .chunks()) {
      expect(chunk[0]).toHaveProperty('n')
      rowCount += chunk.length
    }
    expect(rowCount).toBe(5000)
  })

  test('of types without a binary form go both ways', async () => {
    await conn.execute('create temp table odd (t tsvector, m aclitem, n int)')
    await conn.copyRecordsTo('odd', [
      ["'a' 'b\\\\\\\\'", null, 1],
      [null, null, null],
    ])
    const read = []
    for await (const row of conn.copyRecordsFrom('select * from odd;')) read.push(row)
    expect(read).toEqual([
      { t: "'a' 'b\\\\\\\\'", m: null, n: 1 },
      { t: null, m: null, n: null },
    ])
    await conn.execute('drop table odd')
  })

  test('that do not fit tell row, column and type, and nothing is kept', async () => {
    const cases: readonly [unknown[], object][] = [
      [
        [
          [1, 'a', null],
          [2, 'b', null],
          ['x', 'c', null],
        ],
        { row: 2, column: 'id', type: 'int4' },
      ],
      [
        [
          [1, 'a', null],
          [2, undefined, null],
        ],
        { row: 1, column: 'name', type: 'text' },
      ],
      [
        [
          [1, 'a', null],
          [2, 'a'],
        ],
        { row: 1 },
      ],
      [[[1, 'a', null], 5], { row: 1 }],
      [[{ id: 1, name: 'a' }], { row: 0, column: 'made' }],
    ]
    for (const [records, details] of cases) {
      const failed = conn.copyRecordsTo('copied', records as never)
      await expect(failed).rejects.toMatchObject({ code: 'ERR_SLUICE_ENCODE', ...details })
      expect(await count()).toBe(0)
    }
  })

  test('into no table, of no query, from no iterable', async () => {
    await expect(conn.copyRecordsTo('nothing', [])).rejects.toMatchObject({ code: '42P01' })
    await expect(conn.copyRecordsTo('copied', 5 as never)).rejects.toThrow(TypeError)
    await expect(conn.copyRecordsTo('copied', [], { columns: ['no'] })).rejects.toMatchObject({
      code: '42703',
    })
    for (const [query, code] of [
      ['drop table copied', 'ERR_SLUICE_INTERFACE'],
      ['selec', '42601'],
      ['select 1; select 2', '42601'],
    ]) {
      await expect(conn.copyRecordsFrom(query ?? '').next()).rejects.toMatchObject({ code })
    }
    expect(await count()).toBe(0)
  })

  test('whose iterable fails leave nothing', async () => {
    const failure = new Error('no more')
    function* failing() {
      yield* rows
      throw failure
    }
    const failed = conn.copyRecordsTo('copied', failing() as never)
    expect(await failed.catch((error: unknown) => error)).toBe(failure)
    expect(await count()).toBe(0)
  })

  test('left early leave the connection usable', async () => {
    for await (const { n } of conn.copyRecordsFrom<{ n: number }>(
      'select generate_series(1, 100000) n',
    )) {
      if (n === 10) break
    }
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('that do not decode fail with the column, and the connection stays', async () => {
    const query = `select '{{1,2},{3,4}}'::int[] as a, 'infinity'::date as d`
    const types = {}
    for await (const row of conn.copyRecordsFrom(query)) Object.assign(types, row)
    expect(types).toHaveProperty('a', [
      [1, 2],
      [3, 4],
    ])
  })
})
