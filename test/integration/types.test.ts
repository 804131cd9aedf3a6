import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect, EncodeError, Interval, Timestamp } from '../../src/index.js'
import { OIDS } from '../../src/types/oid.js'
import type { TypeOptions } from '../../src/types/type-options.js'
import { testServer } from '../support/server.js'
import { stringValues, typeValues } from '../unit/types/arbitraries.js'
import { codecOf, decode } from '../unit/types/codec-calls.js'

let dsn: string
let conn: Connection

async function connectIn(zone: string, types: TypeOptions = {}): Promise<Connection> {
  return connect(dsn, { types, settings: { TimeZone: zone } })
}

beforeAll(async () => {
  dsn = (await testServer()).dsn()
  conn = await connectIn('UTC')
})

afterAll(() => conn.close())

/** The name of a type in SQL; without quotes char would be another one. */
const sqlName = (type: string): string => `"${type}"`

/** What a codec makes of the text that `format('%s', …)` or a cast gives. */
const decodedText = (type: string, text: string, options?: TypeOptions): unknown =>
  decode(codecOf(type, options), Buffer.from(text), 'text')

test('every OID of the table is the OID of the type of that name', async () => {
  const rows = await conn.fetch<{ typname: string; oid: number; typdelim: string }>(
    'select typname, oid, typdelim from pg_catalog.pg_type where oid = any($1::oid[])',
    [Object.values(OIDS)],
  )
  expect(Object.fromEntries(rows.map(({ typname, oid }) => [typname, oid]))).toEqual(OIDS)
  const others = rows.filter(({ typdelim }) => typdelim !== ',').map(({ typname }) => typname)
  expect(others.sort()).toEqual(['_box', 'box'])
})

test('every array type of the table is the array of the type it is named after', async () => {
  const rows = await conn.fetch<{ element: string; array: string }>(
    `select e.typname as element, a.typname as array
       from pg_catalog.pg_type e join pg_catalog.pg_type a on a.oid = e.typarray
      where e.oid = any($1::oid[])`,
    [Object.values(OIDS)],
  )
  const arrays = Object.keys(OIDS).filter((name) => name.startsWith('_'))
  expect(rows.map(({ array }) => array).sort()).toEqual(arrays.sort())
  for (const { element, array } of rows) expect(array).toBe(`_${element}`)
})

describe('types as text', () => {
  let own: Connection

  beforeAll(async () => {
    own = await connectIn('UTC', {
      timestamp: 'string',
      timestamptz: 'string',
      interval: 'string',
      numeric: 'string',
    })
  })

  afterAll(() => own.close())

  const exact = typeValues.filter(([type, , options]) => type === 'numeric' && !options)
  for (const [type, values] of [...stringValues, ...exact]) {
    test(`${type} is the text that the server prints in UTC`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(values, { maxLength: 100 }), async (array) => {
          const rows = await own.fetch<{ value: unknown; text: string }>(
            `select e as value, e::text as text from unnest($1::${sqlName(`_${type}`)}) e`,
            [array],
          )
          expect(rows.map(({ value }) => value)).toEqual(rows.map(({ text }) => text))
          const values = rows.map(({ value }) => value)
          expect(await own.fetchval(`select $1::${sqlName(`_${type}`)}`, [values])).toEqual(values)
        }),
        { numRuns: 20 },
      )
    })
  }

  test('a timestamptz is in UTC from both formats, wherever the session is', async () => {
    for (const zone of ['Asia/Kolkata', 'America/New_York', 'Europe/Amsterdam']) {
      const there = await connectIn(zone, { timestamptz: 'string' })
      try {
        for (const instant of [
          '1890-01-01 00:00:00+00',
          '2024-07-01 12:00:00.000001+00',
          '0044-03-15 00:00:00+00 BC',
        ]) {
          const row = await there.fetchrow<{ value: string; text: string }>(
            'select v as value, v::text as text from (select $1::text::timestamptz) q(v)',
            [instant],
          )
          expect(row?.value).toBe(instant)
          expect(decodedText('timestamptz', row?.text ?? '', { timestamptz: 'string' })).toBe(
            instant,
          )
        }
      } finally {
        await there.close()
      }
    }
  })
})

describe('float4', () => {
  test('is the number that the server prints, from both formats', async () => {
    const bits = fc.array(fc.integer({ min: 0, max: 0xffffffff }), {
      minLength: 100,
      maxLength: 200,
    })
    await fc.assert(
      fc.asyncProperty(bits, async (words) => {
        const singles = [...new Float32Array(Uint32Array.from(words).buffer)].filter(
          Number.isFinite,
        )
        const rows = await conn.fetch<{ value: number; text: string }>(
          'select e as value, e::text as text from unnest($1::float4[]) e',
          [singles],
        )
        expect(rows.map(({ value }) => value)).toEqual(rows.map(({ text }) => Number(text)))
        expect(rows.map(({ value }) => Math.fround(value))).toEqual(singles)
      }),
      { numRuns: 30 },
    )
  })
})

