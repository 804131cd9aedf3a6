import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { ProtocolError } from '../../../src/base/errors.js'
import { MessageFramer } from '../../../src/protocol/index.js'
import { byteByByte, concat, cutAt, hex, message } from '../../support/bytes.js'
import { type BackendCase, backendMessages } from './backend-messages.js'
import { collector, type Received, receive } from './receive.js'

const MIB = 1024 * 1024

/** COPY data has no reader: it is framed only. */
const framed: readonly BackendCase[] = [
  ...backendMessages,
  ['CopyData', "d 0000000a '1\t2\t3\n'", undefined],
  ['CopyData: empty', 'd 00000004', undefined],
]

function parsed(bytes: Buffer): Received {
  return { code: bytes[0] as number, body: bytes.subarray(5) }
}

describe.each(framed)('%s', (_name, notation) => {
  const bytes = hex(notation)
  const expected = parsed(bytes)

  test('arrives whole', () => {
    expect(receive([bytes])).toEqual([expected])
  })

  test('arrives byte by byte', () => {
    expect(receive(byteByByte(bytes))).toEqual([expected])
  })

  test('arrives in two chunks, cut anywhere', () => {
    for (let at = 0; at <= bytes.length; at++) {
      expect(receive(cutAt(bytes, [at])), `cut at ${at}`).toEqual([expected])
    }
  })

  test('arrives twice', () => {
    expect(receive([concat(bytes, bytes)])).toEqual([expected, expected])
    expect(receive(byteByByte(concat(bytes, bytes)))).toEqual([expected, expected])
  })

  test('arrives with the beginning of the next message behind it', () => {
    const next = hex("S 0000000b 'ab' 00 'cde' 00")
    for (let length = 1; length < next.length; length++) {
      const junk = next.subarray(0, length)
      expect(receive([concat(bytes, junk)]), `${length} bytes`).toEqual([expected])
      expect(receive(byteByByte(concat(bytes, junk))), `${length} bytes`).toEqual([expected])
    }
  })

  test('is waited for when cut short anywhere, and taken when the rest has come', () => {
    for (let length = 0; length < bytes.length; length++) {
      const received: Received[] = []
      const framer = new MessageFramer(collector(received), MIB)
      framer.push(bytes.subarray(0, length))
      expect(received, `${length} bytes`).toEqual([])
      framer.push(bytes.subarray(length))
      expect(received, `${length} bytes and the rest`).toEqual([expected])
    }
  })
})

test('a conversation gives the same messages however it is cut', () => {
  const texts = framed.map(([, notation]) => hex(notation))
  const conversation = fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 30 })
  const cuts = fc.array(fc.nat(3000), { maxLength: 40 })
  fc.assert(
    fc.property(conversation, cuts, (messages, positions) => {
      const stream = concat(...messages)
      const inside = positions.map((position) => position % (stream.length + 1))
      expect(receive(cutAt(stream, inside))).toEqual(messages.map(parsed))
    }),
    { numRuns: 500 },
  )
})

test('a long message arrives in chunks of a socket, between short ones', () => {
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
  const stream = concat(hex('Z 00000005 49'), message('d', body), hex('Z 00000005 54'))
  const received = receive(cutAt(stream, [65_536, 131_072, 196_608, 262_144]))
  expect(received.map(({ code, body }) => [code, body.length])).toEqual([
    [0x5a, 1],
    [0x64, 300_000],
    [0x5a, 1],
  ])
  expect(received[1]?.body.equals(body)).toBe(true)
})

const badLengths: readonly (readonly [name: string, header: string])[] = [
  ['3, which would not even hold itself', 'D 00000003'],
  ['0', 'D 00000000'],
  ['-1', 'D ffffffff'],
  ['-2,147,483,648', 'D 80000000'],
  ['one byte above the cap of 1000', 'D 000003ed'],
  ['500 MB', 'D 1dcd6500'],
  ['2 GiB - 1', 'D 7fffffff'],
]

