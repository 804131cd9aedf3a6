import { createServer } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect, sql } from '../../src/index.js'
import { useDatabase } from '../support/databases.js'

/* Attacks by what an application passes on or a database holds, against a real server. */

const HOSTILE = 'a"; drop table kept; --'
const { dsn } = useDatabase(`
  create table kept (a int4);
  create table "a""; drop table kept; --" ("a""; drop table kept; --" int4, b text);
`)

/** All that take parameters: the mode `simple` refuses them. */
const MODES = ['named', 'describe', 'unnamed'] as const

async function connected(use: (conn: Connection) => Promise<void>): Promise<void> {
  await using conn = await connect(dsn())
  await use(conn)
  expect(await conn.fetchval("select to_regclass('kept') is not null")).toBe(true)
}

describe.each(MODES)('statementMode %s', (statementMode) => {
  let conn: Connection
  beforeAll(async () => {
    conn = await connect(dsn(), { statementMode })
    return () => conn.close()
  })

  test('pgx CVE-2024-27289, pgJDBC CVE-2024-1597: a minus before a negative value begins no comment', async () => {
    const values = [-1, 'x\n; drop table kept; --']
    const row = await conn.fetchrow('select 1 -$1::int4 as a, $2::text as b', values)
    expect(row).toEqual({ a: 2, b: values[1] })
    const composed = await conn.fetchrow(sql`select 1 -${-1}::int4 as a, ${values[1]}::text as b`)
    expect(composed).toEqual({ a: 2, b: values[1] })
  })

  test('pgx CVE-2026-41889: a placeholder within a dollar quote, a string or a comment is text', async () => {
    const query = "select $tag$ $1 $tag$ as a, '$1' as b, /* $1 */ $1::text as c"
    const value = '$tag$; drop table kept; --'
    expect(await conn.fetchrow(query, [value])).toEqual({ a: ' $1 ', b: '$1', c: value })
  })
})

test('pgJDBC CVE-2022-31197: names cannot leave their quotes, wherever they are taken', () =>
  connected(async (conn) => {
    await conn.insertMany(HOSTILE, [[1, 'x']], { columns: [HOSTILE, 'b'] })
    await conn.insertMany(HOSTILE, [[2, 'y']], { columns: [HOSTILE, 'b'], returning: [HOSTILE] })
    await conn.copyRecordsTo(HOSTILE, [[3, 'z']], { columns: [HOSTILE, 'b'] })
    await conn.copyFrom(HOSTILE, [Buffer.from('4\n')], { columns: [HOSTILE] })
    const pieces: Buffer[] = []
    for await (const piece of conn.copyTo(HOSTILE, undefined, { columns: [HOSTILE] }))
      pieces.push(piece)
    expect(Buffer.concat(pieces).toString()).toBe('1\n2\n3\n4\n')
    const name = sql.identifier(HOSTILE)
    expect(await conn.fetchcol(sql`select ${name} from ${name} order by 1`)).toEqual([1, 2, 3, 4])
    await expect(conn.copyFrom('a\0b', [Buffer.from('1\n')])).rejects.toThrow(/NUL/)
  }))

test('postgrex CVE-2026-32687: a channel cannot leave its quotes', () =>
  connected(async (conn) => {
    const heard: string[] = []
    const subscription = await conn.listen(HOSTILE, ({ channel }) => heard.push(channel))
    await conn.notify(HOSTILE, 'here')
    await conn.fetchval('select 1')
    expect(heard).toEqual([HOSTILE])
    await subscription.close()
    expect(await conn.fetchcol('select pg_listening_channels()')).toEqual([])
  }))

