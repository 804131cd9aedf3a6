import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect, InterfaceError, PostgresError } from '../../src/index.js'
import { testServer } from '../support/server.js'

let dsn: string
let conn: Connection

beforeAll(async () => {
  dsn = (await testServer()).dsn()
  conn = await connect(dsn)
})

afterAll(() => conn.close())

describe('fetch', () => {
  test('gives all rows as objects', async () => {
    const rows = await conn.fetch<{ id: number; name: string }>(
      "select id, 'n' || id as name from generate_series(1, $1::int4) id",
      [3],
    )
    expect(rows).toEqual([
      { id: 1, name: 'n1' },
      { id: 2, name: 'n2' },
      { id: 3, name: 'n3' },
    ])
  })

  test('gives rows as arrays in array mode, with both columns of one name', async () => {
    const rows = await conn.fetch('select 1 as a, 2 as a', [], { rowMode: 'array' })
    expect(rows).toEqual([[1, 2]])
    expect(await conn.fetch('select 1 as a, 2 as a')).toEqual([{ a: 2 }])
  })

  test('gives no rows for a statement without a result', async () => {
    expect(await conn.fetch('select 1 where false')).toEqual([])
    expect(await conn.fetch("set application_name to 'x'")).toEqual([])
    expect(await conn.fetch('')).toEqual([])
  })

  test('keeps a column called __proto__ as an ordinary own key', async () => {
    const [row] = await conn.fetch('select 1 as "__proto__", 2 as constructor')
    expect(Object.keys(row ?? {})).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
  })

  test('reads a result of many megabytes', async () => {
    const rows = await conn.fetch<{ id: number; filler: string }>(
      "select id, repeat('x', 1000) as filler from generate_series(1, 20000) id",
    )
    expect(rows).toHaveLength(20_000)
    expect(rows.every((row, i) => row.id === i + 1 && row.filler.length === 1000)).toBe(true)
  })

  test('sends and reads a value of several megabytes', async () => {
    const text = 'äöü€😀'.repeat(500_000)
    expect(await conn.fetchval('select $1::text', [text])).toBe(text)
  })
})

describe('fetchrow and fetchval', () => {
  test('give the first row and its first value', async () => {
    expect(await conn.fetchrow('select * from generate_series(5, 9) n')).toEqual({ n: 5 })
    expect(await conn.fetchval('select * from generate_series(5, 9) n')).toBe(5)
  })

  test('give null without a row', async () => {
    expect(await conn.fetchrow('select 1 where false')).toBeNull()
    expect(await conn.fetchval('select 1 where false')).toBeNull()
  })

  test('ask the server for one row only', async () => {
    await conn.execute('create temp sequence calls')
    await conn.fetchrow("select nextval('calls') from generate_series(1, 1000)")
    expect(await conn.fetchval('select last_value from calls')).toBeLessThan(1000)
  })

  test('fetchval gives the column asked for', async () => {
    expect(await conn.fetchval("select 1, 'two'", [], { column: 1 })).toBe('two')
  })

  test('fetchval with a column that is not there is an InterfaceError, and the connection goes on', async () => {
    await expect(conn.fetchval('select 1', [], { column: 1 })).rejects.toThrow(
      new InterfaceError('column 1 was asked for, but the result has 1'),
    )
    expect(await conn.fetchval('select 2')).toBe(2)
  })
})

describe('execute', () => {
  test('tells what a command did', async () => {
    await conn.execute('create temp table things (id int)')
    const inserted = await conn.execute('insert into things values ($1), ($2)', [1, 2])
    expect(inserted).toEqual({ command: 'INSERT', rowCount: 2, tag: 'INSERT 0 2' })
    expect(await conn.execute('drop table things')).toEqual({
      command: 'DROP TABLE',
      rowCount: null,
      tag: 'DROP TABLE',
    })
  })

  test('runs a script and tells what its last statement did', async () => {
    const result = await conn.execute(`
      create temp table script (id int);
      insert into script select generate_series(1, 5);
      update script set id = id + 1 where id > 2;
    `)
    expect(result).toEqual({ command: 'UPDATE', rowCount: 3, tag: 'UPDATE 3' })
  })

  test('undoes a script that fails half-way', async () => {
    await conn.execute('create temp table halves (id int)')
    await expect(
      conn.execute('insert into halves values (1); insert into halves values (1/0)'),
    ).rejects.toMatchObject({ code: '22012' })
    expect(await conn.fetchval('select count(*) from halves')).toBe(0)
  })

  test('of an empty query does nothing', async () => {
    expect(await conn.execute('')).toEqual({ command: '', rowCount: null, tag: '' })
    expect(await conn.execute('', [])).toEqual({ command: '', rowCount: null, tag: '' })
  })
})

