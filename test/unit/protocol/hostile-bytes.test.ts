import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProtocolError } from '../../../src/base/errors.js'
import { Backend, MessageFramer, parseCommandTag } from '../../../src/protocol/index.js'
import { concat, cutAt, hex, message } from '../../support/bytes.js'
import { backendMessages } from './backend-messages.js'
import { collector, type Received, readBody } from './receive.js'

const MAX_BODY_BYTES = 4096

const codes = fc.constantFrom(...Object.values(Backend))
const wellFormed = fc.constantFrom(...backendMessages.map(([, notation]) => hex(notation)))

/** A message of the table with some of its bytes changed, removed or put in; its length is true again. */
const mutated = fc
  .tuple(
    wellFormed,
    fc.array(
      fc.record({
        at: fc.nat(300),
        remove: fc.constantFrom(0, 0, 1, 1, 1, 2, 4),
        insert: fc.uint8Array({ maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([original, edits]) => {
    let body = original.subarray(5)
    for (const { at, remove, insert } of edits) {
      const start = at % (body.length + 1)
      body = concat(body.subarray(0, start), insert, body.subarray(start + remove))
    }
    return message(original[0] as number, body)
  })

/** A message of some type with anything in it. */
const random = fc
  .tuple(codes, fc.uint8Array({ maxLength: 64 }))
  .map(([code, body]) => message(code, body))

/** The value, or the refusal. Any error but ProtocolError fails the test. */
function outcome(code: number, body: Buffer, around: Buffer): unknown {
  const end = around.length + body.length
  try {
    return { value: readBody(code, concat(around, body, around), around.length, end) }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { refused: error.message }
  }
}

const nothing = Buffer.alloc(0)
const surroundings = [
  Buffer.alloc(16, 0xff),
  Buffer.alloc(16, 0x00),
  hex("C 0000000d 'SELECT 1' 00"),
]

for (const [name, messages] of [
  ['damaged messages', mutated],
  ['random bodies', random],
] as const) {
  test(`${name} give values or ProtocolError, whatever lies around them`, () => {
    fc.assert(
      fc.property(messages, (bytes) => {
        const code = bytes[0] as number
        const body = bytes.subarray(5)
        const alone = outcome(code, body, nothing)
        for (const around of surroundings) expect(outcome(code, body, around)).toEqual(alone)
      }),
      { numRuns: 5000 },
    )
  })
}

const junk = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes))
/** A header with any length; small ones more often than by chance. */
const header = fc
  .tuple(codes, fc.oneof(fc.integer({ min: -8, max: 40 }), fc.integer()))
  .map(([code, length]) => {
    const bytes = Buffer.alloc(5)
    bytes[0] = code
    bytes.writeInt32BE(length, 1)
    return bytes
  })

const stream = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: wellFormed },
      { weight: 3, arbitrary: mutated },
      { weight: 2, arbitrary: header },
      { weight: 1, arbitrary: junk },
    ),
    { maxLength: 12 },
  )
  .map((parts) => concat(...parts))

const cuts = fc.array(fc.nat(2000), { maxLength: 20 })

test('any bytes, cut anywhere, are the messages that their lengths tell, up to the first bad length', () => {
  fc.assert(
    fc.property(stream, cuts, (bytes, positions) => {
      const chunks = cutAt(
        bytes,
        positions.map((position) => position % (bytes.length + 1)),
      )
      expect(framed(chunks)).toEqual(cutByLengths(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('any bytes, pushed through the framer to the readers, give values or ProtocolError', () => {
  fc.assert(
    fc.property(fc.oneof(stream, fc.uint8Array({ maxLength: 200 })), cuts, (bytes, positions) => {
      const framer = new MessageFramer(
        {
          onMessage(code, buf, start, end) {
            expect(start).toBeGreaterThanOrEqual(5)
            expect(end).toBeGreaterThanOrEqual(start)
            expect(end).toBeLessThanOrEqual(buf.length)
            const value = readBody(code, buf, start, end)
            if (code === Backend.CommandComplete) parseCommandTag(value as string)
          },
        },
        MAX_BODY_BYTES,
      )
      try {
        for (const chunk of cutAt(
          Buffer.from(bytes),
          positions.map((position) => position % (bytes.length + 1)),
        )) {
          framer.push(chunk)
        }
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
      }
    }),
    { numRuns: 3000 },
  )
})

interface Framed {
  readonly messages: Received[]
  readonly refused: boolean
}

function framed(chunks: readonly Buffer[]): Framed {
  const messages: Received[] = []
  const framer = new MessageFramer(collector(messages), MAX_BODY_BYTES)
  try {
    for (const chunk of chunks) framer.push(chunk)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { messages, refused: true }
  }
  return { messages, refused: false }
}

/** What the framer should find, by the plainest way there is. */
function cutByLengths(bytes: Buffer): Framed {
  const messages: Received[] = []
  let rest = bytes
  while (rest.length >= 5) {
    const length = rest.readInt32BE(1)
    if (length < 4 || length > MAX_BODY_BYTES + 4) return { messages, refused: true }
    if (rest.length < 1 + length) break
    messages.push({ code: rest[0] as number, body: rest.subarray(5, 1 + length) })
    rest = rest.subarray(1 + length)
  }
  return { messages, refused: false }
}