/** What generated values do not reach. */
const literals: readonly (readonly [type: string, literal: string, value: unknown])[] = [
  ['bool', 'true', true],
  ['char', 'a', 'a'],
  ['char', '', ''],
  ['name', 'pg_type', 'pg_type'],
  ['varchar', 'é', 'é'],
  ['xml', '<a b="é"/>', '<a b="é"/>'],
  ['xid', '4294967295', 4294967295],
  ['cid', '7', 7],
  ['date', 'infinity', Number.POSITIVE_INFINITY],
  ['date', '-infinity', Number.NEGATIVE_INFINITY],
  ['date', '5874897-12-31', '5874897-12-31'],
  ['date', '4714-11-24 BC', '4714-11-24 BC'],
  ['time', '24:00:00', '24:00:00'],
  ['timetz', '00:00:00.1-15:59:59', '00:00:00.1-15:59:59'],
  ['timestamp', 'infinity', Number.POSITIVE_INFINITY],
  ['timestamptz', '-infinity', Number.NEGATIVE_INFINITY],
  ['numeric', 'NaN', 'NaN'],
  ['numeric', 'Infinity', 'Infinity'],
  ['numeric', '-Infinity', '-Infinity'],
  ['numeric', '0.000', '0.000'],
  ['float8', '-0', -0],
  ['float8', 'NaN', Number.NaN],
  ['float4', '1e-45', 1e-45],
  [
    'interval',
    '-1 mon +2 days -00:00:00.000001',
    new Interval({ months: -1, days: 2, microseconds: -1 }),
  ],
  ['bytea', '\\x', Buffer.alloc(0)],
  [
    '_int4',
    '[2:3][-1:0]={{1,NULL},{3,4}}',
    [
      [1, null],
      [3, 4],
    ],
  ],
  ['_text', '{"NULL",NULL,"a\\"b\\\\c",""}', ['NULL', null, 'a"b\\c', '']],
  ['_int4', '{}', []],
]

test.each(literals)('%s %j is read in both formats', async (type, literal, value) => {
  const row = await conn.fetchrow<{ value: unknown; text: string }>(
    `select v as value, format('%s', v) as text from (select $1::text::${sqlName(type)}) q(v)`,
    [literal],
  )
  expect(row?.value).toStrictEqual(value)
  expect(decodedText(type, row?.text ?? '')).toStrictEqual(value)
})

test('NULL is null and void is null', async () => {
  expect(await conn.fetch('select $1::int4 as a, $2::text as b', [null, null])).toEqual([
    { a: null, b: null },
  ])
  expect(await conn.fetchval('select pg_sleep(0)')).toBeNull()
})

test('arrays keep up to six dimensions', async () => {
  const array = [[[[[[1, null]], [[3, 4]]]]]]
  expect(await conn.fetchval('select $1::int4[]', [array])).toEqual(array)
  expect(await conn.fetchval('select array_ndims($1::int4[])', [array])).toBe(6)
  expect(await conn.fetchval('select $1::int4[]', [[[], []]])).toEqual([])
})

test('a timestamp that was read finds its row again, to the microsecond', async () => {
  const instant = await conn.fetchval("select timestamptz '2024-01-01 00:00:00.123456+00'")
  expect(instant).toBeInstanceOf(Timestamp)
  expect(
    await conn.fetchval("select $1 = timestamptz '2024-01-01 00:00:00.123456+00'", [instant]),
  ).toBe(true)
})

describe('parameters', () => {
  test('as strings of dates and times are read by the server', async () => {
    expect(await conn.fetchval('select $1::date = current_date + 1', ['tomorrow'])).toBe(true)
    expect(await conn.fetchval('select $1::date[]', [['Jan 5, 1999', null]])).toEqual([
      '1999-01-05',
      null,
    ])
    expect(await conn.fetchval('select $1::interval', ['2 weeks ago'])).toEqual(
      new Interval({ days: -14 }),
    )
    expect(
      await conn.fetchval('select $1::timestamptz', ['2024-01-01 02:00 Europe/Amsterdam']),
    ).toEqual(new Date('2024-01-01T01:00:00Z'))
  })

  test('are encoded by the type that the server reports', async () => {
    expect(await conn.fetchval('select $1::jsonb -> 1', [[1, { a: 2 }]])).toEqual({ a: 2 })
    expect(await conn.fetchval('select $1::int4[]', [[1, 2]])).toEqual([1, 2])
    expect(await conn.fetchval("select $1 || 'x'", [1.5])).toBe('1.5x')
    expect(await conn.fetchval('select $1::jsonb[]', [[[1, 2], null]])).toEqual([[1, 2], null])
    expect(await conn.fetchval('select $1::json::text', [12345678901234567890n])).toBe(
      '12345678901234567890',
    )
  })

  test('of a type without a codec go as text', async () => {
    const text = '<int4><![CDATA[1]]></int4>'
    expect(await conn.fetchval('select $1::xml', [text])).toBe(text)
    expect(await conn.fetchval('select $1::cstring', ['a'])).toBe('a')
  })

  test('that do not fit are an EncodeError, and the connection goes on', async () => {
    const wrong = [1.5, undefined, 'x', 2 ** 31, Number.NaN, {}, new Date()]
    for (const value of wrong) {
      const query = conn.fetchval('select $1::text, $2::int4', ['a', value])
      await expect(query).rejects.toBeInstanceOf(EncodeError)
      await expect(query).rejects.toMatchObject({ parameter: 2, type: 'int4' })
    }
    expect(await conn.fetchval('select 1')).toBe(1)
  })
})