describe('a length is refused as soon as its last byte is there, before anything is kept', () => {
  test.each(badLengths)('%s', (_name, header) => {
    const whole = concat(hex(header), Buffer.alloc(500))
    const bytes = byteByByte(hex(header))
    const last = bytes.pop() as Buffer
    watchAllocations((allocations) => {
      expect(() => receive([whole], 1000)).toThrow(ProtocolError)
      const framer = new MessageFramer(collector([]), 1000)
      for (const byte of bytes) framer.push(byte)
      expect(() => framer.push(last)).toThrow(ProtocolError)
      expect(allocations.largest).toBeLessThanOrEqual(10)
    })
  })

  test.each(badLengths)('%s, behind good messages, which come first', (_name, header) => {
    for (const chunks of [
      [hex(`Z 00000005 49 ${header}`)],
      [hex('Z 00000005 49'), hex(header)],
      byteByByte(hex(`Z 00000005 49 ${header}`)),
    ]) {
      const received: Received[] = []
      const framer = new MessageFramer(collector(received), 1000)
      expect(() => {
        for (const chunk of chunks) framer.push(chunk)
      }).toThrow(ProtocolError)
      expect(received).toEqual([parsed(hex('Z 00000005 49'))])
    }
  })

  test('the error names the message and the length, and not the bytes', () => {
    expect(() => receive([hex('D 00000003')])).toThrow('the length 3 of DataRow is below 4')
    expect(() => receive([hex('D 000003ed')], 1000)).toThrow(
      'the length 1005 of DataRow exceeds the limit of 1000',
    )
  })
})

test('a body as long as the cap is taken', () => {
  expect(receive([message('D', Buffer.alloc(1000))], 1000)).toHaveLength(1)
  expect(receive([message('D')], 0)).toHaveLength(1)
})

test('a cap set by the sink holds from the next message on, in the same chunk already', () => {
  const received: Received[] = []
  const sink = collector(received)
  const framer = new MessageFramer(
    {
      onMessage(code, buf, start, end) {
        sink.onMessage(code, buf, start, end)
        framer.maxBodyBytes = 10
      },
    },
    5,
  )
  const stream = concat(message('Z', Buffer.alloc(5)), message('D', Buffer.alloc(10)))
  framer.push(stream)
  expect(received).toHaveLength(2)
  expect(() => framer.push(message('D', Buffer.alloc(11)))).toThrow(ProtocolError)
})

describe('memory is bounded by what has arrived', () => {
  test('500 MB announced, 10 bytes sent', () => {
    const framer = new MessageFramer(collector([]), 1024 * MIB)
    const bytes = hex('D 1dcd6500 0102030405060708090a')
    watchAllocations((allocations) => {
      framer.push(bytes)
      expect(allocations.largest).toBe(15)
    })
  })

  test('whatever the chunks, no buffer is more than twice as long', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { maxLength: 100 }), (sizes) => {
        const chunks = [hex('D 1dcd6500'), ...sizes.map((size) => Buffer.alloc(size))]
        const framer = new MessageFramer(collector([]), 1024 * MIB)
        watchAllocations((allocations) => {
          let arrived = 0
          for (const chunk of chunks) {
            arrived += chunk.length
            framer.push(chunk)
            expect(allocations.largest).toBeLessThanOrEqual(2 * arrived)
          }
          // Growth by doubling: all buffers together stay within a factor too, so that the time
          // spent copying does.
          expect(allocations.total).toBeLessThanOrEqual(4 * arrived)
        })
      }),
    )
  })
})

test('the buffer of a long message is let go when the message is handed on', () => {
  const buffers: Buffer[] = []
  const framer = new MessageFramer({ onMessage: (_code, buf) => buffers.push(buf) }, MIB)
  for (const length of [MIB, 1]) {
    for (const chunk of cutAt(message('d', Buffer.alloc(length)), [3, 5])) framer.push(chunk)
  }
  expect(buffers.map((buf) => buf.length >= MIB)).toEqual([true, false])
})

