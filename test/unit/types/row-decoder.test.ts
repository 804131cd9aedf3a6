import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError, InterfaceError, ProtocolError } from '../../../src/base/errors.js'
import {
  compileArrayDecoder,
  compileObjectDecoder,
  compileValueDecoder,
  interpretArrays,
  interpretObjects,
  type ResultColumn,
  type RowDecoder,
} from '../../../src/types/row-decoder.js'
import { hex } from '../../support/bytes.js'
import { codecOf } from './codec-calls.js'

const column = (name: string, type: string, format: 0 | 1): ResultColumn => ({
  name,
  codec: codecOf(type),
  format,
})

const COLUMNS = [column('id', 'int4', 1), column('name', 'text', 0), column('ok', 'bool', 0)]
const ROW = "0003 00000004 00000007 00000002 'ab' ffffffff"

/** Runs a decoder on a body that stands amid bytes it must not read. */
function run<R>(decoder: RowDecoder<R>, notation: string): R {
  const body = hex(notation)
  const around = Buffer.alloc(body.length + 32, 0xff)
  body.copy(around, 16)
  return decoder(around, 16, 16 + body.length)
}

const decoders: readonly (readonly [string, RowDecoder<unknown>, unknown])[] = [
  ['objects', compileObjectDecoder(COLUMNS), { id: 7, name: 'ab', ok: null }],
  ['objects, interpreted', interpretObjects(COLUMNS), { id: 7, name: 'ab', ok: null }],
  ['arrays', compileArrayDecoder(COLUMNS), [7, 'ab', null]],
  ['arrays, interpreted', interpretArrays(COLUMNS), [7, 'ab', null]],
  ['the first value', compileValueDecoder(COLUMNS, 0), 7],
  ['the second value', compileValueDecoder(COLUMNS, 1), 'ab'],
  ['a NULL', compileValueDecoder(COLUMNS, 2), null],
]

const broken: readonly (readonly [string, string])[] = [
  ['no content', ''],
  ['half a number of columns', '00'],
  ['a column too few', "0002 00000004 00000007 00000002 'ab'"],
  ['a column too many', `0004 ${ROW.slice(5)} ffffffff`],
  ['a missing column', "0003 00000004 00000007 00000002 'ab'"],
  ['half a length', `${ROW.slice(0, -8)}ffff`],
  ['a length of −2', "0003 00000004 00000007 00000002 'ab' fffffffe"],
  ['a length beyond the end', "0003 00000004 00000007 00000002 'ab' 00000001"],
  ['the greatest length', "0003 00000004 00000007 00000002 'ab' 7fffffff"],
  ['a byte too many', `${ROW} 00`],
]

describe.each(decoders)('a decoder of %s', (_name, decoder, expected) => {
  test('gives what is in the row', () => expect(run(decoder, ROW)).toStrictEqual(expected))

  test.each(broken)('refuses %s', (_what, notation) => {
    expect(() => run(decoder, notation)).toThrow(ProtocolError)
  })

  test('refuses a row that is cut anywhere', () => {
    const body = hex(ROW)
    for (let length = 0; length < body.length; length++) {
      expect(() => run(decoder, body.subarray(0, length).toString('hex') || "''")).toThrow(
        ProtocolError,
      )
    }
  })
})