describe('parameters that cannot be exact', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
  const hole: unknown[] = [1, , 2]
  const refused: readonly (readonly [type: string, value: unknown])[] = [
    ['text', 'secret\u0000'],
    ['text', 'secret\ud800'],
    ['text', undefined],
    ['text', Symbol('secret')],
    ['text', { secret: 1 }],
    ['name', ['secret']],
    ['"char"', 'secret'],
    ['bool', 'secret'],
    ['int2', 40_000],
    ['int4', 2 ** 31],
    ['int4', 1.5],
    ['int4', Number.NaN],
    ['int4', 'secret'],
    ['int8', 2 ** 53],
    ['int8', 2n ** 63n],
    ['xid8', -1],
    ['float4', 1e39],
    ['float8', '0x10'],
    ['numeric', 1e300],
    ['numeric', 'secret'],
    ['uuid', 'secret'],
    ['bytea', 'secret'],
    ['date', new Date(1)],
    ['date', new Date(Number.NaN)],
    ['timestamptz', 1_700_000_000_000],
    ['time', new Date()],
    ['interval', 5],
    ['json', Number.NaN],
    ['json', new Map()],
    ['jsonb', cyclic],
    ['jsonb', () => 'secret'],
    ['point', { x: 1 }],
    ['polygon', []],
    ['inet', 2_130_706_433],
    ['int4range', { lower: 1, upper: undefined }],
    ['int4range', { lower: 1.5, upper: null }],
    ['int4multirange', [1]],
    ['int4[]', [[1, 2], [3]]],
    ['int4[]', [[1], 2]],
    ['int4[]', [1, undefined]],
    ['int4[]', hole],
    ['int4[]', [[[[[[[1]]]]]]]],
    ['text[]', ['secret\ud800']],
    ['money', 1.5],
    ['tsvector', 1],
    ['pg_lsn', -1n],
  ]

  test.each(refused)('%s: case %#', async (type, value) => {
    const error: unknown = await conn
      .fetch(`select $1::text, $2::${type}`, ['before', value])
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(EncodeError)
    expect(error).toMatchObject({ parameter: 2, type: expect.any(String) })
    expect(String(error)).not.toContain('secret')
    expect(String(error)).toContain('parameter $2')
    expect(await conn.fetchval('select $1::int4', [7])).toBe(7)
  })

  test('more than 65,535 of them', async () => {
    const many = Array.from({ length: 65_536 }, () => 1)
    await expect(conn.fetch('select $1::int4', many)).rejects.toBeInstanceOf(EncodeError)
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  const exact: readonly (readonly [type: string, value: unknown, text: string])[] = [
    ['text', 1.5, '1.5'],
    ['text', true, 'true'],
    ['text', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['int4', '42', '42'],
    ['int8', 9007199254740993n, '9007199254740993'],
    ['numeric', 0.1, '0.1'],
    ['numeric', { toString: () => '1e-3' }, '0.001'],
    ['bool', 'yes', 'true'],
    ['float8[]', new Float64Array([1.5, -0]), '{1.5,-0}'],
    ['int8[]', new BigInt64Array([1n]), '{1}'],
    ['int4[]', '{1,2}', '{1,2}'],
    ['int4[]', Object.assign([1, 2], { lowerBounds: [0] }), '[0:1]={1,2}'],
    ['int4[]', [[], []], '{}'],
    ['box[]', [{ high: { x: 2, y: 2 }, low: { x: 1, y: 1 } }], '{(2,2),(1,1)}'],
    [
      'lseg[]',
      [
        [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      ],
      '{"[(0,0),(1,1)]"}',
    ],
    ['daterange', { lower: '2024-01-01', upper: null }, '[2024-01-01,)'],
    ['int4range', '[1,5]', '[1,6)'],
    ['regclass', 'pg_class', 'pg_class'],
    ['jsonb', 'a', '"a"'],
  ]
  test.each(exact)('%s takes what is: case %#', async (type, value, text) => {
    expect(await conn.fetchval(`select format('%s', $1::${type}::text)`, [value])).toBe(text)
  })
})

test('a value that does not fit is a DecodeError with its column, and the connection goes on', async () => {
  await expect(conn.fetch('select 1 as a, 9007199254740992 as "big one"')).rejects.toMatchObject({
    name: 'DecodeError',
    column: 'big one',
    type: 'int8',
    message: expect.stringContaining("int8: 'bigint'"),
  })
  expect(await conn.fetchval('select 1')).toBe(1)
})
