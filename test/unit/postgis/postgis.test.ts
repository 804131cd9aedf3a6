import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/base/errors.js'
import { ewkb, type GeoJsonGeometry, geojson } from '../../../src/postgis/index.js'
import { arrayCodec } from '../../../src/types/codecs/array.js'
import { TypeMap } from '../../../src/types/type-map.js'
import { TypeTable } from '../../../src/types/type-table.js'
import { hex } from '../../support/bytes.js'
import { decode, encode } from '../types/codec-calls.js'

/** As PostGIS prints them: `select 'SRID=4326;POINT(1 2)'::geometry` and so on. */
const printed: readonly (readonly [text: string, geometry: GeoJsonGeometry])[] = [
  ['0101000000000000000000F03F0000000000000040', { type: 'Point', coordinates: [1, 2] }],
  [
    '0101000020E6100000000000000000F03F0000000000000040',
    { type: 'Point', coordinates: [1, 2], srid: 4326 },
  ],
  [
    '0101000080000000000000F03F00000000000000400000000000000840',
    { type: 'Point', coordinates: [1, 2, 3] },
  ],
  ['0101000000000000000000F87F000000000000F87F', { type: 'Point', coordinates: [] }],
  ['010200000000000000', { type: 'LineString', coordinates: [] }],
  [
    '0104000000020000000101000000000000000000F03F0000000000000040010100000000000000000008400000000000001040',
    {
      type: 'MultiPoint',
      coordinates: [
        [1, 2],
        [3, 4],
      ],
    },
  ],
  [
    '0107000000010000000101000000000000000000F03F0000000000000040',
    { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }] },
  ],
]

test.each(printed)('%s is what it is', (text, geometry) => {
  expect(decode(geojson, Buffer.from(text), 'text')).toStrictEqual(geometry)
  expect(decode(geojson, Buffer.from(text, 'hex'), 'binary')).toStrictEqual(geometry)
})

function geometries(dimensions: number): fc.Arbitrary<GeoJsonGeometry> {
  const number = fc.double({ noNaN: true })
  const position = fc.array(number, { minLength: dimensions, maxLength: dimensions })
  const several = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
    fc.array(arbitrary, { minLength: 1, maxLength: 3 })
  const line = several(position)
  const simple = fc.oneof(
    position.map((coordinates) => ({ type: 'Point', coordinates }) as const),
    line.map((coordinates) => ({ type: 'LineString', coordinates }) as const),
    line.map((coordinates) => ({ type: 'MultiPoint', coordinates }) as const),
    several(line).map((coordinates) => ({ type: 'Polygon', coordinates }) as const),
    several(line).map((coordinates) => ({ type: 'MultiLineString', coordinates }) as const),
    several(several(line)).map((coordinates) => ({ type: 'MultiPolygon', coordinates }) as const),
  )
  return fc.oneof(
    simple,
    simple.map((geometry) => ({ ...geometry, srid: 4326 })),
    several(simple).map((parts) => ({ type: 'GeometryCollection', geometries: parts }) as const),
  )
}

describe.each(['text', 'binary'] as const)('%s', (format) => {
  test('geometries come back as they went', () => {
    const values = fc.integer({ min: 2, max: 4 }).chain(geometries)
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(geojson, encode(geojson, value, format), format)).toStrictEqual(value)
        const array = arrayCodec(90000, geojson)
        expect(decode(array, encode(array, [value, null], format), format)).toStrictEqual([
          value,
          null,
        ])
      }),
    )
  })

  test('EWKB is bytes', () => {
    const bytes = Buffer.from([1, 2, 0xff])
    expect(decode(ewkb, encode(ewkb, bytes, format), format)).toEqual(bytes)
  })

  test.each<unknown>([
    1,
    {},
    { type: 'Feature', geometry: null },
    { type: 'Point', coordinates: [1] },
    { type: 'Point', coordinates: [1, '2'] },
    { type: 'Point', coordinates: [1, 2, 3, 4, 5] },
    {
      type: 'LineString',
      coordinates: [
        [1, 2],
        [1, 2, 3],
      ],
    },
    { type: 'LineString', coordinates: 1 },
    { type: 'Point', coordinates: [1, 2], srid: -1 },
    { type: 'GeometryCollection', geometries: [null] },
  ])('%j is refused', (value) => {
    expect(() => encode(geojson, value, format)).toThrow(EncodeError)
  })
})

describe('as options of a connection', () => {
  const table = TypeTable.forDatabase()
  table.add([
    { oid: 90_000, schema: 'public', name: 'geometry', structure: { kind: 'base' } },
    {
      oid: 90_001,
      schema: 'public',
      name: '_geometry',
      structure: { kind: 'array', elementOid: 90_000, delimiter: ',' },
    },
  ])
  const map = TypeMap.builtin.on(table)

  test.each([
    ['ewkb', ewkb],
    ['geojson', geojson],
  ])('%s leaves text to PostGIS', (_name, codec) => {
    const types = map.with({ geometry: codec })
    expect(types.get(90_000).traits?.goesAsText?.('POINT(1 2)')).toBe(true)
    expect(types.get(90_001).traits?.goesAsText?.(['POINT(1 2)'])).toBe(true)
  })

  test('the bytes of EWKB are elements of an array', () => {
    const array = map.with({ geometry: ewkb }).get(90_001)
    for (const format of ['text', 'binary'] as const) {
      const bytes = [Buffer.from([1, 2]), Buffer.from([3])]
      expect(decode(array, encode(array, bytes, format), format)).toEqual(bytes)
    }
  })
})

test('text is for PostGIS to read', () => {
  expect(geojson.traits?.goesAsText?.('POINT(1 2)')).toBe(true)
  expect(encode(geojson, 'POINT(1 2)', 'text').toString()).toBe('POINT(1 2)')
})

test.each([
  ['', 'nothing'],
  ['01 01000000', 'no coordinates'],
  ['01 01000040 000000000000f03f 000000000000f03f 000000000000f03f', 'm without z'],
  ['01 08000000 00000000', 'a circular string'],
  ['01 02000000 ffffffff', 'more positions than bytes'],
  ['01 04000000 01000000 0102000000 00000000', 'a line among points'],
  ['01 02000000 00000000 00', 'bytes behind'],
  ['00 00000007 00000001'.repeat(40), 'collections too deep in one another'],
])('the bytes %s are refused: %s', (bytes) => {
  expect(() => decode(geojson, hex(bytes), 'binary')).toThrow(DecodeError)
})

test('a collection that contains itself is refused', () => {
  const geometries: unknown[] = []
  const collection = { type: 'GeometryCollection', geometries }
  geometries.push(collection)
  expect(() => encode(geojson, collection, 'binary')).toThrow(EncodeError)
})

test('any bytes are a geometry or a DecodeError', () => {
  const part = fc.constantFrom('00', '01', '00000001', '01000000', '07000000', '03000020', 'ffff')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      try {
        decode(geojson, Buffer.from(parts.join(''), 'hex'), 'binary')
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
      }
    }),
    { numRuns: 1000 },
  )
})