describe('rows that are decoded in one run', () => {
  const wide = ['bool', 'int2', 'int4', 'oid', 'float8', 'text', 'int8', 'uuid'].map((type) =>
    column(type, type, 1),
  )
  const END = hex("C 0000000d 'SELECT 1' 00")

  const message = (body: Buffer): Buffer => {
    const header = Buffer.from('D....')
    header.writeInt32BE(body.length + 4, 1)
    return Buffer.concat([header, body])
  }

  /** What a run makes of messages, and how many bytes it has left. */
  function decodeRun(
    decoder: RowDecoder<unknown>,
    bytes: Buffer,
    maxBodyBytes = 1000,
  ): { readonly rows: unknown[]; readonly left: number } {
    const around = Buffer.concat([Buffer.alloc(16, 0xff), bytes, Buffer.alloc(16, 0xff)])
    const rows: unknown[] = []
    const end = 16 + bytes.length
    const at = decoder.run?.(around, 16, end, maxBodyBytes, rows) ?? Number.NaN
    return { rows, left: end - at }
  }

  const row = message(hex(ROW))

  test.each([
    ['objects', compileObjectDecoder(COLUMNS), { id: 7, name: 'ab', ok: null }],
    ['arrays', compileArrayDecoder(COLUMNS), [7, 'ab', null]],
  ])('are %s, up to another message', (_name, decoder, expected) => {
    expect(decodeRun(decoder, Buffer.concat([row, row, END]))).toStrictEqual({
      rows: [expected, expected],
      left: END.length,
    })
  })

  test('end before one that has not arrived whole', () => {
    const decoder = compileArrayDecoder(COLUMNS)
    for (let length = 0; length < row.length; length++) {
      const { rows, left } = decodeRun(decoder, Buffer.concat([row, row.subarray(0, length)]))
      expect([rows.length, left], `${length} bytes`).toEqual([1, length])
    }
  })

  test('end before one over the limit', () => {
    const decoder = compileArrayDecoder(COLUMNS)
    const bodyBytes = row.length - 5
    expect(decodeRun(decoder, row, bodyBytes).rows).toHaveLength(1)
    expect(decodeRun(decoder, row, bodyBytes - 1)).toEqual({ rows: [], left: row.length })
  })

  test.each(broken)('end before one with %s', (_what, notation) => {
    const bad = message(hex(notation || "''"))
    const { rows, left } = decodeRun(
      compileObjectDecoder(COLUMNS),
      Buffer.concat([row, row, bad, row]),
    )
    expect([rows.length, left]).toEqual([2, bad.length + row.length])
  })

  test('end before one with a value that does not decode', () => {
    const decoder = compileObjectDecoder([column('n', 'int4', 0)])
    const good = message(hex("0001 00000001 '7'"))
    const bad = message(hex("0001 00000001 'x'"))
    const bytes = Buffer.concat([good, bad, good])
    expect(decodeRun(decoder, bytes)).toEqual({ rows: [{ n: 7 }], left: bytes.length / 1.5 })
  })

  test('are as they are one by one, whatever is in them', () => {
    const decoder = compileArrayDecoder(wide)
    const widths = [1, 2, 4, 4, 8, 5, 8, 16]
    const value = (bytes: number) =>
      fc.oneof(
        { weight: 6, arbitrary: fc.uint8Array({ minLength: bytes, maxLength: bytes }) },
        { weight: 1, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }) },
      )
    const bodies = fc.array(
      fc.tuple(...widths.map(value)).map((values) => {
        const parts = values.map((bytes) => {
          const length = Buffer.alloc(4)
          length.writeInt32BE(bytes?.length ?? -1)
          return Buffer.concat([length, bytes ?? Buffer.alloc(0)])
        })
        return Buffer.concat([Buffer.from([0, values.length]), ...parts])
      }),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(bodies, (all) => {
        const one: unknown[] = []
        let left = all.length
        for (const body of all) {
          try {
            one.push(decoder(body, 0, body.length))
          } catch {
            break
          }
          left -= 1
        }
        const messages = all.map(message)
        const { rows, left: bytesLeft } = decodeRun(decoder, Buffer.concat(messages))
        expect(rows).toStrictEqual(one)
        expect(bytesLeft).toBe(Buffer.concat(messages.slice(all.length - left)).length)
      }),
      { numRuns: 500 },
    )
  })
})

test('a result without columns has empty rows', () => {
  expect(run(compileObjectDecoder([]), '0000')).toStrictEqual({})
  expect(run(compileArrayDecoder([]), '0000')).toStrictEqual([])
})

