import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Connection,
  connect,
  createPool,
  DecodeError,
  PostgresError,
  sql,
  Utf8Column,
} from '../../src/index.js'
import { testServer } from '../support/server.js'

let conn: Connection

beforeAll(async () => {
  conn = await connect((await testServer()).dsn())
})

afterAll(() => conn.close())

const QUERY = `select n, n::int8 as big, n / 2.0::float8 as half, n % 2 = 0 as even, 'row ' || n as name,
  timestamptz '2024-01-01 00:00:00.000001Z' + n * interval '1 s' as made, nullif(n, 2)::int2 as gap
  from generate_series(1, $1::int) n`

const NEW_YEAR = Date.UTC(2024, 0, 1)

const EXPECTED = {
  n: Int32Array.of(1, 2, 3),
  big: BigInt64Array.of(1n, 2n, 3n),
  half: Float64Array.of(0.5, 1, 1.5),
  even: Uint8Array.of(0, 1, 0),
  name: ['row 1', 'row 2', 'row 3'],
  made: Float64Array.of(NEW_YEAR + 1000.001, NEW_YEAR + 2000.001, NEW_YEAR + 3000.001),
  gap: Int16Array.of(1, 0, 3),
}

describe('fetchColumns', () => {
  test('gives the result by column', async () => {
    const { data, validity, columns, rowCount } = await conn.fetchColumns(QUERY, [3])
    expect(data).toEqual(EXPECTED)
    expect(validity).toEqual({
      ...{ n: null, big: null, half: null, even: null, name: null, made: null },
      gap: Uint8Array.of(0b101),
    })
    expect(rowCount).toBe(3)
    expect(columns.map(({ name, typeName }) => [name, typeName])).toEqual([
      ...[
        ['n', 'int4'],
        ['big', 'int8'],
        ['half', 'float8'],
        ['even', 'bool'],
        ['name', 'text'],
      ],
      ...[
        ['made', 'timestamptz'],
        ['gap', 'int2'],
      ],
    ])
  })

  test('on a pool, in a transaction, of a prepared statement and of the tag sql', async () => {
    await using pool = await createPool((await testServer()).dsn(), { maxSize: 1 })
    expect((await pool.fetchColumns(QUERY, [3])).data).toEqual(EXPECTED)
    const inTransaction = await pool.transaction((tx) => tx.fetchColumns(QUERY, [3]))
    expect(inTransaction.data).toEqual(EXPECTED)
    await using statement = await conn.prepare(QUERY)
    expect((await statement.fetchColumns([3])).data).toEqual(EXPECTED)
    expect((await conn.fetchColumns(sql`select ${7}::int as n`)).data).toEqual({
      n: Int32Array.of(7),
    })
  })

  test('texts as bytes with offsets, timestamps in microseconds', async () => {
    const options = { strings: 'utf8', timestamps: 'microseconds' } as const
    const { data } = await conn.fetchColumns(QUERY, [2], options)
    expect(data['name']).toEqual(
      new Utf8Column(Int32Array.of(0, 5, 10), new TextEncoder().encode('row 1row 2')),
    )
    const start = BigInt(NEW_YEAR) * 1000n + 1n
    expect(data['made']).toEqual(BigInt64Array.of(start + 1_000_000n, start + 2_000_000n))
  })

  test('numbers and times that are beyond those of fetch, in either format', async () => {
    const query = `select 9007199254740993 as n, timestamp '290000-01-01 00:00:00.000001' as t,
      timestamptz '4000-01-01 BC' as tz, timestamp '-infinity' as least, timestamptz 'infinity' as most`
    await using simple = await connect((await testServer()).dsn(), { statementMode: 'simple' })
    for (const timestamps of ['microseconds', 'milliseconds'] as const) {
      const { data } = await conn.fetchColumns(query, [], { timestamps })
      expect(data['n']).toEqual(BigInt64Array.of(9007199254740993n))
      expect((await simple.fetchColumns(query, [], { timestamps })).data).toEqual(data)
    }
  })

  test('numeric by a codec of its own', async () => {
    const types = { numeric: { decode: (text: string) => `#${text}` } }
    const options = { types, strings: 'utf8' } as const
    expect((await conn.fetchColumns('select 1.50 as price', [], options)).data).toEqual({
      price: ['#1.50'],
    })
  })

  test('more rows than one read brings', async () => {
    const count = 30_000
    const { data, rowCount } = await conn.fetchColumns(QUERY, [count], { strings: 'utf8' })
    expect(rowCount).toBe(count)
    expect(data['n']).toEqual(Int32Array.from({ length: count }, (_, i) => i + 1))
    expect((data['name'] as Utf8Column).at(count - 1)).toBe(`row ${count}`)
  })

  test('rows, NULLs and columns may be missing', async () => {
    const { data, validity, rowCount } = await conn.fetchColumns(QUERY, [0])
    expect(data['n']).toEqual(Int32Array.of())
    expect(validity['gap']).toBeNull()
    expect(rowCount).toBe(0)
    const empty = { columns: [], data: {}, validity: {} }
    expect(await conn.fetchColumns('select from generate_series(1, 3)')).toEqual({
      ...empty,
      rowCount: 3,
    })
    expect(await conn.fetchColumns('set work_mem to default')).toEqual({ ...empty, rowCount: 0 })
  })

  test('of columns with one name the last wins, and any name is a property', async () => {
    const { data } = await conn.fetchColumns('select 1 as a, 2 as a, 3 as "__proto__"')
    expect(Object.entries(data)).toEqual([
      ['a', Int32Array.of(2)],
      ['__proto__', Int32Array.of(3)],
    ])
  })

  test('types that have to be looked up while rows come', async () => {
    await conn.execute(
      "create type pg_temp.mood as enum ('sad'); create type pg_temp.pair as (m pg_temp.mood)",
    )
    const query = `select n, case when n > 1 then row(n, row('sad')::pg_temp.pair) end as r
      from generate_series(1, 3) n`
    const rows = await conn.fetch(query)
    await using fresh = await connect((await testServer()).dsn())
    await fresh.execute(
      "create type pg_temp.mood as enum ('sad'); create type pg_temp.pair as (m pg_temp.mood)",
    )
    const { data, validity } = await fresh.fetchColumns(query)
    expect(data).toEqual({ n: Int32Array.of(1, 2, 3), r: rows.map(({ r }) => r) })
    expect(validity).toEqual({ n: null, r: Uint8Array.of(0b110) })
  })

  test('in the simple protocol, where all comes as text', async () => {
    await using simple = await connect((await testServer()).dsn(), { statementMode: 'simple' })
    const { data } = await simple.fetchColumns(QUERY.replace('$1', '3'))
    expect(data).toEqual(EXPECTED)
  })

  test('refuses options that are none, before anything is sent', () => {
    for (const options of [
      { strings: 'bytes' },
      { timestamps: 'seconds' },
      { types: { int4: 1 } },
    ]) {
      expect(() => conn.fetchColumns('select 1', [], options as never)).toThrow(TypeError)
    }
  })

  test('fails with what the server says, and with values that cannot be decoded', async () => {
    await expect(
      conn.fetchColumns('select 1 / (n - 2) from generate_series(1, 3) n'),
    ).rejects.toThrow(PostgresError)
    const failing = {
      decode: () => {
        throw new Error('no')
      },
    }
    const failed = conn.fetchColumns('select 1 as a', [], { types: { int4: failing } })
    await expect(failed).rejects.toMatchObject({ constructor: DecodeError, column: 'a' })
    expect((await conn.fetchColumns('select 1 as a')).data).toEqual({ a: Int32Array.of(1) })
  })
})
