import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { EncodeError, InterfaceError } from '../../../src/base/errors.js'
import { MAX_MESSAGE_BYTES, MessageWriter } from '../../../src/protocol/index.js'
import { concat, hex } from '../../support/bytes.js'

const CHUNK_BYTES = 16 * 1024

type Write = (out: MessageWriter) => void

const fields: readonly (readonly [name: string, write: Write, bytes: string])[] = [
  ['int8', (out) => out.int8(0x53), '53'],
  ['uint16: 0', (out) => out.uint16(0), '0000'],
  ['uint16: 32,768', (out) => out.uint16(32_768), '8000'],
  ['uint16: 65,535', (out) => out.uint16(65_535), 'ffff'],
  ['int16: 1', (out) => out.int16(1), '0001'],
  ['int16: -2', (out) => out.int16(-2), 'fffe'],
  ['int32', (out) => out.int32(0x01020304), '01020304'],
  ['int32: -1', (out) => out.int32(-1), 'ffffffff'],
  ['int32: an OID above 2^31', (out) => out.int32(4_294_967_294), 'fffffffe'],
  ['int64: the least', (out) => out.int64(-(2n ** 63n)), '8000000000000000'],
  ['int64: the greatest', (out) => out.int64(2n ** 63n - 1n), '7fffffffffffffff'],
  ['int64: -2', (out) => out.int64(-2n), 'fffffffffffffffe'],
  ['float32', (out) => out.float32(-1.5), 'bfc00000'],
  ['float32: Infinity', (out) => out.float32(Number.POSITIVE_INFINITY), '7f800000'],
  ['float64', (out) => out.float64(0.1), '3fb999999999999a'],
  ['float64: -0', (out) => out.float64(-0), '8000000000000000'],
  ['bytes', (out) => out.bytes(Uint8Array.of(0, 1, 255)), '0001ff'],
  ['bytes: none', (out) => out.bytes(new Uint8Array()), ''],
  [
    'bytes: a part of a larger array',
    (out) => out.bytes(Uint8Array.of(9, 8, 7, 6).subarray(1, 3)),
    '0807',
  ],
  ['utf8: none', (out) => out.utf8(''), ''],
  ['utf8: one to four bytes a character', (out) => out.utf8('aé€😀'), '61c3a9e282acf09f9880'],
  [
    'utf8: three bytes for each code unit, the most there is',
    (out) => out.utf8('€€€'),
    'e282ace282ace282ac',
  ],
  ['utf8: NUL is a character', (out) => out.utf8('a\0b'), '610062'],
  ['utf8: a lone surrogate', (out) => out.utf8('a\ud83db'), '61efbfbd62'],
  ['cstring', (out) => out.cstring('é'), 'c3a900'],
  ['cstring: empty', (out) => out.cstring(''), '00'],
  ['a value', (out) => value(out, () => out.utf8('é')), '00000002c3a9'],
  ['an empty value', (out) => value(out, () => undefined), '00000000'],
  [
    'a value within a value',
    (out) => value(out, () => value(out, () => out.int8(7))),
    '000000050000000107',
  ],
  [
    'setInt32',
    (out) => {
      const position = out.length
      out.int32(0)
      out.int8(1)
      out.setInt32(position, -2)
    },
    'fffffffe01',
  ],
  ['a message', (out) => inMessage(out, 0x51, () => out.cstring('')), '510000000500'],
  ['a message without a type byte', (out) => inMessage(out, 0, () => out.int8(9)), '0000000509'],
  ['an empty message', (out) => inMessage(out, 0x53, () => undefined), '5300000004'],
]

function value(out: MessageWriter, write: () => void): void {
  const position = out.beginValue()
  write()
  out.endValue(position)
}

function inMessage(out: MessageWriter, code: number, write: () => void): void {
  out.begin(code)
  write()
  out.finish()
}