test('query gives rows, columns and command', async () => {
  const result = await conn.query("select 1::int4 as id, 'x'::varchar(5) as name")
  expect(result).toMatchObject({
    rows: [{ id: 1, name: 'x' }],
    command: 'SELECT',
    rowCount: 1,
    columns: [
      { name: 'id', typeOid: 23, typeName: 'int4', typeModifier: -1, tableOid: 0 },
      { name: 'name', typeOid: 1043, typeName: 'varchar', typeModifier: 9 },
    ],
  })
})

describe('errors of the server', () => {
  test('carry their fields, the query and the line of the caller', async () => {
    async function theCaller() {
      return await conn.fetch('select\n  nothing from nowhere')
    }
    const error = await theCaller().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(PostgresError)
    expect(error).toMatchObject({
      severity: 'ERROR',
      code: '42P01',
      position: 23,
      routine: 'parserOpenTable',
      query: 'select\n  nothing from nowhere',
      safeToRetry: false,
    })
    expect((error as Error).stack).toMatch(
      /^SyntaxErrorOrAccessRuleViolation: relation "nowhere" does not exist\n(.*\n)?.*theCaller \(.*querying\.test/,
    )
  })

  test('name table, column and constraint', async () => {
    await conn.execute('create temp table checked (id int constraint positive check (id > 0))')
    await expect(conn.execute('insert into checked values ($1)', [-1])).rejects.toMatchObject({
      code: '23514',
      table: 'checked',
      constraint: 'positive',
    })
  })

  test('show no parameter value', async () => {
    const secret = 'hunter2-in-a-parameter'
    const error = await conn.fetch('select $1::text::int4', [secret]).catch((error: Error) => error)
    expect(error).toBeInstanceOf(PostgresError)
    // The message itself is the server's own.
    const { message: _message, stack: _stack, ...fields } = { ...(error as Error) }
    expect(JSON.stringify(fields)).not.toContain(secret)
  })
})

describe('pipelining', () => {
  test('carries out calls made at once in their order', async () => {
    await conn.execute('create temp table log (id serial, what text)')
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        conn.execute('insert into log (what) values ($1)', [`call ${i}`]),
      ),
    )
    const rows = await conn.fetch<{ what: string }>('select what from log order by id')
    expect(rows.map((row) => row.what)).toEqual(Array.from({ length: 100 }, (_, i) => `call ${i}`))
  })

  test('lets a failing call fail alone', async () => {
    const outcomes = await Promise.allSettled([
      conn.fetchval('select 1'),
      conn.fetchval('select 1/$1::int4', [0]),
      conn.fetchval('selekt'),
      conn.fetchval('select $1::int4', ['no number']),
      conn.fetchval('select 2'),
    ])
    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ])
  })

  test('carries out a statement only after the one before it that creates its table', async () => {
    const [, inserted, count] = await Promise.all([
      conn.execute('create temp table fresh (id int)'),
      conn.execute('insert into fresh values ($1)', [1]),
      conn.fetchval('select count(*) from fresh'),
    ])
    expect(inserted.rowCount).toBe(1)
    expect(count).toBe(1)
  })

  test('prepares a text once, however often it is used at once', async () => {
    await Promise.all([1, 2, 3].map((n) => conn.fetchval('select $1::int4 + 1000', [n])))
    const prepared = await conn.fetchval<number>(
      "select count(*)::int4 from pg_prepared_statements where statement = 'select $1::int4 + 1000'",
    )
    expect(prepared).toBe(1)
  })

  test('moves large parameters and large results at once without a deadlock', async () => {
    const blob = 'x'.repeat(1_000_000)
    const sizes = await Promise.all(
      Array.from({ length: 40 }, () => conn.fetchval<string>('select $1::text', [blob])),
    )
    expect(sizes.every((text) => text === blob)).toBe(true)
  })
})

