import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { readQuery, Sql, sql } from '../../../src/connection/sql.js'

const parts = (query: Sql) => [query.text, query.values]

describe('composing', () => {
  const active = sql`deleted_at is null`
  const named = sql`name = ${'x'} or name = ${'y'}`
  const cases: [name: string, query: Sql, text: string, values: unknown[]][] = [
    ['no value', sql`select 1`, 'select 1', []],
    ['values', sql`select ${1}, ${'two'}, ${null}`, 'select $1, $2, $3', [1, 'two', null]],
    ['a value alone', sql`${1}`, '$1', [1]],
    ['adjacent values', sql`a${1}${2}b`, 'a$1$2b', [1, 2]],
    ['an array is one value', sql`= any(${[1, 2]})`, '= any($1)', [[1, 2]]],
    ['a part', sql`select where ${active}`, 'select where deleted_at is null', []],
    [
      'parts are renumbered',
      sql`${0} ${named} ${active} ${named} ${9}`,
      '$1 name = $2 or name = $3 deleted_at is null name = $4 or name = $5 $6',
      [0, 'x', 'y', 'x', 'y', 9],
    ],
    ['parts in parts', sql`(${sql`[${sql`<${1}>`}${2}]`})`, '([<$1>$2])', [1, 2]],
    ['an empty part', sql`a ${sql``}b ${1}`, 'a b $1', [1]],
    ['a list', sql`in (${sql.join([1, 2, 3])})`, 'in ($1, $2, $3)', [1, 2, 3]],
    [
      'conditions',
      sql`where ${sql.join([sql`a = ${1}`, sql`b = ${2}`], sql` and `)}`,
      'where a = $1 and b = $2',
      [1, 2],
    ],
    [
      'rows',
      sql`values ${sql.join(
        [
          [1, 'a'],
          [2, 'b'],
        ].map((row) => sql`(${sql.join(row)})`),
      )}`,
      'values ($1, $2), ($3, $4)',
      [1, 'a', 2, 'b'],
    ],
    ['an array with a type', sql`${sql.array([1], 'int4')}`, '$1::int4[]', [[1]]],
    ['an array of a type of a schema', sql.array([], 'public.mood'), '$1::public.mood[]', [[]]],
    ['a type of two words', sql.array([1], 'double precision'), '$1::double precision[]', [[1]]],
    ['JSON', sql`${sql.json({ a: [1] })}`, '$1::text::jsonb', ['{"a":[1]}']],
    ['the null of JSON', sql.json(null), '$1::text::jsonb', ['null']],
    ['a text as JSON', sql.json('a"b'), '$1::text::jsonb', ['"a\\"b"']],
    ['a name', sql.identifier('users'), '"users"', []],
    ['names', sql.identifier('my schema', 'Users'), '"my schema"."Users"', []],
  ]
  for (const [name, query, text, values] of cases) {
    test(name, () => expect(parts(query)).toEqual([text, values]))
  }

  test('one template has one text, whatever its values', () => {
    const byId = (id: number) => sql`select * from users where id = ${id}`
    expect(byId(1).text).toBe(byId(2).text)
    expect(byId(2).values).toEqual([2])
  })
})

describe('injection', () => {
  const attacks = [`'; drop table users; --`, '$1', '" or ""="', '\\', 'a\u0000b', '`']

  test('the text of a value never becomes SQL', () => {
    for (const attack of attacks) {
      expect(parts(sql`select ${attack}`)).toEqual(['select $1', [attack]])
      expect(sql`in (${sql.join([attack, attack])})`.text).toBe('in ($1, $2)')
      expect(sql.json(attack).text).toBe('$1::text::jsonb')
      expect(sql.array([attack]).text).toBe('$1')
    }
  })

  test('names cannot leave their quotes', () => {
    expect(sql.identifier('a"; drop table users; --').text).toBe('"a""; drop table users; --"')
    expect(sql.identifier('a.b').text).toBe('"a.b"')
    expect(sql.identifier('"').text).toBe('""""')
    expect(sql.identifier('$1').text).toBe('"$1"')
    for (const bad of ['a\0b', '', 1, null, undefined, ['a'], sql`a`]) {
      expect(() => sql.identifier(bad as string)).toThrow(TypeError)
    }
    expect(() => sql.identifier()).toThrow(TypeError)
  })

  test('what looks like a part is a value', () => {
    const forged: unknown[] = [
      JSON.parse('{"text":"drop table users","values":[],"pieces":["x"],"#pieces":["x"]}'),
      JSON.parse('{"__proto__":{"text":"drop table users"}}'),
      Object.create(Sql.prototype),
      Object.setPrototypeOf({ text: 'drop table users', values: [] }, Sql.prototype),
      { ...sql`drop table users` },
      new Proxy(sql`drop table users`, {}),
    ]
    for (const each of forged) {
      const query = sql`select ${each}`
      expect(query.text).toBe('select $1')
      expect(query.values[0]).toBe(each)
      expect(() => readQuery(each as Sql, [])).toThrow(TypeError)
      expect(() => sql.join([1, 2], each as Sql)).toThrow(TypeError)
    }
  })

  test('an array that is no template is refused', () => {
    const forged = [
      ['drop table users'],
      JSON.parse('["drop table users"]'),
      'drop table users',
      undefined,
    ]
    for (const each of forged) expect(() => sql(each as never)).toThrow('a tag of templates')
    const withRaw = Object.assign(['drop table users'], { raw: ['drop table users'] })
    expect(() => sql(withRaw)).toThrow('a tag of templates')
  })

  test('the type of an array is the name of a type and no more', () => {
    for (const bad of [
      'int4 or true',
      'int4[]); drop table users; --',
      'int4::text',
      '"int4"',
      '',
      'a.b.c',
      'a\nb',
    ]) {
      expect(() => sql.array([1], bad)).toThrow(TypeError)
    }
  })
})

describe('misuse', () => {
  test('parameters beside those of the template', () => {
    expect(readQuery(sql`select ${1}`, undefined)).toEqual(['select $1', [1]])
    expect(readQuery(sql`select ${1}`, [])).toEqual(['select $1', [1]])
    expect(() => readQuery(sql`select ${1}`, [2])).toThrow('takes no others')
    expect(() => readQuery(sql`select ${1}`, { 0: 2 } as never)).toThrow(TypeError)
  })

  test('nothing to join, no list, no JSON', () => {
    expect(() => sql.join([])).toThrow('nothing to join')
    expect(() => sql.join('abc')).toThrow(TypeError)
    expect(() => sql.join([1], ', ' as never)).toThrow(TypeError)
    expect(() => sql.array('abc' as never)).toThrow(TypeError)
    expect(() => sql.json(undefined)).toThrow('jsonb')
  })

  test('an escape that JavaScript cannot read', () => {
    expect(() => sql`select '\u'`).toThrow('backslash')
  })

  test('values are not shown when it is printed', () => {
    expect(inspect(sql`select ${'secret'}`, { showHidden: true, getters: false })).not.toContain(
      'secret',
    )
    expect(JSON.stringify(sql`select ${'secret'}`)).not.toContain('secret')
  })
})
