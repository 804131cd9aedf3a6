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

async function text(pieces: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString()
}

const LINES = '1\tAnn\t2020-01-01\n2\t\\N\t\\N\n'

describe('options', () => {
  test('csv with everything', async () => {
    const options = {
      format: 'csv',
      header: true,
      delimiter: ';',
      null: 'none\\N',
      quote: "'",
      escape: '\\',
      columns: ['id', 'name'],
      encoding: 'UTF8',
    } as const
    await conn.execute(`insert into copied values (1, 'a;''b', '2020-01-01'), (2, null, null)`)
    const csv = await text(conn.copyTo('copied', undefined, { ...options, forceQuote: ['id'] }))
    expect(csv).toBe("id;name\n'1';'a;\\'b'\n'2';none\\N\n")
    await conn.execute('delete from copied')
    // To match is to compare the names, which is new in PostgreSQL 15.
    const header = conn.serverVersion.major >= 15 ? 'match' : true
    await conn.copyFrom('copied', [csv], { ...options, header, forceNotNull: ['id'] })
    expect(await conn.fetch('select * from copied order by id')).toEqual([
      { id: 1, name: "a;'b", made: null },
      { id: 2, name: null, made: null },
    ])
  })

  test('forceQuote of all columns, forceNull', async () => {
    await conn.execute(`insert into copied values (1, 'a', null)`)
    const csv = await text(conn.copyTo('copied', undefined, { format: 'csv', forceQuote: true }))
    expect(csv).toBe('"1","a",\n')
    await conn.copyFrom('copied', ['2,"",""\n'], { format: 'csv', forceNull: ['name', 'made'] })
    expect(await conn.fetchrow('select * from copied where id = 2')).toEqual({
      id: 2,
      name: null,
      made: null,
    })
  })

  test('where leaves rows out, and may end in a comment', async () => {
    await conn.copyFrom('copied', [LINES], { where: 'id > 1 -- not the first' })
    expect(await conn.fetchval('select id from copied')).toBe(2)
  })

  test('freeze within the transaction that made the table', async () => {
    await conn.execute('begin; create table frozen (id int)')
    const result = await conn.copyFrom('frozen', ['1\n'], { freeze: true })
    expect(result.rowCount).toBe(1)
    await conn.execute('rollback')
  })

  test('names mean what they say, whatever is in them', async () => {
    await conn.execute('create schema "sch""ema"; create table "sch""ema"."t; --" ("a""b" int)')
    const options = { schemaName: 'sch"ema', columns: ['a"b'] }
    await conn.copyFrom('t; --', ['7\n'], options)
    expect(await text(conn.copyTo('t; --', undefined, options))).toBe('7\n')
    await conn.execute('drop schema "sch""ema" cascade')
  })

  test('literals mean what they say, whatever the setting', async () => {
    await conn.execute('set standard_conforming_strings = off')
    await conn.copyFrom('copied', ["1\t\\'\t\\'\n"], { null: "\\'" })
    await conn.execute('reset standard_conforming_strings')
    expect(await conn.fetchrow('select * from copied')).toEqual({ id: 1, name: null, made: null })
  })

  test('binary goes both ways', async () => {
    await conn.copyFrom('copied', [LINES])
    const pieces: Buffer[] = []
    await conn.copyTo('copied', (piece) => pieces.push(piece), { format: 'binary' })
    await conn.execute('delete from copied')
    await conn.copyFrom('copied', pieces, { format: 'binary' })
    expect(await text(conn.copyTo('copied'))).toBe(LINES)
  })

  const wrong: readonly [string, object][] = [
    ['format', { format: 'xml' }],
    ['encoding', { encoding: 'LATIN1' }],
    ['delimiter', { delimiter: 5 }],
    ['header', { header: 'yes' }],
    ['columns', { columns: [] }],
    ['columns', { columns: [5] }],
    ['schemaName', { schemaName: 5 }],
  ]
  for (const [name, options] of wrong) {
    test(`${JSON.stringify(options)} is refused at once`, () => {
      expect(() => conn.copyFrom('copied', [], options as never)).toThrow(name)
      expect(() => conn.copyTo('copied', undefined, options as never)).toThrow(name)
    })
  }
})
