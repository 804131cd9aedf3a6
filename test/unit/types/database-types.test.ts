import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../../src/base/errors.js'
import type { Codec } from '../../../src/types/codec.js'
import { OIDS } from '../../../src/types/oid.js'
import { STALE_TYPE } from '../../../src/types/stale-type.js'
import type { TypeDescription, TypeStructure } from '../../../src/types/type-description.js'
import { TypeMap } from '../../../src/types/type-map.js'
import { TypeTable } from '../../../src/types/type-table.js'
import { hex } from '../../support/bytes.js'
import { decode, encode } from './codec-calls.js'

const MOOD = 20_001
const MOODS = 20_002
const ITEM = 20_003
const ITEMS = 20_004
const COUNT = 20_005
const MATRIX = 20_006
const MATRICES = 20_007
const SPAN = 20_008
const TREE = 20_009
const TREES = 20_010
const CUBE = 20_011

const upper: Codec<string> = {
  name: 'upper',
  decodeText: (buf, start, end) => buf.toString('latin1', start, end).toUpperCase(),
  encodeText: (value, out) => out.utf8(String(value).toLowerCase()),
}

function type(
  oid: number,
  name: string,
  structure: TypeStructure,
  schema = 'public',
): TypeDescription {
  return { oid, schema, name, structure }
}

function arrayOf(oid: number, name: string, elementOid: number): TypeDescription {
  return type(oid, name, { kind: 'array', elementOid, delimiter: ',' })
}

function composite(oid: number, name: string, attributes: Record<string, number>): TypeDescription {
  const list = Object.entries(attributes).map(([key, typeOid]) => ({ name: key, typeOid }))
  return type(oid, name, { kind: 'composite', attributes: list })
}

const TYPES: readonly TypeDescription[] = [
  type(MOOD, 'mood', { kind: 'enum' }),
  arrayOf(MOODS, '_mood', MOOD),
  composite(ITEM, 'item', { id: OIDS.int8, mood: MOOD, counts: COUNT }),
  arrayOf(ITEMS, '_item', ITEM),
  type(COUNT, 'count', { kind: 'domain', baseOid: OIDS._int8 }),
  type(MATRIX, 'matrix', { kind: 'domain', baseOid: OIDS._int4 }),
  arrayOf(MATRICES, '_matrix', MATRIX),
  type(SPAN, 'span', { kind: 'range', subtypeOid: OIDS.int8 }),
]

function mapOf(types: readonly TypeDescription[]): TypeMap {
  const table = TypeTable.forDatabase()
  table.add(types)
  return TypeMap.builtin.on(table)
}

const map = mapOf(TYPES)

describe('types of a database', () => {
  test('have codecs by their structure', () => {
    expect(decode(map.get(MOODS), Buffer.from('{sad,NULL}'), 'text')).toEqual(['sad', null])
    expect(decode(map.get(ITEMS), Buffer.from('{"(1,sad,{2})"}'), 'text')).toEqual([
      { id: 1, mood: 'sad', counts: [2] },
    ])
    expect(decode(map.get(SPAN), Buffer.from('[1,)'), 'text')).toMatchObject({ lower: 1 })
    expect(map.get(ITEMS).decodeBinary).toBeDefined()
    expect(map.get(ITEMS).encodeBinary).toBeDefined()
  })

  test('follow options for what they are made of', () => {
    const bigints = map.with({ int8: 'bigint' })
    expect(decode(bigints.get(ITEMS), Buffer.from('{"(1,sad,{2})"}'), 'text')).toEqual([
      { id: 1n, mood: 'sad', counts: [2n] },
    ])
    expect(decode(bigints.get(SPAN), Buffer.from('[1,)'), 'text')).toMatchObject({ lower: 1n })
    expect(decode(map.get(SPAN), Buffer.from('[1,)'), 'text')).toMatchObject({ lower: 1 })
  })

  test.each([
    ['its name', 'mood'],
    ['its schema and name', 'public.mood'],
    ['its OID', String(MOOD)],
  ])('take a codec by %s, which reaches through', (_by, key) => {
    const shouting = map.with({ [key]: upper })
    expect(decode(shouting.get(MOODS), Buffer.from('{sad}'), 'text')).toEqual(['SAD'])
    expect(decode(shouting.get(ITEM), Buffer.from('(1,sad,)'), 'text')).toMatchObject({
      mood: 'SAD',
    })
  })

  test('do not take a codec for a type of that name in another schema', () => {
    const other = map.with({ 'other.mood': upper })
    expect(decode(other.get(MOODS), Buffer.from('{sad}'), 'text')).toEqual(['sad'])
  })

  test('prefer the codec for the schema and name to that for the name', () => {
    const both = map.with({ mood: { decodeText: () => 'name' }, 'public.mood': upper })
    expect(decode(both.get(MOOD), Buffer.from('sad'), 'text')).toBe('SAD')
  })

  test('named like a built-in type do not follow options for that', () => {
    const own = mapOf([type(MOOD, 'json', { kind: 'enum' })]).with({ json: upper })
    expect(decode(own.get(MOOD), Buffer.from('sad'), 'text')).toBe('sad')
  })

  test('that are text only make all text that is made of them', () => {
    const withCube = mapOf([
      type(CUBE, 'cube', { kind: 'base' }),
      composite(ITEM, 'item', { cube: CUBE }),
      arrayOf(ITEMS, '_item', ITEM),
    ])
    expect(withCube.get(CUBE).name).toBe('cube')
    expect(withCube.get(ITEMS).decodeBinary).toBeUndefined()
    expect(withCube.get(ITEMS).encodeBinary).toBeUndefined()
    expect(decode(withCube.get(ITEMS), Buffer.from('{"(\\"(1,2)\\")"}'), 'text')).toEqual([
      { cube: '(1,2)' },
    ])
  })

  test('a domain over arrays is an element of its arrays, and no dimension of them', () => {
    const codec = map.get(MATRICES)
    const bytes = encode(codec, [[1, 2], [3]], 'binary')
    expect(decode(codec, bytes, 'binary')).toEqual([[1, 2], [3]])
    expect(encode(codec, [[1, 2], [3]], 'text').toString()).toBe(
      '{"{\\"1\\",\\"2\\"}","{\\"3\\"}"}',
    )
  })

  test('of an extension are known by name, as base types only', () => {
    const extensions = mapOf([
      type(CUBE, 'hstore', { kind: 'base' }),
      composite(ITEM, 'vector', { x: OIDS.int4 }),
    ])
    expect(decode(extensions.get(CUBE), Buffer.from('"a"=>"1"'), 'text')).toEqual(
      new Map([['a', '1']]),
    )
    expect(decode(extensions.get(ITEM), Buffer.from('(1)'), 'text')).toEqual({ x: 1 })
  })
})