describe('writes', () => {
  test.each(fields)('%s', (_name, write, bytes) => {
    const out = new MessageWriter()
    write(out)
    expect(out.length).toBe(hex(bytes).length)
    expect(out.take()).toEqual(hex(bytes))
    expect(out.length).toBe(0)
  })

  test.each(fields)('%s, across the end of the first chunk', (_name, write, bytes) => {
    const expected = hex(bytes)
    for (let left = 0; left <= expected.length + 1; left++) {
      const filling = Buffer.alloc(CHUNK_BYTES - left, 0xee)
      const together = new MessageWriter()
      together.bytes(filling)
      write(together)
      const whole = together.take()
      expect(whole.length).toBe(filling.length + expected.length)
      expect(whole.subarray(filling.length), `${left} bytes left`).toEqual(expected)
      expect(whole.subarray(0, filling.length).equals(filling)).toBe(true)

      const apart = new MessageWriter()
      apart.bytes(filling)
      const before = apart.take()
      write(apart)
      expect(apart.take(), `${left} bytes left, the rest taken`).toEqual(expected)
      expect(before.equals(filling)).toBe(true)
    }
  })

  test('texts longer than a chunk, whatever their characters', () => {
    for (const character of ['a', 'é', '€', '😀', '\ud83d']) {
      for (const length of [340, 341, 1023, 1024, 1025, 5461, 5462, 16_384, 100_000]) {
        const text = character.repeat(length)
        const out = new MessageWriter()
        out.cstring(text)
        const expected = concat(new TextEncoder().encode(text), hex('00'))
        expect(out.take().equals(expected), `${length} times ${character}`).toBe(true)
      }
    }
  })
})

test.each([-1, 65_536, 2 ** 32])('uint16 refuses %d, and writes nothing', (count) => {
  const out = new MessageWriter()
  expect(() => out.uint16(count)).toThrow(EncodeError)
  expect(out.length).toBe(0)
})

test.each(['\0', 'a\0', '\0a', `${'x'.repeat(5000)}\0`])('cstring refuses a NUL: %#', (text) => {
  const out = new MessageWriter()
  expect(() => out.cstring(text)).toThrow(InterfaceError)
  expect(out.length).toBe(0)
})

describe('rewind', () => {
  test('forgets what was written since the mark, and keeps what was before', () => {
    const out = new MessageWriter()
    out.int8(1)
    const mark = out.mark()
    out.utf8('forgotten')
    out.rewind(mark)
    out.int8(2)
    expect(out.take()).toEqual(hex('0102'))
  })

  test('holds over growth and over batches taken before', () => {
    const out = new MessageWriter()
    out.bytes(Buffer.alloc(100, 0xee))
    out.take()
    out.int8(1)
    const mark = out.mark()
    out.bytes(Buffer.alloc(3 * CHUNK_BYTES, 0xee))
    out.rewind(mark)
    out.int8(2)
    expect(out.take()).toEqual(hex('0102'))
  })

  test('a message can be given up in the middle', () => {
    const out = new MessageWriter()
    inMessage(out, 0x53, () => undefined)
    const mark = out.mark()
    out.begin(0x42)
    out.beginValue()
    out.rewind(mark)
    inMessage(out, 0x48, () => undefined)
    expect(out.take()).toEqual(hex('S 00000004 H 00000004'))
  })
})

describe('take', () => {
  test('gives nothing when nothing was written', () => {
    const out = new MessageWriter()
    expect(out.take()).toHaveLength(0)
    out.int8(1)
    out.take()
    expect(out.take()).toHaveLength(0)
  })

  test('a batch much larger than usual does not keep its memory', () => {
    const out = new MessageWriter()
    out.bytes(new Uint8Array(4 * 1024 * 1024))
    const large = out.take()
    out.int8(1)
    const small = out.take()
    expect(small).toEqual(hex('01'))
    expect(small.buffer === large.buffer).toBe(false)
    expect(small.buffer.byteLength).toBe(CHUNK_BYTES)
    expect(large.length).toBe(4 * 1024 * 1024)
  })
})

interface Step {
  readonly act: Write
  /** What is added to the batch. */
  readonly bytes: Uint8Array
}

/** Any UTF-16, lone surrogates included. */
const text = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 127 }), fc.integer({ min: 1, max: 0xffff })))
  .map((units) => String.fromCharCode(...units))

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map(
    (byte): Step => ({
      act: (out) => out.int8(byte),
      bytes: Uint8Array.of(byte),
    }),
  ),
  fc.integer().map((int): Step => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(int)
    return { act: (out) => out.int32(int), bytes }
  }),
  fc.double().map((double): Step => {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(double)
    return { act: (out) => out.float64(double), bytes }
  }),
  text.map(
    (string): Step => ({
      act: (out) => out.cstring(string),
      bytes: concat(new TextEncoder().encode(string), hex('00')),
    }),
  ),
  fc.tuple(fc.nat(40_000), fc.nat(255)).map(([size, byte]): Step => {
    const bytes = Buffer.alloc(size, byte)
    return { act: (out) => out.bytes(bytes), bytes }
  }),
)