const makers = [
  ['generated', compileObjectDecoder, compileArrayDecoder],
  ['interpreted', interpretObjects, interpretArrays],
] as const

test.each(makers)(
  '%s: of columns with the same name the last wins in objects, and arrays have all',
  (_name, objects, arrays) => {
    const columns = [column('a', 'int2', 1), column('b', 'int2', 1), column('a', 'int2', 1)]
    const row = '0003 00000002 0001 00000002 0002 00000002 0003'
    expect(run(objects(columns), row)).toStrictEqual({ a: 3, b: 2 })
    expect(run(arrays(columns), row)).toStrictEqual([1, 2, 3])
  },
)

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  '0',
  '',
  '"',
  "'",
  '\\',
  '`$' + '{1}`',
  '\n',
  '\u2028',
  '*/',
  '"]: process.exit(), ["',
]

test.each(makers)(
  '%s: names that mean something to JavaScript are keys like any other',
  (_name, objects) => {
    const names = NAMES
    const columns = names.map((name) => column(name, 'bool', 1))
    const row = run(
      objects(columns),
      `${names.length.toString(16).padStart(4, '0')} ${names.map(() => '00000001 01').join(' ')}`,
    )
    expect(Object.keys(row).sort()).toEqual([...names].sort())
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
    for (const name of names) {
      expect(Object.getOwnPropertyDescriptor(row, name)).toStrictEqual({
        value: true,
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
  },
)

test('a row of more columns than code is made for is read all the same', () => {
  const names = Array.from({ length: 1600 }, (_, i) => `c${i}`)
  const columns = names.map((name) => column(name, 'bool', 1))
  const row = run(compileObjectDecoder(columns), `0640 ${names.map(() => '00000001 01').join(' ')}`)
  expect(row).toStrictEqual(Object.fromEntries(names.map((name) => [name, true])))
})

test.each([-1, 3, 0.5])('there is no decoder of the value in column %d of 3', (index) => {
  expect(() => compileValueDecoder(COLUMNS, index)).toThrow(InterfaceError)
})

describe('a value that does not decode', () => {
  const row = '0003 00000002 0007 ffffffff ffffffff'

  test.each([
    ['objects', compileObjectDecoder(COLUMNS)],
    ['arrays', compileArrayDecoder(COLUMNS)],
    ['objects, interpreted', interpretObjects(COLUMNS)],
    ['arrays, interpreted', interpretArrays(COLUMNS)],
    ['values', compileValueDecoder(COLUMNS, 0)],
  ])('gives an error with column and type, in %s', (_name, decoder) => {
    const act = (): unknown => run(decoder as RowDecoder<unknown>, row)
    expect(act).toThrow(DecodeError)
    expect(act).toThrow(expect.objectContaining({ column: 'id', type: 'int4' }))
    expect(act).toThrow('column "id" (int4): malformed int4: 2 bytes instead of 4')
  })

  test('does not matter to a decoder of another value', () => {
    expect(run(compileValueDecoder(COLUMNS, 1), row)).toBeNull()
  })

  test('keeps the error of a codec as the cause and does not repeat its message', () => {
    const cause = new Error('secret')
    const codec = {
      ...codecOf('text'),
      decodeText: (): never => {
        throw cause
      },
    }
    const decoder = compileArrayDecoder([{ name: 'n', codec, format: 0 }])
    try {
      run(decoder, "0001 00000001 'x'")
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError)
      expect(error).toMatchObject({ column: 'n', type: 'text', cause })
      expect((error as Error).message).not.toContain('secret')
    }
  })

  test('is a binary one where the codec reads only text', () => {
    const { decodeBinary: _, ...codec } = codecOf('text')
    const decoder = compileArrayDecoder([{ name: 'n', codec, format: 1 }])
    expect(() => run(decoder, "0001 00000002 'xy'")).toThrow(DecodeError)
    expect(run(decoder, '0001 ffffffff')).toEqual([null])
  })
})
