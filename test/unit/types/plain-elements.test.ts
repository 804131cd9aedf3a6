import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EncodeError } from '../../../src/base/errors.js'
import { MessageWriter } from '../../../src/protocol/message-writer.js'
import type { TraitedCodec } from '../../../src/types/codec-traits.js'
import { arrayCodec } from '../../../src/types/codecs/array.js'
import { codecOf } from './codec-calls.js'

const TYPES = ['bool', 'int2', 'int4', 'oid', 'int8', 'float4', 'float8', 'text'] as const

const element = fc.oneof(
  { arbitrary: fc.integer(), weight: 4 },
  fc.integer({ min: -40_000, max: 40_000 }),
  fc.double(),
  fc.maxSafeInteger(),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.boolean(),
  fc.constantFrom(null, '7', 2n, -0, undefined, [1], new Date(0)),
)

/** The codec of arrays of a type; without its layout every element goes to the codec of the type. */
function arraysOf(type: string, isPlain: boolean): TraitedCodec<unknown[]> {
  const { layout, ...rest } = codecOf(type) as TraitedCodec
  return arrayCodec(42, isPlain ? { ...rest, ...(layout && { layout }) } : rest)
}

function encoded(codec: TraitedCodec, value: unknown): Buffer | string {
  const out = new MessageWriter()
  try {
    codec.encodeBinary?.(value, out)
  } catch (error) {
    if (error instanceof EncodeError) return error.message
    throw error
  }
  return Buffer.from(out.take())
}

describe.each(TYPES)('arrays of %s', (type) => {
  const [plain, byCodec] = [arraysOf(type, true), arraysOf(type, false)]

  test('are the bytes and the values of the codec of the elements', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 12 }), (value) => {
        const bytes = encoded(plain, value)
        expect(bytes).toEqual(encoded(byCodec, value))
        if (typeof bytes === 'string') return
        const decoded = plain.decodeBinary?.(bytes, 0, bytes.length)
        expect(decoded).toEqual(byCodec.decodeBinary?.(bytes, 0, bytes.length))
      }),
    )
  })

  test('of any length, with NULL anywhere, in two dimensions', () => {
    const value = { bool: true, text: 'ab' }[type as string] ?? 7
    const long = Array.from({ length: 3000 }, (_, i) => (i % 999 === 0 ? null : value))
    for (const array of [long, [long, long], [[value], [null]]]) {
      const bytes = encoded(plain, array)
      expect(bytes).toEqual(encoded(byCodec, array))
      expect(plain.decodeBinary?.(bytes as Buffer, 0, bytes.length)).toEqual(array)
    }
  })

  test('refuse elements of another length, and bytes that are missing', () => {
    const bytes = encoded(plain, [{ bool: true, text: 'ab' }[type as string] ?? 7, null]) as Buffer
    for (let end = 0; end < bytes.length; end++) {
      expect(() => plain.decodeBinary?.(bytes, 0, end)).toThrow(/^malformed/)
    }
    if (type === 'text') return
    const wrong = Buffer.concat([bytes, Buffer.alloc(3)])
    wrong.writeInt32BE(wrong.readInt32BE(20) + 3, 20)
    expect(() => plain.decodeBinary?.(wrong, 0, wrong.length)).toThrow(/^malformed/)
  })
})

test('typed arrays go as they are', () => {
  const floats = encoded(arraysOf('float8', true), Float64Array.of(0.5, Number.NaN))
  expect(floats).toEqual(encoded(arraysOf('float8', false), [0.5, Number.NaN]))
  const big = encoded(arraysOf('int8', true), BigInt64Array.of(1n, -1n))
  expect(big).toEqual(encoded(arraysOf('int8', false), [1, -1]))
})