const message: fc.Arbitrary<Step> = fc
  .tuple(fc.integer({ min: 0, max: 127 }), fc.array(step, { maxLength: 6 }))
  .map(([code, steps]) => {
    const body = concat(...steps.map(({ bytes }) => bytes))
    const length = Buffer.alloc(4)
    length.writeInt32BE(body.length + 4)
    return {
      act: (out) =>
        inMessage(out, code, () => {
          for (const { act } of steps) act(out)
        }),
      bytes: concat(code === 0 ? hex('') : Uint8Array.of(code), length, body),
    }
  })

const givenUp: fc.Arbitrary<Step> = message.map(({ act }) => ({
  act: (out) => {
    const mark = out.mark()
    act(out)
    out.rewind(mark)
  },
  bytes: new Uint8Array(),
}))

test('batches hold what was written, and nothing written later changes them', () => {
  const plan = fc.array(fc.oneof(message, message, givenUp, fc.constant('take' as const)), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(plan, (steps) => {
      const out = new MessageWriter()
      const taken: Buffer[] = []
      const written: Uint8Array[] = []
      for (const next of steps) {
        if (next === 'take') {
          taken.push(out.take())
        } else {
          next.act(out)
          written.push(next.bytes)
        }
      }
      taken.push(out.take())
      expect(concat(...taken).equals(concat(...written))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

describe('messages longer than the server accepts', () => {
  test('a batch behind a restart takes the place of those before, and one that has begun stays whole', () => {
    const out = new MessageWriter()
    out.bytes(hex('0102'))
    const first = out.take()
    out.int8(3)
    out.restart()
    expect(out.take()).toEqual(hex('03'))
    expect(first).toEqual(hex('0102'))
    out.restart()
    out.bytes(hex('0405'))
    expect(out.take()).toEqual(hex('0405'))
    expect(first).toEqual(hex('0405'))
  })

  test('the limit is PQ_LARGE_MESSAGE_LIMIT, MaxAllocSize - 1', () => {
    expect(MAX_MESSAGE_BYTES).toBe(1024 ** 3 - 2)
  })

  test('a field that cannot fit is refused before anything is allocated', () => {
    const out = new MessageWriter()
    inMessage(out, 0x53, () => undefined)
    const mark = out.mark()
    // Zeroed memory that is never touched takes no room: the system hands out pages at first use.
    const huge = new Uint8Array(MAX_MESSAGE_BYTES + 2 * 1024 * 1024)
    const allocations = [vi.spyOn(Buffer, 'allocUnsafeSlow'), vi.spyOn(Buffer, 'allocUnsafe')]
    try {
      out.begin(0x64)
      expect(() => out.bytes(huge)).toThrow(EncodeError)
      for (const spy of allocations) expect(spy).not.toHaveBeenCalled()
    } finally {
      for (const spy of allocations) spy.mockRestore()
    }
    out.rewind(mark)
    inMessage(out, 0x48, () => undefined)
    expect(out.take()).toEqual(hex('S 00000004 H 00000004'))
  })

  // Moving the end forward stands in for a gigabyte of writing: finish() looks at positions alone.
  test('finish takes the longest message and refuses one byte more', () => {
    const out = new MessageWriter()
    out.begin(0)
    out.rewind(MAX_MESSAGE_BYTES)
    expect(() => out.finish()).not.toThrow()
    out.rewind(MAX_MESSAGE_BYTES + 1)
    expect(() => out.finish()).toThrow(EncodeError)
    out.rewind(4)
    expect(out.take()).toEqual(hex('3ffffffe'))
  })
})

test('shortText writes short ASCII and nothing else', () => {
  const out = new MessageWriter()
  out.int8(1)
  const refused = ['é', 'a\0', '\u{1f600}', '\ud800', 'x'.repeat(25)]
  expect(refused.map((text) => out.shortText(text))).toEqual(refused.map(() => false))
  expect(['', 'a\x7f', 'y'.repeat(24)].map((text) => out.shortText(text))).toEqual([
    true,
    true,
    true,
  ])
  expect(out.take()).toEqual(Buffer.from(`\x01a\x7f${'y'.repeat(24)}`))
})

test('what is written into room() counts up to end, and survives growth', () => {
  const out = new MessageWriter()
  for (let i = 0; i < 5000; i++) {
    const at = out.room(8)
    out.view.setInt32(at, i)
    out.buffer[at + 4] = 7
    out.end = at + 5
  }
  const bytes = out.take()
  expect(bytes.length).toBe(25_000)
  expect(bytes.readInt32BE(4999 * 5)).toBe(4999)
  expect(bytes[4999 * 5 + 4]).toBe(7)
})
