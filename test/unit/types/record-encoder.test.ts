import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EncodeError } from '../../../src/base/errors.js'
import { MessageWriter } from '../../../src/protocol/message-writer.js'
import type { RecordEncoder } from '../../../src/types/generated-record-encoder.js'
import { encodeParameters, ParameterEncoder } from '../../../src/types/parameters.js'
import {
  encodeBinaryField,
  interpretRecord,
  recordEncoder,
} from '../../../src/types/record-encoder.js'
import { TypeMap } from '../../../src/types/type-map.js'
import { codecOf } from './codec-calls.js'

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, Number.NaN, 1e-46, 1e39, 2 ** 31, -(2 ** 31) - 1, 65_536, 2 ** 53),
)
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 26 }))
const anything = fc.oneof(
  number,
  text,
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(
    '12',
    '-1',
    'true',
    'NaN',
    7n,
    2n ** 63n,
    { valueOf: () => 1 },
    Symbol.iterator,
    new Date(0),
    [1],
    { a: 1 },
    undefined,
  ),
)

/** Types whose values are written in bulk, and some that are not. */
const TYPES = [
  ...['bool', 'int2', 'int4', 'oid', 'int8', 'float4', 'float8', 'text', 'varchar', 'name'],
  ...['xid8', 'numeric', 'uuid', 'timestamptz', '_int4', 'bytea', 'jsonb'],
]

const rows = fc
  .array(fc.constantFrom(...TYPES), { maxLength: 8 })
  .chain((types) =>
    fc.tuple(
      fc.constant(types),
      fc.array(anything, { minLength: types.length, maxLength: types.length }),
    ),
  )

function outcome(write: (out: MessageWriter) => void): string {
  const out = new MessageWriter()
  try {
    write(out)
  } catch (error) {
    if (error instanceof EncodeError) return error.message
    throw error
  }
  return out.take().toString('hex')
}

function record(encode: RecordEncoder, types: readonly string[], values: object): string {
  const codecs = types.map((type) => codecOf(type))
  return outcome((out) => {
    const isWhole = encode(values, out, (value, i) => {
      if (value === undefined) throw new EncodeError(`value ${i} is undefined`)
      encodeBinaryField(codecs[i] as (typeof codecs)[number], value, out)
      return true
    })
    expect(isWhole).toBe(true)
  })
}

describe('records', () => {
  const codecsOf = (types: readonly string[]) => types.map((type) => codecOf(type))

  test('generated code writes what the codecs write, and refuses what they refuse', () => {
    fc.assert(
      fc.property(rows, ([types, values]) => {
        const generated = record(recordEncoder(codecsOf(types), undefined), types, values)
        const keys = types.map((_, i) => i)
        expect(generated).toBe(
          record(
            interpretRecord(
              keys.map((key) => ({ layout: undefined, key })),
              2,
            ),
            types,
            values,
          ),
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('objects are read by the names of their columns, whatever these are', () => {
    const names = ['a', '__proto__', '"); throw 1; ("', 'constructor', 'a b', '0']
    const types = names.map(() => 'int4')
    const row = Object.fromEntries(names.map((name, i) => [name, i + 1]))
    const encode = recordEncoder(codecsOf(types), names)
    const array = recordEncoder(codecsOf(types), undefined)
    expect(record(encode, types, row)).toBe(record(array, types, [1, 2, 3, 4, 5, 6]))
    expect(record(encode, types, Object.assign(Object.create(null), { a: 1 }))).toBe(
      'value 1 is undefined',
    )
  })

  test('rows longer than a chunk of the writer, one behind the other', () => {
    const types = ['text', 'int4', 'text']
    const row = ['x'.repeat(20_000), 7, 'y'.repeat(24)]
    const encode = recordEncoder(codecsOf(types), undefined)
    const one = record(encode, types, row)
    const many = outcome((out) => {
      for (let i = 0; i < 5; i++) {
        encode(row, out, (value) => {
          encodeBinaryField(codecOf('text'), value, out)
          return true
        })
      }
    })
    expect(many).toBe(one.repeat(5))
  })

  test('where encodeField gives false, nothing more is written', () => {
    const encode = recordEncoder([codecOf('int4'), codecOf('uuid')], undefined)
    const calls: number[] = []
    const isWhole = encode([1, 'x'], new MessageWriter(), (_, column) => {
      calls.push(column)
      return false
    })
    expect([isWhole, calls]).toEqual([false, [1]])
  })

  test('a codec of the user is asked for every value', () => {
    const types = TypeMap.builtin.with({ int4: { encode: () => '5', decode: Number } })
    expect(types.find('int4')).not.toHaveProperty('layout')
    expect(TypeMap.builtin.find('int4')).toHaveProperty('layout', 'int4')
  })

  test('more columns than are generated', () => {
    const types = Array.from({ length: 300 }, () => 'int4')
    const values = types.map((_, i) => i)
    const encoded = record(recordEncoder(codecsOf(types), undefined), types, values)
    expect(encoded).toBe(
      record(
        interpretRecord(
          values.map((key) => ({ layout: undefined, key })),
          2,
        ),
        types,
        values,
      ),
    )
  })
})

test('parameters encoded many times are as those encoded once', () => {
  const outcomes = (types: readonly string[], values: readonly unknown[]) => {
    const codecs = types.map((type) => codecOf(type))
    const encoder = new ParameterEncoder(codecs)
    return [
      outcome((out) => encodeParameters(codecs, values, out)),
      outcome((out) => encoder.encode(values, out)),
    ]
  }
  fc.assert(
    fc.property(rows, ([types, values]) => {
      const [once, many] = outcomes(types, values)
      expect(many).toBe(once)
    }),
    { numRuns: 1000 },
  )
  const [once, many] = outcomes(['int4', 'timestamptz', 'xml'], [1, 'tomorrow', '<x/>'])
  expect(many).toBe(once)
})

test('records are written where no code may be made from text', () => {
  const module = (name: string) =>
    JSON.stringify(new URL(`../../../src/${name}.ts`, import.meta.url).href)
  const program = `
    const { recordEncoder } = await import(${module('types/record-encoder')})
    const { MessageWriter } = await import(${module('protocol/message-writer')})
    const out = new MessageWriter()
    const encode = recordEncoder([{ name: 'int4', layout: 'int4' }], ['n'])
    encode({ n: 7 }, out, (value) => { out.int32(4); out.int32(value); return true })
    console.log(out.take().toString('hex'))
  `
  const args = ['--disallow-code-generation-from-strings', '--import', 'tsx', '--input-type=module']
  const { stdout, stderr } = spawnSync(process.execPath, [...args, '-e', program], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(stdout.trim()).toBe('00010000000400000007')
})
