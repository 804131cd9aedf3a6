import { describe, expect, test } from 'vitest'
import { EncodeError, InterfaceError } from '../../../src/base/errors.js'
import { MessageWriter } from '../../../src/protocol/message-writer.js'
import { encodeParameters } from '../../../src/types/parameters.js'
import { TypeMap } from '../../../src/types/type-map.js'
import { hex } from '../../support/bytes.js'
import { codecOf } from './codec-calls.js'

function encoded(types: readonly string[], values: readonly unknown[]): Buffer {
  const out = new MessageWriter()
  encodeParameters(
    types.map((type) => codecOf(type)),
    values,
    out,
  )
  return out.take()
}

function errorOf(types: readonly string[], values: readonly unknown[]): unknown {
  try {
    encoded(types, values)
  } catch (error) {
    return error
  }
  return undefined
}

const cases: readonly (readonly [string, readonly string[], readonly unknown[], string])[] = [
  ['none', [], [], '0000 0000'],
  ['all in binary', ['int4', 'bool'], [1, true], '0001 0001 0002 00000004 00000001 00000001 01'],
  ['all in text', ['xml'], ['<x/>'], "0000 0001 00000004 '<x/>'"],
  ['both', ['int2', 'xml'], [7, 'xy'], "0002 0001 0000 0002 00000002 0007 00000002 'xy'"],
  ['NULL', ['int4', 'text'], [null, null], '0001 0001 0002 ffffffff ffffffff'],
  ['an empty value', ['text'], [''], '0001 0001 0001 00000000'],
  ['a string for a date as text', ['date'], ['today'], "0000 0001 00000005 'today'"],
  ['a Date in binary', ['date'], [new Date(0)], '0001 0001 0001 00000004 ffffd533'],
  [
    'an array of date strings as text',
    ['_date', 'int2'],
    [['today'], 1],
    `0002 0000 0001 0002 00000009 '{"today"}' 00000002 0001`,
  ],
  [
    'an array of Dates in binary',
    ['_date'],
    [[new Date(0)]],
    '0001 0001 0001 0000001c 00000001 00000000 0000043a 00000001 00000001 00000004 ffffd533',
  ],
  [
    'a string for a uuid in binary',
    ['uuid'],
    ['00112233445566778899aabbccddeeff'],
    '0001 0001 0001 00000010 00112233445566778899aabbccddeeff',
  ],
]

test.each(cases)('parameters: %s', (_name, types, values, notation) => {
  expect(encoded(types, values).toString('hex')).toBe(hex(notation).toString('hex'))
})

test('a parameter of an unknown type goes as text', () => {
  const out = new MessageWriter()
  encodeParameters([TypeMap.builtin.get(99_999)], [12.5], out)
  expect(out.take()).toEqual(hex("0000 0001 00000004 '12.5'"))
  expect(() => encodeParameters([TypeMap.builtin.get(99_999)], [{}], out)).toThrow(EncodeError)
})

describe('the number of values', () => {
  test.each([
    [['int4'], [], 'the query has 1 parameter, but 0 were given'],
    [['int4', 'int4'], [1, 2, 3], 'the query has 2 parameters, but 3 were given'],
  ])('must be that of the parameters', (types, values, message) => {
    const out = new MessageWriter()
    const act = (): void =>
      encodeParameters(
        types.map((type) => codecOf(type)),
        values,
        out,
      )
    expect(act).toThrow(InterfaceError)
    expect(act).toThrow(message)
    expect(out.length).toBe(0)
  })

  test('is at most 65,535', () => {
    const out = new MessageWriter()
    const fill = (count: number): void =>
      encodeParameters(new Array(count).fill(codecOf('int4')), new Array(count).fill(null), out)
    expect(() => fill(65_536)).toThrow(EncodeError)
    expect(out.length).toBe(0)
    fill(65_535)
    expect(out.take().length).toBe(2 + 2 + 2 + 4 * 65_535)
  })
})

describe('an error', () => {
  test('names the parameter and its type', () => {
    const error = errorOf(['text', 'int4'], ['a', 1.5])
    expect(error).toBeInstanceOf(EncodeError)
    expect(error).toMatchObject({ parameter: 2, type: 'int4', safeToRetry: true })
    expect((error as Error).message).toMatch(/^parameter \$2 \(int4\): a number with a fraction /)
  })

  test('refuses undefined of any type', () => {
    for (const type of ['text', 'int4', 'jsonb', '_text']) {
      expect(errorOf([type], [undefined])).toMatchObject({ parameter: 1, type })
    }
  })

  test('of an element names the type of the parameter', () => {
    expect(errorOf(['_int4'], [[1, 'x']])).toMatchObject({ parameter: 1, type: '_int4' })
  })

  test('of another kind is kept as the cause and not repeated', () => {
    const cause = new TypeError('secret')
    const codec = {
      ...codecOf('text'),
      encodeBinary: (): void => {
        throw cause
      },
    }
    try {
      encodeParameters([codec], ['secret'], new MessageWriter())
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(EncodeError)
      expect(error).toMatchObject({ parameter: 1, type: 'text', cause })
      expect((error as Error).message).not.toContain('secret')
    }
  })

  test('comes also for an array of strings that contains itself', () => {
    const circular: unknown[] = []
    circular.push(circular)
    expect(errorOf(['_date'], [circular])).toBeInstanceOf(EncodeError)
  })
})
