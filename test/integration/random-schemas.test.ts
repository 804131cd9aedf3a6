import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
import { useDatabase } from '../support/databases.js'
import { randomTypes } from './random-types.js'

const { dsn } = useDatabase('create schema random')
let conn: Connection

beforeAll(async () => {
  conn = await connect(dsn(), { settings: { search_path: 'random, pg_catalog' } })
})

afterAll(() => conn.close())

test('values of random types come back as they went, as parameters, in rows, in arrays and by COPY', async () => {
  await fc.assert(
    fc.asyncProperty(randomTypes, async ({ type, values }) => {
      await conn.execute(
        `drop schema random cascade; create schema random; ${type.ddl.join(';')};` +
          `create table rows (n int4, value ${type.name}, "all" ${type.name}[]); create table copies (like rows)`,
      )
      for (const [i, value] of values.entries()) {
        expect(await conn.fetchval(`select $1::${type.name}`, [value])).toEqual(value)
        await conn.execute('insert into rows values ($1, $2, $3)', [i, value, [...values, null]])
      }
      const rows = await conn.fetch('select value, "all" from rows order by n')
      expect(rows).toEqual(values.map((value) => ({ value, all: [...values, null] })))
      await conn.copyRecordsTo(
        'copies',
        values.map((value, n) => [n, value, [...values, null]]),
      )
      const copies = []
      for await (const row of conn.copyRecordsFrom('select value, "all" from copies order by n')) {
        copies.push(row)
      }
      expect(copies).toEqual(rows)
      expect(await conn.fetchval('select array_agg(rows.*) from rows')).toEqual(
        values.map((value, n) => ({ n, value, all: [...values, null] })),
      )
    }),
    { numRuns: 40, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false },
  )
})