describe('a type that contains itself', () => {
  const tree = composite(TREE, 'tree', { id: OIDS.int4, branches: TREES })
  const trees = arrayOf(TREES, '_tree', TREE)
  const value = {
    id: 1,
    branches: [
      { id: 2, branches: null },
      { id: 3, branches: [] },
    ],
  }

  test.each([TREE, TREES])('comes back as it went, asked first for %i', (first) => {
    const recursive = mapOf([tree, trees])
    recursive.get(first)
    const codec = recursive.get(TREE)
    expect(decode(codec, encode(codec, value, 'binary'), 'binary')).toEqual(value)
    expect(decode(codec, encode(codec, value, 'text'), 'text')).toEqual(value)
  })

  test('is text when another part of it is', () => {
    const recursive = mapOf([
      composite(TREE, 'tree', { branches: TREES, cube: CUBE }),
      trees,
      type(CUBE, 'cube', { kind: 'base' }),
    ])
    expect(recursive.get(TREE).decodeBinary).toBeUndefined()
    expect(recursive.get(TREES).decodeBinary).toBeUndefined()
    expect(recursive.get(TREES).encodeBinary).toBeUndefined()
    const text = Buffer.from('("{""(,x)""}",y)')
    expect(decode(recursive.get(TREE), text, 'text')).toEqual({
      branches: [{ branches: null, cube: 'x' }],
      cube: 'y',
    })
  })
})

describe('a table', () => {
  test('leaves out what is made of types that were not found', () => {
    const table = TypeTable.forDatabase()
    table.add([arrayOf(ITEMS, '_item', ITEM), composite(ITEM, 'item', { mood: MOOD })])
    expect(table.unknown([ITEMS, ITEM, OIDS.int4, 0, ITEM])).toEqual([ITEMS, ITEM])
  })

  test('makes maps know more, and changes nothing that they gave', () => {
    const table = TypeTable.forDatabase()
    const growing = TypeMap.builtin.on(table)
    const before = growing.get(MOOD)
    table.add([type(MOOD, 'mood', { kind: 'enum' })])
    expect(growing.get(MOOD)).not.toBe(before)
    const known = growing.get(MOOD)
    table.add([type(MOOD, 'mood', { kind: 'domain', baseOid: OIDS.int4 })])
    expect(growing.get(MOOD)).toBe(known)
  })
})

test('a record with a column of an unknown type says that its type is not known, and which', () => {
  const table = TypeTable.forDatabase()
  const records = TypeMap.builtin.on(table).get(OIDS.record)
  const bytes = hex("00000001 00004e21 00000003 'sad'")
  let error: unknown
  try {
    decode(records, bytes, 'binary')
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(DecodeError)
  expect(error).toMatchObject({ code: STALE_TYPE, message: expect.stringContaining('20001') })
  expect(table.missed).toEqual([MOOD])
  table.add(TYPES)
  expect(table.missed).toEqual([])
  expect(decode(records, bytes, 'binary')).toEqual(['sad'])
})
