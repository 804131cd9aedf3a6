import { describe, expect, test } from 'vitest'
import { catalogQuery, readTypeDescription, typesByNameQuery } from '../../../src/types/catalog.js'

/** The body of a DataRow in text. */
function row(...values: readonly (string | null)[]): Buffer {
  const parts = values.map((value) => {
    const bytes = Buffer.from(value ?? '')
    const length = Buffer.alloc(4)
    length.writeInt32BE(value === null ? -1 : bytes.length)
    return Buffer.concat([length, bytes])
  })
  const count = Buffer.alloc(2)
  count.writeUInt16BE(values.length)
  return Buffer.concat([count, ...parts])
}

const rows: readonly (readonly [string, readonly (string | null)[], object])[] = [
  ['an enum', ['e', ',', null, '{}', '{}'], { kind: 'enum' }],
  ['an array', ['b', ',', '23', '{}', '{}'], { kind: 'array', elementOid: 23, delimiter: ',' }],
  [
    'an array of box',
    ['b', ';', '603', '{}', '{}'],
    { kind: 'array', elementOid: 603, delimiter: ';' },
  ],
  ['a base type', ['b', ',', null, '{}', '{}'], { kind: 'base' }],
  ['a domain', ['d', ',', '1007', '{}', '{}'], { kind: 'domain', baseOid: 1007 }],
  ['a range', ['r', ',', '20', '{}', '{}'], { kind: 'range', subtypeOid: 20 }],
  ['a multirange', ['m', ',', '3926', '{}', '{}'], { kind: 'multirange', rangeOid: 3926 }],
  ['a pseudo-type', ['p', ',', null, '{}', '{}'], { kind: 'pseudo' }],
  [
    'a composite',
    ['c', ',', null, '{id,"a b"}', '{23,25}'],
    {
      kind: 'composite',
      attributes: [
        { name: 'id', typeOid: 23 },
        { name: 'a b', typeOid: 25 },
      ],
    },
  ],
  ['a composite of nothing', ['c', ',', null, '{}', '{}'], { kind: 'composite', attributes: [] }],
]

test.each(rows)('a row describes %s', (_what, values, structure) => {
  const bytes = row('4000000000', 'my schema', 'a_name', ...values)
  expect(readTypeDescription(bytes, 0, bytes.length)).toEqual({
    oid: 4_000_000_000,
    schema: 'my schema',
    name: 'a_name',
    structure,
  })
})

describe.each([
  ['the query for types', catalogQuery([16_400, 16_401], 18)],
  ['the query for types before 14', catalogQuery([16_400], 13)],
  ['the query for names', typesByNameQuery('mood')],
])('%s', (_what, sql) => {
  test('names every operator, table and function with its schema', () => {
    const bare = sql.replaceAll(/operator\(pg_catalog\.[^)]+\)/g, '').replaceAll(/'[^']*'/g, '')
    expect(bare).not.toMatch(/[=<>+*/~|&^%!-]/)
    for (const [, name] of sql.matchAll(/\b(?:from|join)\s+(\S+)/g)) {
      expect(name).toMatch(/^(?:pg_catalog\.|wanted|lateral)/)
    }
    for (const [, name] of sql.matchAll(/([\w.]+)\(/g)) {
      expect(name).toMatch(/^(?:pg_catalog\.\w+|operator|array|any|in|wanted|seed|part|lateral)$/)
    }
    for (const [, name] of sql.matchAll(/::(\S+)/g)) expect(name).toMatch(/^pg_catalog\./)
  })
})

test('a name is a literal, whatever is in it', () => {
  expect(typesByNameQuery("a'b\\c")).toContain("E'a''b\\\\c'::pg_catalog.name")
})

test('multiranges are asked for where there are any', () => {
  expect(catalogQuery([1], 13)).not.toContain('rngmultitypid')
  expect(catalogQuery([1], 14)).toContain('rngmultitypid')
})
