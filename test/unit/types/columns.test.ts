import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError, ProtocolError } from '../../../src/base/errors.js'
import { MessageWriter } from '../../../src/protocol/message-writer.js'
import { type ColumnData, ColumnsBuilder, type ColumnsFormat } from '../../../src/types/columns.js'
import { interpretArrays, type ResultColumn } from '../../../src/types/row-decoder.js'
import { Timestamp } from '../../../src/types/timestamp.js'
import type { TypeOptions } from '../../../src/types/type-options.js'
import { Utf8Column } from '../../../src/types/utf8-column.js'
import { codecOf } from './codec-calls.js'

const PLAIN: ColumnsFormat = { timestamps: 'milliseconds', strings: 'array' }
const ARROW: ColumnsFormat = { timestamps: 'microseconds', strings: 'utf8' }

type Row = readonly unknown[]

function columnsOf(types: readonly string[], format: 0 | 1, options?: TypeOptions): ResultColumn[] {
  return types.map((type, i) => ({ name: `c${i}`, codec: codecOf(type, options), format }))
}

/** The body of a DataRow. */
function body(columns: readonly ResultColumn[], row: Row): Buffer {
  const out = new MessageWriter()
  out.uint16(columns.length)
  for (const [i, { codec, format }] of columns.entries()) {
    if (row[i] === null) {
      out.int32(-1)
      continue
    }
    const position = out.beginValue()
    if (format === 1) codec.encodeBinary?.(row[i], out)
    else codec.encodeText(row[i], out)
    out.endValue(position)
  }
  return Buffer.from(out.take())
}

function build(columns: readonly ResultColumn[], rows: readonly Row[], format: ColumnsFormat) {
  const builder = new ColumnsBuilder(columns, format)
  for (const row of rows) {
    const bytes = body(columns, row)
    // Not at the start of its buffer, as on a socket.
    const padded = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(2, 0xff)])
    builder.addRow(padded, 3, 3 + bytes.length)
  }
  return { builder, data: builder.takeData(), validity: builder.takeValidity() }
}

const NUMBERS = ['bool', 'int2', 'int4', 'oid', 'int8', 'float4', 'float8'] as const
const ROWS: readonly Row[] = [
  [true, -32_768, -(2 ** 31), 4_294_967_295, -(2n ** 63n), 0.1, -0],
  [false, 32_767, 2 ** 31 - 1, 0, 2n ** 63n - 1n, Number.NaN, Number.NEGATIVE_INFINITY],
]

