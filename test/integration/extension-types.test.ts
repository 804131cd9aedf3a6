import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
import { startPostgres, type TestPostgres } from '../../src/testing/index.js'
import { EXTENSION_CODECS } from '../../src/types/extension-codecs.js'
import { decode, encode } from '../unit/types/codec-calls.js'

/** Extensions that come with PostgreSQL; those of pgvector do not, and are held to its documentation by unit tests. */
interface Row {
  readonly value: unknown
  readonly text: string
  readonly reread: string
}

const EXTENSIONS = ['hstore', 'ltree', 'citext']

let server: TestPostgres
let conn: Connection

beforeAll(async () => {
  // A server of its own, since extensions are there for a whole database.
  server = await startPostgres()
  const setup = await connect(server.dsn())
  await setup.execute(EXTENSIONS.map((name) => `create extension ${name};`).join(' '))
  const rows = await setup.fetch<{ oid: number; name: string }>(
    'select oid, typname as name from pg_catalog.pg_type where typname = any($1)',
    [Object.keys(EXTENSION_CODECS)],
  )
  await setup.close()
  // By OID, so that nothing but the codecs is tested here.
  const types = Object.fromEntries(rows.map(({ oid, name }) => [oid, EXTENSION_CODECS[name]]))
  conn = await connect(server.dsn(), { types })
})

afterAll(async () => {
  await conn?.close()
  await server?.stop('immediate')
})

const texts = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ' ', '=>', 'NULL', 'é', "'") })
const labels = fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/)

const values: readonly (readonly [type: string, values: fc.Arbitrary<unknown>])[] = [
  ['hstore', fc.array(fc.tuple(texts, fc.option(texts))).map((pairs) => new Map(pairs))],
  ['ltree', fc.array(labels, { maxLength: 5 }).map((path) => path.join('.'))],
  ['lquery', fc.constantFrom('*', 'a.*{1,2}.!b', 'a|b.c@*')],
  ['ltxtquery', fc.constantFrom('a & b', 'a & !( b | c )')],
  ['citext', texts],
]

test.each(values)('%s comes back as it went', async (type, arbitrary) => {
  const codec = EXTENSION_CODECS[type]
  if (!codec) throw new Error(`there is no codec for ${type}`)
  const query = `select v as value, v::text as text, t::${type}::text as reread from (values ($1::${type}, $2::text)) q(v, t)`
  const property = fc.asyncProperty(fc.array(arbitrary, { maxLength: 30 }), async (batch) => {
    const rows = await Promise.all(
      batch.map((value) => {
        const printed = encode(codec, value, 'text').toString()
        return conn.fetchrow<Row>(query, [value, printed])
      }),
    )
    expect(rows.map((row) => row?.value)).toStrictEqual(batch)
    // What we print is to the server what we sent in binary.
    expect(rows.map((row) => row?.reread)).toEqual(rows.map((row) => row?.text))
    for (const [i, row] of rows.entries()) {
      expect(decode(codec, Buffer.from(row?.text ?? ''), 'text')).toStrictEqual(batch[i])
    }
  })
  await fc.assert(property, { numRuns: 20 })
})

test('hstore takes plain objects', async () => {
  expect(await conn.fetchval('select $1::hstore', [{ a: '1', b: null }])).toEqual(
    new Map([
      ['a', '1'],
      ['b', null],
    ]),
  )
})