describe('copies', () => {
  test('none is made of a message that lies in one chunk', () => {
    const windows: [Buffer, number, number][] = []
    const framer = new MessageFramer(
      { onMessage: (_code, buf, start, end) => windows.push([buf, start, end]) },
      MIB,
    )
    const chunk = hex("Z 00000005 49 C 0000000d 'SELECT 1' 00")
    framer.push(chunk)
    expect(windows.map(([, start, end]) => [start, end])).toEqual([
      [5, 6],
      [11, 20],
    ])
    for (const [buf] of windows) expect(buf).toBe(chunk)
  })

  test('one is made of what waits, so that the chunk may be overwritten', () => {
    const received: Received[] = []
    const framer = new MessageFramer(collector(received), MIB)
    const bytes = hex("C 0000000d 'SELECT 1' 00")
    for (const part of cutAt(bytes, [3, 8])) {
      const chunk = Buffer.from(part)
      framer.push(chunk)
      chunk.fill(0xff)
    }
    expect(received).toEqual([parsed(bytes)])
  })
})

test('an empty chunk changes nothing, wherever it comes', () => {
  const bytes = hex('Z 00000005 49')
  const chunks = byteByByte(bytes).flatMap((byte) => [Buffer.alloc(0), byte, Buffer.alloc(0)])
  expect(receive(chunks)).toEqual([parsed(bytes)])
})

describe('stop', () => {
  const stream = hex('Z 00000005 49 Z 00000005 54 Z 00000005 45')

  test.each([
    ['in one chunk', [stream]],
    ['byte by byte', byteByByte(stream)],
    ['in a chunk that ends the message before', cutAt(stream, [3])],
  ])('hands on nothing more when called by the sink: %s', (_name, chunks) => {
    const received: Received[] = []
    const sink = collector(received)
    const framer = new MessageFramer(
      {
        onMessage(code, buf, start, end) {
          sink.onMessage(code, buf, start, end)
          framer.stop()
        },
      },
      MIB,
    )
    for (const chunk of chunks) framer.push(chunk)
    expect(received).toEqual([parsed(hex('Z 00000005 49'))])
  })

  test('forgets the message that waits, and keeps nothing of what comes', () => {
    const received: Received[] = []
    const framer = new MessageFramer(collector(received), MIB)
    const rest = hex('05 49')
    // Not even a length that would otherwise be refused.
    const refused = hex('D 00000000')
    framer.push(hex('Z 000000'))
    framer.stop()
    watchAllocations((allocations) => {
      framer.push(rest)
      framer.push(stream)
      framer.push(refused)
      expect(allocations.total).toBe(0)
    })
    expect(received).toEqual([])
  })
})

test.each([
  ['a message in one chunk', [hex('Z 00000005 49')]],
  ['a message in two chunks', cutAt(hex('Z 00000005 49'), [4])],
])('what the sink throws passes through: %s', (_name, chunks) => {
  const failure = new Error('the sink failed')
  const framer = new MessageFramer(
    {
      onMessage() {
        throw failure
      },
    },
    MIB,
  )
  expect(() => {
    for (const chunk of chunks) framer.push(chunk)
  }).toThrow(failure)
})

/** The bytes asked of the allocators of Buffer. */
interface Allocations {
  readonly largest: number
  readonly total: number
}

/** Runs `run` while it counts what is allocated. */
function watchAllocations(run: (allocations: Allocations) => void): void {
  const spies = [
    vi.spyOn(Buffer, 'alloc'),
    vi.spyOn(Buffer, 'allocUnsafe'),
    vi.spyOn(Buffer, 'allocUnsafeSlow'),
  ]
  const sizes = (): number[] => spies.flatMap((spy) => spy.mock.calls.map(([size]) => size))
  try {
    run({
      get largest() {
        return Math.max(0, ...sizes())
      },
      get total() {
        return sizes().reduce((sum, size) => sum + size, 0)
      },
    })
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}