describe('columns', () => {
  for (const format of [0, 1] as const) {
    test(`numbers become typed arrays, from ${format === 1 ? 'binary' : 'text'}`, () => {
      const { data, validity } = build(columnsOf(NUMBERS, format, { int8: 'bigint' }), ROWS, PLAIN)
      expect(data).toEqual([
        Uint8Array.of(1, 0),
        Int16Array.of(-32_768, 32_767),
        Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
        Uint32Array.of(4_294_967_295, 0),
        BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n),
        Float32Array.of(0.1, Number.NaN),
        Float64Array.of(-0, Number.NEGATIVE_INFINITY),
      ])
      expect(validity).toEqual(NUMBERS.map(() => null))
    })

    test(`timestamps count from 1970, from ${format === 1 ? 'binary' : 'text'}`, () => {
      const columns = columnsOf(['timestamptz'], format)
      const made = new Timestamp(Date.UTC(2024, 4, 6, 7, 8, 9, 123), 456)
      const old = new Date(Date.UTC(-4000, 0))
      const values = [made, new Date(-1), old, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
      const rows = values.map((value) => [value])
      expect(build(columns, rows, PLAIN).data).toEqual([
        Float64Array.of(
          made.getTime() + 0.456,
          -1,
          old.getTime(),
          Number.POSITIVE_INFINITY,
          Number.NEGATIVE_INFINITY,
        ),
      ])
      expect(build(columns, rows, ARROW).data).toEqual([
        BigInt64Array.of(
          BigInt(made.getTime()) * 1000n + 456n,
          -1000n,
          BigInt(old.getTime()) * 1000n,
          2n ** 63n - 1n,
          -(2n ** 63n),
        ),
      ])
    })
  }

  test('texts are an array, or bytes with offsets', () => {
    const columns = columnsOf(['text'], 1)
    const texts = ['', 'grüße', 'x'.repeat(5000), '😀']
    const rows = [...texts.map((text) => [text]), [null]]
    expect(build(columns, rows, PLAIN).data).toEqual([[...texts, null]])
    const [column] = build(columns, rows, ARROW).data as [Utf8Column]
    expect([...column]).toEqual([...texts, ''])
    expect([column.length, column.at(1)]).toEqual([5, 'grüße'])
    expect(column.bytes.length).toBe(Buffer.byteLength(texts.join('')))
    // Room for as much is made at once the second time, and a little more.
    const [again] = build(columns, rows, ARROW).data as [Utf8Column]
    const behind = new Uint8Array(again.bytes.buffer, again.bytes.length)
    expect(behind.length).toBeGreaterThan(0)
    expect(behind.every((byte) => byte === 0)).toBe(true)
    for (const row of [-1, 5, 0.5]) expect(() => column.at(row)).toThrow(RangeError)
  })

  test('JSON is parsed, or kept as text', () => {
    for (const format of [0, 1] as const) {
      const columns = columnsOf(['json', 'jsonb'], format)
      const row = [{ a: 'é' }, [1]]
      expect(build(columns, [row], PLAIN).data).toEqual(row.map((value) => [value]))
      const texts = build(columns, [row], ARROW).data as Utf8Column[]
      expect(texts.map((column) => column.at(0))).toEqual(['{"a":"é"}', '[1]'])
      const json = { parse: () => 7, stringify: String }
      expect(build(columnsOf(['jsonb'], format, { json }), [[1]], ARROW).data).toEqual([[7]])
    }
    const unknown = Buffer.from([0, 1, 0, 0, 0, 1, 2])
    const builder = new ColumnsBuilder(columnsOf(['jsonb'], 1), ARROW)
    expect(() => builder.addRow(unknown, 0, unknown.length)).toThrow(DecodeError)
  })

  test('what reads as text goes among the bytes of texts, whatever its form', () => {
    const rows = [
      ['-12345678901234567890.0500', 'c4ca4238-a0b9-2382-0dcc-509a6f75849b'],
      ['NaN', '00000000-0000-0000-0000-000000000000'],
      [`${'9'.repeat(9000)}.1`, null],
    ]
    for (const format of [0, 1] as const) {
      const { data } = build(columnsOf(['numeric', 'uuid'], format), rows, ARROW)
      expect(data.map((column) => [...(column as Utf8Column)])).toEqual([
        rows.map(([number]) => number),
        rows.map(([, uuid]) => uuid ?? ''),
      ])
    }
    const numbers = columnsOf(['numeric'], 1, { numeric: 'number' })
    expect(build(numbers, [['1.5']], ARROW).data).toEqual([[1.5]])
    for (const [type, bytes] of [
      ['numeric', [0, 1, 0, 0]],
      ['numeric', [0, 1, 0x7f, 0xff, 0, 0, 0x3f, 0xff, 0x27, 0x10]],
      ['uuid', [1, 2, 3]],
    ] as const) {
      const row = Buffer.from([0, 1, 0, 0, 0, bytes.length, ...bytes])
      const builder = new ColumnsBuilder(columnsOf([type], 1), ARROW)
      expect(() => builder.addRow(row, 0, row.length)).toThrow(/^column "c0" \((numeric|uuid)\): /)
    }
  })

  test('other types, and codecs of the user, are decoded', () => {
    const own = { int4: { decode: (text: string) => `<${text}>`, encode: String } }
    const columns = [...columnsOf(['numeric', 'jsonb'], 1), ...columnsOf(['int4'], 0, own)]
    const { data } = build(columns, [['1.50', { a: 1 }, 7]], PLAIN)
    expect(data).toEqual([['1.50'], [{ a: 1 }], ['<7>']])
  })

  test('validity has a bit for each row, as in Apache Arrow', () => {
    const rows = Array.from({ length: 11 }, (_, i) => [i % 3 === 0 ? null : i, i])
    const { data, validity } = build(columnsOf(['int4', 'int4'], 1), rows, PLAIN)
    expect(validity).toEqual([Uint8Array.of(0b10110110, 0b101), null])
    expect(data[0]).toEqual(Int32Array.of(0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10))
  })

  test('no rows and no columns', () => {
    expect(build(columnsOf(['int4', 'text'], 1), [], PLAIN).data).toEqual([Int32Array.of(), []])
    expect(build([], [[], []], PLAIN).builder.rowCount).toBe(2)
  })

  test('rows are those of the row decoder, however many', () => {
    const types = [
      'int4',
      'text',
      'int8',
      'float8',
      'bool',
      'timestamptz',
      'uuid',
      'varchar',
      'numeric',
    ]
    const columns = columnsOf(types, 1)
    const value: Record<string, fc.Arbitrary<unknown>> = {
      int4: fc.integer(),
      text: fc.string(),
      varchar: fc.string({ maxLength: 60 }).map((text) => text.replaceAll('\0', '')),
      int8: fc.maxSafeInteger(),
      float8: fc.double(),
      bool: fc.boolean(),
      timestamptz: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(9e12) }),
      uuid: fc.uuid(),
      numeric: fc.oneof(
        fc.constantFrom('NaN', 'Infinity', '-Infinity', '0.000'),
        fc.bigInt().map((digits) => `${digits}.25`),
      ),
    }
    const cell = (type: string) => fc.option(value[type] as fc.Arbitrary<unknown>, { freq: 5 })
    const rows = fc.array(fc.tuple(...types.map(cell)), { minLength: 0, maxLength: 20 })
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 40 }), (some, times) => {
        const all = Array.from({ length: times }, () => some).flat()
        const decode = interpretArrays(columns)
        const expected = all.map((row) => {
          const bytes = body(columns, row)
          return decode(bytes, 0, bytes.length)
        })
        for (const format of [PLAIN, ARROW]) {
          const { data, validity } = build(columns, all, format)
          const found = all.map((_, i) =>
            types.map((type, c) => cellAt(type, data[c], validity[c], i)),
          )
          expect(found).toEqual(expected)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('builders of the same columns are put together', () => {
    const columns = columnsOf(['int8', 'text', 'varchar', 'jsonb'], 1)
    const rows = Array.from({ length: 300 }, (_, i) => [
      i,
      i % 2 === 0 ? null : `t${i}`,
      'é',
      { i },
    ])
    for (const format of [PLAIN, ARROW]) {
      const whole = new ColumnsBuilder(columns, format)
      whole.append(build(columns, rows.slice(0, 3), format).builder)
      whole.append(build(columns, rows.slice(3), format).builder)
      const { data, validity } = build(columns, rows, format)
      expect(whole.takeData()).toEqual(data)
      expect(whole.takeValidity()).toEqual(validity)
    }
  })

  test('rows that came together are those that came one by one, up to the first that is none', () => {
    const columns = columnsOf(['int4', 'text'], 1)
    const rows = Array.from({ length: 600 }, (_, i) => [i % 7 === 0 ? null : i, `t${i}`])
    const messages = rows.map((row) => {
      const bytes = body(columns, row)
      const header = Buffer.from([0x44, 0, 0, 0, 0])
      header.writeInt32BE(bytes.length + 4, 1)
      return Buffer.concat([header, bytes])
    })
    const run = Buffer.concat(messages)
    const expected = build(columns, rows, PLAIN)
    const builder = new ColumnsBuilder(columns, PLAIN)
    const added: unknown[] = []
    expect(builder.addRun(run, 0, run.length, 100, added)).toBe(run.length)
    expect(added).toEqual(rows.map(() => builder))
    expect([builder.takeData(), builder.takeValidity()]).toEqual([expected.data, expected.validity])
    const first = messages[0]?.length ?? 0
    const stops: readonly [Buffer, number][] = [
      [run.subarray(0, first + 7), 100],
      [Buffer.concat([run.subarray(0, first), Buffer.from([0x43]), run.subarray(first + 1)]), 100],
      [Buffer.concat([run.subarray(0, first), Buffer.from('D\0\0\0\x06\0\x05')]), 100],
      [Buffer.concat([run.subarray(0, first), Buffer.from('D\0\0\0\x03')]), 100],
    ]
    for (const [bytes, most] of stops) {
      const one = new ColumnsBuilder(columns, PLAIN)
      expect(one.addRun(bytes, 0, bytes.length, most, [])).toBe(first)
      expect(one.rowCount).toBe(1)
    }
    expect(new ColumnsBuilder(columns, PLAIN).addRun(run, 0, run.length, 5, [])).toBe(0)
  })

  test('more columns than code is made for are read without it', () => {
    const types = Array.from(
      { length: 210 },
      (_, i) => ['int4', 'int8', 'timestamptz', 'bool'][i % 4] ?? '',
    )
    const values = [7, 8, new Date(9), true]
    const row = types.map((_, i) => values[i % 4])
    for (const format of [PLAIN, ARROW]) {
      const few = build(columnsOf(types.slice(0, 4), 1), [row.slice(0, 4)], format).data
      const { data } = build(columnsOf(types, 1), [row], format)
      expect(data).toEqual(types.map((_, i) => few[i % 4]))
    }
  })

  test('what is no row is a ProtocolError', () => {
    const columns = columnsOf(['int4', 'text'], 1)
    const bytes = body(columns, [1, 'abc'])
    for (let end = 0; end < bytes.length; end++) {
      const builder = new ColumnsBuilder(columns, PLAIN)
      expect(() => builder.addRow(bytes, 0, end)).toThrow(ProtocolError)
      expect(builder.rowCount).toBe(0)
    }
    const long = Buffer.concat([bytes, Buffer.from([0])])
    expect(() => new ColumnsBuilder(columns, PLAIN).addRow(long, 0, long.length)).toThrow(
      ProtocolError,
    )
  })

  test('a value of the wrong length is a DecodeError that names its column', () => {
    for (const type of ['bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'timestamp']) {
      const bytes = Buffer.from([0, 1, 0, 0, 0, 3, 1, 2, 3])
      const builder = new ColumnsBuilder(columnsOf([type], 1), PLAIN)
      expect(() => builder.addRow(bytes, 0, bytes.length)).toThrow(
        expect.objectContaining({ constructor: DecodeError, column: 'c0', type }),
      )
    }
  })
})

/** The value of a cell as a row decoder gives it. */
function cellAt(
  type: string,
  column: ColumnData | undefined,
  validity: Uint8Array | null | undefined,
  row: number,
): unknown {
  const isValid = validity == null || ((validity[row >> 3] ?? 0) >> (row & 7)) & 1
  if (!isValid) return null
  const value = column instanceof Utf8Column ? column.at(row) : column?.[row]
  if (type === 'bool') return value === 1
  if (type === 'timestamptz')
    return new Date(typeof value === 'bigint' ? Number(value / 1000n) : Number(value))
  return type === 'int8' ? Number(value) : value
}