describe('statement cache', () => {
  test('closes the least recently used statements on the server', async () => {
    await using small = await connect(dsn, { statementCacheSize: 3 })
    for (let i = 0; i < 10; i++) await small.fetchval(`select ${i}`)
    const count = await small.fetchval<number>('select count(*)::int4 from pg_prepared_statements')
    expect(count).toBeLessThanOrEqual(4)
    expect(await small.fetchval('select 0')).toBe(0)
  })

  test('prepares anew after a change of the result type', async () => {
    await conn.execute('create temp table changing (id int)')
    const read = () => conn.fetch('select * from changing')
    await read()
    await conn.execute(
      "alter table changing add column name text default 'x'; insert into changing values (1)",
    )
    expect(await read()).toEqual([{ id: 1, name: 'x' }])
  })

  test('prepares anew after another session has changed the result type', async () => {
    await conn.execute('create table if not exists changed_elsewhere (id int)')
    const read = () => conn.fetch('select * from changed_elsewhere where id is not null')
    await read()
    await using other = await connect(dsn)
    await other.execute('alter table changed_elsewhere add column name text')
    await conn.execute('begin')
    await expect(read()).rejects.toMatchObject({ code: '0A000' })
    await conn.execute('rollback')
    await read()
    await other.execute('alter table changed_elsewhere add column more text')
    expect(await Promise.all([read(), read(), read()])).toEqual([[], [], []])
    await conn.execute('drop table changed_elsewhere')
  })

  test('prepares anew after DEALLOCATE ALL and DISCARD ALL', async () => {
    const read = () => conn.fetchval('select 4711')
    await read()
    for (const command of ['deallocate all', 'discard all']) {
      await conn.execute(command)
      expect(await read()).toBe(4711)
      await conn.execute(command, [])
      expect(await read()).toBe(4711)
    }
  })

  test('prepares anew what was deallocated by name', async () => {
    const read = () => conn.fetchval('select 4712')
    await read()
    const name = await conn.fetchval(
      "select name from pg_prepared_statements where statement = 'select 4712'",
    )
    await conn.execute(`deallocate ${name}`)
    expect(await read()).toBe(4712)
  })

  test('prepares anew what a function has deallocated', async () => {
    const read = () => conn.fetchval('select 4713')
    await read()
    await conn.execute("do $$ begin execute 'deallocate all'; end $$")
    expect(await read()).toBe(4713)
  })
})

describe('COPY through a method that is not for it', () => {
  for (const method of ['execute', 'fetch'] as const) {
    test(`FROM STDIN by ${method} is an InterfaceError, and the connection goes on`, async () => {
      await conn.execute('create temp table if not exists copied (id int)')
      const copy = conn[method]('copy copied from stdin')
      const next = conn.fetchval('select 1')
      await expect(copy).rejects.toThrow(InterfaceError)
      expect(await next).toBe(1)
    })

    test(`TO STDOUT by ${method} is an InterfaceError, and the connection goes on`, async () => {
      const copy = conn[method]('copy (select generate_series(1, 1000)) to stdout')
      const next = conn.fetchval('select 1')
      await expect(copy).rejects.toThrow(InterfaceError)
      expect(await next).toBe(1)
    })
  }
})

describe('bad input', () => {
  const cases: readonly [string, () => Promise<unknown>, RegExp][] = [
    ['too few parameters', () => conn.fetch('select $1::int4'), /1 parameter.* 0/],
    ['too many parameters', () => conn.fetch('select 1', [1]), /0 parameter.* 1/],
    ['a query with NUL', () => conn.fetch('select 1\0'), /NUL/],
    ['a script with NUL', () => conn.execute('select 1\0'), /NUL/],
    ['undefined', () => conn.fetch('select $1::int4', [undefined]), /\$1.*undefined/],
    ['a number that does not fit', () => conn.fetch('select $1::int2', [40_000]), /\$1.*int2/],
  ]
  for (const [what, call, message] of cases) {
    test(`${what}: a clear error, and the connection goes on`, async () => {
      await expect(call()).rejects.toThrow(message)
      await expect(call()).rejects.toMatchObject({ safeToRetry: true })
      expect(await conn.fetchval('select 1')).toBe(1)
    })
  }

  test('arguments of the wrong kind are TypeErrors', () => {
    expect(() => conn.fetch(1 as never)).toThrow(TypeError)
    expect(() => conn.fetch('select 1', 'x' as never)).toThrow(TypeError)
    expect(() => conn.fetch('select 1', [], { rowMode: 'map' as never })).toThrow(TypeError)
    expect(() => conn.fetchval('select 1', [], { column: -1 })).toThrow(TypeError)
  })
})
