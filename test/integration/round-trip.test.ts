import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
import { BUILTIN_CONTAINERS } from '../../src/types/builtin-containers.js'
import { BUILTIN_TYPES } from '../../src/types/builtin-types.js'
import { OIDS } from '../../src/types/oid.js'
import type { TypeOptions } from '../../src/types/type-options.js'
import { sharesConnections } from '../support/left-behind.js'
import { readableBy } from '../support/older-servers.js'
import { testServer } from '../support/server.js'
import { type TypeValues, typeValues } from '../unit/types/arbitraries.js'
import { codecOf, decode, encode } from '../unit/types/codec-calls.js'
import { edgeValues } from '../unit/types/edge-values.js'
import { serverTexts, stringTypeValues } from '../unit/types/string-arbitraries.js'
import {
  multirangeTypeValues,
  rangeTypeValues,
  structuredTypeValues,
} from '../unit/types/structured-arbitraries.js'

/*
 * Values of every built-in type, from JavaScript to the server and back. A batch of them goes as one
 * array and comes back as rows, each with the value in several forms; the server's own text says what
 * the value is.
 *
 * SLUICE_ROUND_TRIP_RUNS says how many batches of up to 200 values each type gets, 4 by default.
 */

const RUNS = Number(process.env['SLUICE_ROUND_TRIP_RUNS'] ?? 4)

let dsn: string
let majorVersion: number | undefined
const connections = new Map<string, Promise<Connection>>()

/** One connection for each set of options. */
function connectionWith(types: TypeOptions = {}): Promise<Connection> {
  const key = JSON.stringify(types)
  let conn = connections.get(key)
  if (!conn) {
    conn = connect(dsn, { types, settings: { TimeZone: 'UTC' } })
    connections.set(key, conn)
  }
  return conn
}

sharesConnections()

beforeAll(async () => {
  const server = await testServer()
  dsn = server.dsn()
  majorVersion = server.majorVersion
})

afterAll(async () => {
  for (const conn of connections.values()) await (await conn).close()
})

interface Row {
  readonly value: unknown
  readonly text: string
  readonly pair: unknown
  readonly record: unknown
}

/** The name of a type in SQL; without quotes char and bit would be others. */
const sqlName = (type: string): string => `"${type}"`

/** What the text that `format('%s', …)` gives for a value is. */
const fromText = (type: string, text: string, options?: TypeOptions): unknown =>
  decode(codecOf(type, options), Buffer.from(text), 'text')

/** Some types have no binary form that can be read, and a record has no other. */
const isInRecords = (type: string): boolean => codecOf(type).decodeBinary !== undefined

async function expectSame(
  type: string,
  values: readonly unknown[],
  options?: TypeOptions,
): Promise<void> {
  const conn = await connectionWith(options)
  const array = sqlName(`_${type}`)
  const record = isInRecords(type) ? 'row(v, null)' : 'null'
  const rows = await conn.fetch<Row>(
    `select v as value, format('%s', v) as text, array_append(array_append('{}'::${array}, v), null) as pair,
            ${record} as record
       from unnest($1::${array}) with ordinality u(v, i) order by i`,
    [values],
  )
  expect(rows.map(({ value }) => value)).toStrictEqual(values)
  const isRead = isInRecords(type)
  rows.forEach(({ text, pair, record }, i) => {
    expect(fromText(type, text, options)).toStrictEqual(values[i])
    expect(pair).toStrictEqual([values[i], null])
    if (isRead) expect(record).toStrictEqual([values[i], null])
  })
  // What we print is to the server what we sent in binary.
  const texts = values.map((value) => encode(codecOf(type, options), value, 'text').toString())
  const reread = await conn.fetch<{ text: string }>(
    `select format('%s', t::${sqlName(type)}) as text
       from unnest($1::text[]) with ordinality u(t, i) order by i`,
    [texts],
  )
  expect(reread.map(({ text }) => text)).toEqual(rows.map(({ text }) => text))
}

function label(type: string, options?: TypeOptions): string {
  return options ? `${type} with ${JSON.stringify(options)}` : type
}

const generated: readonly TypeValues[] = [
  ...typeValues,
  ...stringTypeValues,
  ...structuredTypeValues,
  ...rangeTypeValues,
  ...multirangeTypeValues,
]

describe('generated values', () => {
  for (const [type, values, options] of generated) {
    test(label(type, options), async () => {
      const batches = fc.array(values, { minLength: 1, maxLength: 200, size: 'max' })
      const property = fc.asyncProperty(batches, (batch) =>
        expectSame(type, readableBy(majorVersion, type, batch), options),
      )
      await fc.assert(property, { numRuns: RUNS })
    })
  }
})

describe('values at the limits', () => {
  for (const [type, edges, options] of edgeValues) {
    test(label(type, options), async () => {
      const values = readableBy(majorVersion, type, edges)
      await expectSame(type, values, options)
      const conn = await connectionWith(options)
      const alone = await Promise.all(
        values.map((value) => conn.fetchval(`select $1::${sqlName(type)}`, [value])),
      )
      expect(alone).toStrictEqual(values)
    })
  }
})

describe('texts that the server prints in a form of its own', () => {
  test.each(serverTexts)('%s', async (type, texts) => {
    const conn = await connectionWith()
    const property = fc.asyncProperty(
      fc.array(texts, { minLength: 1, maxLength: 60 }),
      async (batch) => {
        const rows = await conn.fetch<{ value: string; text: string }>(
          `select t::${sqlName(type)} as value, format('%s', t::${sqlName(type)}) as text
           from unnest($1::text[]) with ordinality u(t, i) order by i`,
          [batch],
        )
        expect(rows.map(({ value }) => value)).toEqual(rows.map(({ text }) => text))
        await expectSame(
          type,
          rows.map(({ value }) => value),
        )
      },
    )
    await fc.assert(property, { numRuns: RUNS })
  })
})

test('every built-in type is among these', () => {
  const tested = new Set([...generated, ...edgeValues, ...serverTexts].map(([type]) => type))
  const names = new Map(Object.entries(OIDS).map(([name, oid]): [number, string] => [oid, name]))
  const missing = [...BUILTIN_TYPES, ...BUILTIN_CONTAINERS]
    .map(({ oid }) => names.get(oid) ?? '')
    .filter((name) => !tested.has(name))
  // These have no values of their own in a table, and a record is in every query above.
  expect(missing).toEqual(['unknown', 'void', 'record'])
})
