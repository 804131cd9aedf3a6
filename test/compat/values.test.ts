import { beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../../src/pg/index.js'
import { testServer } from '../support/server.js'
import { type PgModule, published, sluice } from './modules.js'
import { outcome, plain } from './outcome.js'

/** Values of every type, as SQL. */
const VALUES: readonly string[] = [
  'true',
  'false',
  'null::text',
  '1::int2',
  '-32768::int2',
  '2147483647',
  '-2147483648',
  '9007199254740993::int8',
  '-1::int8',
  '0::oid',
  '4294967295::oid',
  '1.5::float4',
  '0.1::float4',
  '0.1::float8',
  "'NaN'::float8",
  "'-Infinity'::float8",
  "'-0'::float8",
  '1e300::float8',
  '1.10::numeric',
  "'NaN'::numeric",
  '12345678901234567890.123456789::numeric',
  '12.34::money',
  "'text'",
  "''",
  "'grüße €'",
  "'a'::char(3)",
  "'abc'::varchar",
  "'n'::name",
  '\'x\'::"char"',
  "'\\x00ff'::bytea",
  "''::bytea",
  "'\\x01'::bytea",
  "'\\x01fe23'::bytea",
  `'\\x${Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('')}'::bytea`,
  "'2020-01-02'::date",
  "'0044-03-15 BC'::date",
  "'infinity'::date",
  "'-infinity'::timestamptz",
  "'0099-01-01'::date",
  "'12345-06-07'::date",
  "'2020-01-02 03:04:05.678901'::timestamp",
  "'2020-07-02 03:04:05'::timestamp",
  "'2020-01-02 03:04:05.678+05:30'::timestamptz",
  "'0001-01-01 00:00:00+00 BC'::timestamptz",
  "'03:04:05.6'::time",
  "'03:04:05+02'::timetz",
  "'1 year 2 mons 3 days 04:05:06.789'::interval",
  "'-1 day -00:00:00.5'::interval",
  "'0'::interval",
  "'1 mon'::interval",
  '\'{"a": [1, null]}\'::json',
  "'null'::jsonb",
  '\'"x"\'::jsonb',
  "'(1,2)'::point",
  "'<(1,2),3>'::circle",
  "'[(0,0),(1,1)]'::lseg",
  "'((0,0),(1,1))'::box",
  "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
  "'10.0.0.1/8'::inet",
  "'10.0.0.0/8'::cidr",
  "'08:00:2b:01:02:03'::macaddr",
  "'101'::bit(3)",
  "'<a/>'::xml",
  "'a b'::tsvector",
  "'[1,5)'::int4range",
  "'{[1,3),[5,7)}'::int4multirange",
  '(1, 2)',
  "'pg_class'::regclass",
  'array[1, null, 3]',
  'array[[1, 2], [3, 4]]',
  "'{}'::int4[]",
  "'[2:3]={1,2}'::int4[]",
  'array[1::int8, 9007199254740993]',
  "array['a', 'NULL', null, 'b\"c', 'd\\\\e', ' f,g ', '']",
  'array[true, null, false]',
  'array[1.5::float8]',
  'array[1.10::numeric, 2]',
  "array['2020-01-02'::date, null]",
  "array['2020-01-02 03:04:05'::timestamptz]",
  "array['1 day'::interval]",
  "array['{\"a\":1}'::jsonb, 'null']",
  "array['\\x01'::bytea, null]",
  'array[0, -1, 2147483647, -2147483648]',
  'array[[1, -2], [3, 4]]',
  "'{}'::int4[]",
  "'[0:1]={1,2}'::int4[]",
  'array[4294967295::oid]',
  'array[-32768::int2, null]',
  "array['(1,2)'::point, null]",
  "array['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid]",
  "array['10.0.0.1'::inet]",
  "array['a'::name]",
  "array['[1,5)'::int4range]",
  "array['[1,5)'::numrange]",
  "array['1.00'::money]",
  "array['03:04'::time]",
  'pg_sleep(0)',
]

async function selectAll(pg: PgModule, dsn: string, parameters: boolean): Promise<unknown[]> {
  const client = new pg.Client(dsn)
  await client.connect()
  try {
    const rows: unknown[] = []
    for (const value of VALUES) {
      const text = `select ${value} as value${parameters ? ', $1::int as one' : ''}`
      rows.push(
        await outcome(
          client.query(text, parameters ? [1] : undefined).then(({ rows: [row] }) => row),
        ),
      )
    }
    return rows
  } finally {
    await client.end()
  }
}

describe.each([
  ['the simple protocol', false],
  ['the extended protocol', true],
])('values of every type, by %s', (_name, parameters) => {
  let theirs: unknown[]
  let ours: unknown[]

  beforeAll(async () => {
    const dsn = (await testServer()).dsn({ sslmode: 'disable' })
    theirs = await selectAll(published, dsn, parameters)
    ours = await selectAll(sluice, dsn, parameters)
  })

  test.each(VALUES.map((value, i) => [value, i] as const))('%s', (_value, i) => {
    expect(ours[i]).toEqual(theirs[i])
  })
})

/** Parameters, and the type that they are for. */
const PARAMETERS: readonly (readonly [name: string, type: string, value: unknown])[] = [
  ['null', 'text', null],
  ['undefined', 'text', undefined],
  ['a string', 'text', 'grüße'],
  ['a number', 'text', 1.5],
  ['NaN', 'float8', Number.NaN],
  ['Infinity', 'float8', Number.POSITIVE_INFINITY],
  ['a large number', 'numeric', 1e21],
  ['a bigint', 'int8', 9007199254740993n],
  ['a boolean', 'bool', true],
  ['a Date for timestamptz', 'timestamptz', new Date(1_577_934_245_678)],
  ['a Date for timestamp', 'timestamp', new Date(1_577_934_245_678)],
  ['a Date for date', 'date', new Date(1_577_934_245_678)],
  ['a Date before Christ', 'timestamptz', new Date(-100_000_000_000_000)],
  ['a Buffer', 'bytea', Buffer.from([0, 255])],
  ['a typed array', 'bytea', new Uint16Array([1, 2])],
  ['an ArrayBuffer', 'text', new ArrayBuffer(2)],
  ['an array of integers', 'int4[]', [1, null, undefined, 3]],
  ['an array of texts', 'text[]', ['a', 'b"c', 'd\\e', '', 'NULL', null]],
  [
    'a nested array',
    'int4[]',
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['an empty array', 'int4[]', []],
  ['an array of Buffers', 'bytea[]', [Buffer.from([1]), Buffer.from([255])]],
  ['an array of objects', 'jsonb[]', [{ a: 1 }, { b: 'x"y' }]],
  ['an array of Dates', 'timestamptz[]', [new Date(0)]],
  ['an object for json', 'json', { a: [1, { b: null }] }],
  ['an object for jsonb', 'jsonb', { a: 1 }],
  ['an array for jsonb', 'jsonb', [1, 2]],
  ['a string for jsonb', 'jsonb', '{"a":1}'],
  ['a Map', 'jsonb', new Map([[1, 2]])],
  ['an object with toPostgres', 'text', { toPostgres: () => 'made' }],
  ['toPostgres that gives an array', 'int4[]', { toPostgres: () => [1, 2] }],
  [
    'toPostgres that prepares',
    'text',
    { toPostgres: (prepare: (v: unknown) => unknown) => prepare(7) },
  ],
  [
    'toPostgres that throws',
    'text',
    {
      toPostgres: () => {
        throw new RangeError('no')
      },
    },
  ],
  ['a string for an integer', 'int4', '42'],
  ['a string that is no integer', 'int4', 'x'],
  ['a fraction for an integer', 'int4', 1.5],
  [
    'a function',
    'text',
    function named() {
      return 1
    },
  ],
]

test('parameters of every kind', async () => {
  const dsn = (await testServer()).dsn({ sslmode: 'disable' })
  const results: unknown[][] = []
  for (const pg of [published, sluice]) {
    const client = new pg.Client(dsn)
    await client.connect()
    const list: unknown[] = []
    for (const [name, type, value] of PARAMETERS) {
      const text = `select $1::${type} as value, ($1::${type})::text as text`
      list.push([name, await outcome(client.query(text, [value]).then(({ rows }) => rows))])
    }
    list.push(await outcome(client.query('select 1 as alive').then(({ rows }) => rows)))
    await client.end()
    results.push(list)
  }
  expect(results[1]).toEqual(results[0])
})

test('an object whose toPostgres gives itself is refused', async () => {
  const dsn = (await testServer()).dsn({ sslmode: 'disable' })
  const circle = { toPostgres: () => circle, toString: () => 'circle' } as unknown
  const outcomes = await Promise.all(
    [published, sluice].map(async (pg) => {
      const client = new pg.Client(dsn)
      await client.connect()
      const result = await outcome(client.query('select $1', [circle]))
      await client.end()
      return result
    }),
  )
  expect(outcomes[1]).toEqual(outcomes[0])
})

test('a value that cannot be sent leaves no statement that the server has not got', async () => {
  const dsn = (await testServer()).dsn({ sslmode: 'disable' })
  const client = new Client({ connectionString: dsn, statementCacheSize: 1 })
  await client.connect()
  const failing = {
    toPostgres: () => {
      throw new RangeError('not me')
    },
  }
  const ask = (query: object, value: unknown): Promise<unknown> =>
    outcome(client.query({ text: 'select $1::int as a', ...query, values: [value] }).then(rowsOf))
  await client.query('begin')
  for (const query of [{ name: 'one' }, {}, { text: 'select $1::int + 1 as a' }]) {
    expect(await ask(query, failing)).toMatchObject({ rejected: { error: 'not me' } })
    expect(await ask(query, 1)).toMatchObject([{ a: expect.any(Number) }])
  }
  const count = "select count(*)::int as n from pg_prepared_statements where name <> 'one'"
  expect(await client.query(count).then(rowsOf)).toEqual([{ n: 1 }])
  await client.end()
})

const rowsOf = ({ rows }: { rows: unknown[] }): unknown[] => rows

test('the parsers that pg has may be set for other types', async () => {
  const dsn = (await testServer()).dsn({ sslmode: 'disable' })
  const texts = ['12.5', '-3', '', '-', '1e3', 't', 'f', 'true', 'yes', '1', 'tomato']
  const results = []
  for (const pg of [published, sluice]) {
    const client = new pg.Client(dsn)
    await client.connect()
    for (const oid of [16, 21, 23, 26]) {
      client.setTypeParser(25, pg.types.getTypeParser(oid) as never)
      client.setTypeParser(1700, pg.types.getTypeParser(oid) as never)
      const { rows } = await client.query("select unnest($1::text[]) as a, '9.75'::numeric as b", [
        texts,
      ])
      results.push(plain(rows))
    }
    await client.end()
  }
  expect(results.slice(4)).toEqual(results.slice(0, 4))
})

test('parsers of users get text, in the order query, client, process', async () => {
  const dsn = (await testServer()).dsn({ sslmode: 'disable' })
  const results: unknown[] = []
  for (const pg of [published, sluice]) {
    const client = new pg.Client({
      connectionString: dsn,
      types: {
        getTypeParser: ((oid: number) => (text: string) => `config ${oid} ${text}`) as never,
      },
    })
    await client.connect()
    client.setTypeParser(25, (text: string) => `client ${text}`)
    const byQuery = { getTypeParser: () => (text: string) => `query ${text}` } as never
    results.push([
      (await client.query("select 1 as a, 'x'::text as b")).rows,
      (await client.query({ text: "select 1 as a, 'x'::text as b", types: byQuery })).rows,
    ])
    pg.types.setTypeParser(20, (text) => `process ${text}`)
    const plainClient = new pg.Client(dsn)
    await plainClient.connect()
    results.push((await plainClient.query('select 1::int8 as a')).rows)
    pg.defaults.parseInt8 = true
    results.push((await plainClient.query('select 1::int8 as a, array[2::int8] as b')).rows)
    pg.defaults.parseInt8 = false
    results.push((await plainClient.query('select 1::int8 as a, array[2::int8] as b')).rows)
    await client.end()
    await plainClient.end()
  }
  expect(plain(results.slice(results.length / 2))).toEqual(
    plain(results.slice(0, results.length / 2)),
  )
})
