import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
import type { TypeOptions } from '../../src/types/type-options.js'
import { sharesConnections } from '../support/left-behind.js'
import { readableBy } from '../support/older-servers.js'
import { testServer } from '../support/server.js'
import { typeValues } from '../unit/types/arbitraries.js'
import { edgeValues } from '../unit/types/edge-values.js'
import { stringTypeValues } from '../unit/types/string-arbitraries.js'
import {
  multirangeTypeValues,
  rangeTypeValues,
  structuredTypeValues,
} from '../unit/types/structured-arbitraries.js'

/* Values of every built-in type as attributes of composites, alone and in arrays. */

const generated = [
  ...typeValues,
  ...stringTypeValues,
  ...structuredTypeValues,
  ...rangeTypeValues,
  ...multirangeTypeValues,
]

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
  const conn = await connectionWith()
  const types = [...new Set([...generated, ...edgeValues].map(([type]) => type))].map(
    (type) =>
      `create type ${compositeOf(type)} as (one ${sqlName(type)}, more ${sqlName(type)}[]);`,
  )
  await conn.execute(`create schema round_trip; ${types.join(' ')}`)
})

afterAll(async () => {
  const conn = await connectionWith()
  await conn.execute('drop schema round_trip cascade')
  for (const other of connections.values()) await (await other).close()
})

/** The name of a type in SQL; without quotes char and bit would be others. */
const sqlName = (type: string): string => `"${type}"`
const compositeOf = (type: string): string => `round_trip."of_${type}"`

function label(type: string, options?: TypeOptions): string {
  return options ? `${type} with ${JSON.stringify(options)}` : type
}

describe('composites of a value and an array', () => {
  const samples = generated.map(
    ([type, values, options]) => [type, fc.sample(values, 10), options] as const,
  )
  for (const [type, given, options] of [...samples, ...edgeValues]) {
    test(label(type, options), async () => {
      const values = readableBy(majorVersion, type, given)
      if (values.length === 0) return
      const conn = await connectionWith(options)
      const composites = values.map((one) => ({ one, more: [one, null] }))
      const query = `select c as composite, c::text as text from unnest($1::${compositeOf(type)}[]) c`
      const rows = await conn.fetch<{ composite: unknown; text: string }>(query, [composites])
      expect(rows.map(({ composite }) => composite)).toStrictEqual(composites)
      // As text the server reads what it printed, which is what it was.
      const texts = rows.map(({ text }) => text)
      const reread = await conn.fetch(
        `select t::${compositeOf(type)} as composite from unnest($1::text[]) t`,
        [texts],
      )
      expect(reread.map(({ composite }) => composite)).toStrictEqual(composites)
      expect(
        await conn.fetchval(`select $1::${compositeOf(type)}`, [
          Object.values(composites[0] ?? {}),
        ]),
      ).toStrictEqual(composites[0])
    })
  }
})
