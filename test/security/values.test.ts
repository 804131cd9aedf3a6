import { describe, expect, test } from 'vitest'
import { builtinCodec, connect, decodeValue, Range } from '../../src/index.js'
import { useDatabase } from '../support/databases.js'

/* Values that lie about themselves, and names that mean something to JavaScript. */

const { dsn } = useDatabase(`
  create type hostile as ("__proto__" int4, "constructor" text, "toString" jsonb);
`)

const int32 = (...values: readonly number[]) => {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeInt32BE(value | 0, i * 4)
  return bytes
}

const lies: readonly (readonly [string, string, Buffer])[] = [
  ['7 dimensions', '_int4', int32(7, 0, 23, ...Array(14).fill(1))],
  ['-1 dimensions', '_int4', int32(-1, 0, 23)],
  ['2^31 - 1 dimensions', '_int4', int32(0x7fffffff, 0, 23)],
  ['a dimension of -1', '_int4', int32(1, 0, 23, -1, 1)],
  ['a dimension of 2^31 - 1', '_int4', int32(1, 0, 23, 0x7fffffff, 1)],
  ['dimensions whose product wraps', '_int4', int32(2, 0, 23, 65536, 1, 65536, 1, 4, 1)],
  ['an element with length -2', '_int4', int32(1, 0, 23, 1, 1, -2)],
  ['an element beyond the end', '_int4', int32(1, 0, 23, 1, 1, 100, 1)],
  ['another type of element', '_int4', int32(1, 0, 25, 1, 1, 4, 1)],
  ['a bound beyond the end', 'int4range', Buffer.concat([Buffer.of(2), int32(100, 1)])],
  ['a bound of length -1', 'int4range', Buffer.concat([Buffer.of(2), int32(-1)])],
  ['2^31 - 1 ranges', 'int4multirange', int32(0x7fffffff)],
  ['-1 ranges', 'int4multirange', int32(-1)],
  ['a range beyond the end', 'int4multirange', int32(1, 100, 1)],
  ['2^31 - 1 lexemes', 'tsvector', int32(0x7fffffff)],
  ['a lexeme without an end', 'tsvector', Buffer.concat([int32(1), Buffer.from('abc')])],
  ['2^31 - 1 points', 'polygon', int32(0x7fffffff)],
  ['65,535 digits', 'numeric', Buffer.from('ffff000000000000', 'hex')],
  ['an address of 255 bytes', 'inet', Buffer.from('022000ff', 'hex')],
  ['2^31 - 1 bits', 'varbit', int32(0x7fffffff)],
]

test.each(lies)(
  'asyncpg CVE-2020-17446, pgx CVE-2026-33815, CVE-2026-33816, psycopg (2026): %s in %s',
  (_, type, bytes) => {
    const codec = builtinCodec(type)
    if (codec === undefined) throw new Error(`there is no type ${type}`)
    expect(() => decodeValue(codec, bytes, 1)).toThrow(
      expect.objectContaining({ name: 'DecodeError' }),
    )
  },
)

test('pgJDBC CVE-2020-13692: XML is text, which nobody parses', () => {
  const text = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
  const codec = builtinCodec('xml')
  if (codec === undefined) throw new Error('there is no type xml')
  for (const format of [0, 1] as const) {
    expect(decodeValue(codec, Buffer.from(text), format)).toBe(text)
  }
})

test('pgx CVE-2024-27304, Npgsql CVE-2024-32655: what does not fit its length is refused, and nothing of it sent', async () => {
  await using conn = await connect(dsn())
  const most = Array.from({ length: 65_535 }, () => 1)
  const query = `select cardinality(array[${most.map((_, i) => `$${i + 1}::int4`).join(',')}])`
  expect(await conn.fetchval(query, most)).toBe(65_535)
  await expect(conn.fetchval(query, [...most, 1])).rejects.toMatchObject({
    name: 'EncodeError',
    message: expect.stringMatching(/65,?53[56]/),
  })
  // Zeroed memory that is never touched takes no room.
  const huge = new Uint8Array(1024 ** 3)
  await expect(conn.fetch('select $1::bytea', [huge])).rejects.toMatchObject({
    name: 'EncodeError',
  })
  await expect(conn.fetch('select $1::bytea, $2::bytea', [huge, huge])).rejects.toMatchObject({
    name: 'EncodeError',
  })
  expect(await conn.fetchval('select $1::int4', [1])).toBe(1)
})

describe('no name reaches a prototype', () => {
  const own = (value: unknown) => Object.entries(value as object)

  test.each(['object', 'stream', 'cursor', 'records'])('of a column: %s', async (how) => {
    await using conn = await connect(dsn())
    const query = `select '{"polluted":1}'::jsonb as "__proto__", 2 as "constructor", 3 as "hasOwnProperty"`
    const rows: unknown[] = []
    if (how === 'object') rows.push(...(await conn.fetch(query)))
    if (how === 'stream') for await (const row of conn.stream(query)) rows.push(row)
    if (how === 'records') for await (const row of conn.copyRecordsFrom(query)) rows.push(row)
    if (how === 'cursor') {
      await conn.transaction(async (tx) => {
        for await (const row of tx.cursor(query)) rows.push(row)
      })
    }
    expect(rows.map(own)).toEqual([
      [
        ['__proto__', { polluted: 1 }],
        ['constructor', 2],
        ['hasOwnProperty', 3],
      ],
    ])
    expect(Reflect.get(rows[0] as object, 'polluted')).toBeUndefined()
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  test('of an attribute of a composite, both ways', async () => {
    await using conn = await connect(dsn())
    const value = JSON.parse('{"__proto__": 1, "constructor": "a", "toString": {"polluted": 1}}')
    const back = await conn.fetchval('select $1::hostile', [value])
    expect(own(back)).toEqual(own(value))
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  test('of a key in JSON or hstore', async () => {
    await using conn = await connect(dsn())
    const text = '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'
    const json = await conn.fetchrow('select $1::json as a, $1::jsonb as b', [JSON.parse(text)])
    expect(JSON.stringify(json?.['a'])).toBe(JSON.stringify(JSON.parse(text)))
    expect(
      own(json?.['b'])
        .map(([key]) => key)
        .sort(),
    ).toEqual(['__proto__', 'constructor'])
    await conn.execute('create extension if not exists hstore')
    const store = await conn.fetchval(
      `select '"__proto__"=>"polluted", "constructor"=>"x"'::hstore`,
    )
    const entries = store instanceof Map ? [...store] : own(store)
    expect(entries.map(([key]) => key).sort()).toEqual(['__proto__', 'constructor'])
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  test('of an option, a setting or a range given as a parsed object', async () => {
    const options = JSON.parse('{"__proto__": {"polluted": 1}}')
    await expect((async () => connect(dsn(), options))()).rejects.toThrow(/__proto__/)
    await expect(
      (async () => connect(dsn(), JSON.parse('{"types": {"__proto__": {"decode": 1}}}')))(),
    ).rejects.toThrow(TypeError)
    expect(new Range(1, 2)).not.toHaveProperty('polluted')
  })
})