test('pgx (2026): a NUL in a startup parameter is refused before a socket is opened', async () => {
  let clients = 0
  const server = createServer((socket) => {
    clients++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const options = { host: '127.0.0.1', port, user: 'app', database: 'app', ssl: 'disable' } as const
  const bad = 'x\0options\0-c session_authorization=postgres'
  for (const name of ['user', 'database', 'applicationName', 'password'] as const) {
    const connecting = (async () => connect({ ...options, [name]: bad }))()
    await expect(connecting).rejects.toThrow(new RegExp(`${name}.*NUL|NUL.*${name}`))
  }
  const encoded = `postgresql://x%00options@127.0.0.1:${port}/app`
  await expect((async () => connect(encoded))()).rejects.toThrow(/%00|NUL/)
  await new Promise((resolve) => server.close(resolve))
  expect(clients).toBe(0)
})

test('node-postgres CVE-2017-16082: names of columns are no code', () =>
  connected(async (conn) => {
    const names = [
      '"+globalThis.hacked()+"',
      '\\"+globalThis.hacked()+\\"',
      "\\'+console.log(process.env)]=null;//",
      `\`\${globalThis.hacked()}\``,
      '*/ globalThis.hacked() /*',
      ']: 1, [globalThis.hacked()',
      'line\nfeed\r\u2028\u2029',
      'toString',
      '__proto__',
      'constructor',
      'prototype',
      'd0',
      'buf',
    ]
    let calls = 0
    Reflect.set(globalThis, 'hacked', () => calls++)
    try {
      const columns = sql.join(names.map((name, i) => sql`${i}::int4 as ${sql.identifier(name)}`))
      const query = sql`select ${columns} from generate_series(1, 3)`
      const expected = names.map((name, i) => [name, i])
      // The decoder is generated when a statement has proved worth it: all of its lives are looked at.
      for (let round = 0; round < 5; round++) {
        for (const row of await conn.fetch(query)) expect(Object.entries(row)).toEqual(expected)
      }
      for await (const row of conn.stream(query)) expect(Object.entries(row)).toEqual(expected)
    } finally {
      Reflect.deleteProperty(globalThis, 'hacked')
    }
    expect(calls).toBe(0)
  }))

test('libpq CVE-2025-1094: what is no UTF-8 is refused, and no other encoding is spoken', async () => {
  await using conn = await connect(dsn())
  for (const bad of ['\ud800', "\udc00'; drop table kept; --"]) {
    await expect(conn.fetch('select $1::text', [bad])).rejects.toMatchObject({
      name: 'EncodeError',
    })
    expect(() => sql.identifier(bad)).toThrow(TypeError)
    for (const call of [
      () => conn.listen(bad, () => {}),
      () => conn.copyRecordsTo(bad, [[1]]),
      () => conn.copyFrom('kept', [Buffer.from('1\n')], { null: bad }),
      () => conn.insertMany('kept', [[1]], { columns: [bad] }),
    ]) {
      await expect((async () => call())()).rejects.toThrow(/lone surrogate/)
    }
  }
  expect(await conn.fetchval('select 1')).toBe(1)
  const other = conn.execute("set client_encoding = 'SJIS'")
  await expect(other).rejects.toThrow(/client_encoding/)
  await expect(conn.fetch('select 1')).rejects.toMatchObject({ name: 'ConnectionClosedError' })
})

test('PgBouncer CVE-2025-12819: what is asked of the catalogue does not heed the search_path', async () => {
  await using conn = await connect(dsn())
  await conn.execute(`
    create schema evil;
    create type evil.mood as enum ('sad');
    create function evil.trap(text) returns text language plpgsql as
      $$ begin raise exception 'trapped'; end $$;
    create view evil.pg_type as select * from pg_catalog.pg_type where evil.trap(typname) = '';
    create view evil.pg_class as select * from pg_catalog.pg_class where evil.trap(relname) = '';
    create view evil.pg_attribute as select attrelid, attname, atttypid, attnum, attisdropped, atttypmod from pg_catalog.pg_attribute
      where evil.trap(attname) = '';
    create view evil.pg_namespace as select * from pg_catalog.pg_namespace where evil.trap(nspname) = '';
    create view evil.pg_range as select * from pg_catalog.pg_range where evil.trap('') = '';
    create view evil.pg_enum as select * from pg_catalog.pg_enum where evil.trap('') = '';
    create function evil.equal(oid, oid) returns bool language plpgsql as
      $$ begin raise exception 'trapped'; end $$;
    create operator evil.= (leftarg = oid, rightarg = oid, function = evil.equal);
    set search_path = evil, pg_catalog, public;
    create type pair as (a int4, b evil.mood);
  `)
  expect(await conn.fetchval('select row(1, $1)::pair', ['sad'])).toEqual({ a: 1, b: 'sad' })
  await conn.setTypeCodec(
    'mood',
    { decode: (text: string) => text.toUpperCase() },
    { schema: 'evil' },
  )
  await conn.reloadSchema()
  expect(await conn.fetchval("select 'sad'::evil.mood")).toBe('SAD')
  await conn.copyRecordsTo('kept', [[1]], { columns: ['a'], schemaName: 'public' })
  await conn.insertMany('kept', [[2]], { columns: ['a'], schemaName: 'public' })
})
