import { describe, expect, test, vi } from 'vitest'
import { ProtocolError } from '../../../src/base/errors.js'
import { readParameterDescription } from '../../../src/protocol/index.js'
import { concat, hex } from '../../support/bytes.js'
import { backendMessages, closedMessages, openMessages } from './backend-messages.js'
import { readBody } from './receive.js'

const HEADER_BYTES = 5

/** What may lie around a body in the chunk it came in; none of it may matter. */
const surroundings: readonly (readonly [name: string, before: string, after: string])[] = [
  ['nothing', '', ''],
  ['0xff', 'ffffffffffffffff', 'ffffffffffffffff'],
  ['0x00', '0000000000000000', '0000000000000000'],
  ['messages', "C 0000000f 'INSERT 0 5' 00", "S 0000000b 'ab' 00 'cde' 00"],
]

/** Reads `body` amid each of the surroundings, which must not change what comes of it. */
function read(code: number, body: Buffer): unknown {
  const [first, ...others] = surroundings.map(([, before, after]) =>
    attempt(code, hex(before), body, hex(after)),
  )
  for (const other of others) expect(other).toEqual(first)
  if (first?.error !== undefined) throw first.error
  return first?.value
}

function attempt(
  code: number,
  before: Buffer,
  body: Buffer,
  after: Buffer,
): { value?: unknown; error?: unknown } {
  const end = before.length + body.length
  try {
    return { value: readBody(code, concat(before, body, after), before.length, end) }
  } catch (error) {
    return { error }
  }
}

function split(notation: string): [code: number, body: Buffer] {
  const bytes = hex(notation)
  return [bytes[0] as number, bytes.subarray(HEADER_BYTES)]
}

describe('reads', () => {
  test.each(backendMessages)('%s', (_name, bytes, expected) => {
    expect(read(...split(bytes))).toEqual(expected)
  })

  test('ParameterDescription: 65,535 parameters, a count that is no positive int16', () => {
    const body = Buffer.alloc(2 + 65_535 * 4, 0x01)
    body.writeUInt16BE(65_535, 0)
    const typeOids = readParameterDescription(body, 0, body.length)
    expect(typeOids.length).toBe(65_535)
    expect(new Set(typeOids)).toEqual(new Set([0x01010101]))
  })
})

describe('refuses a body cut short', () => {
  test.each(closedMessages)('%s', (_name, bytes) => {
    const [code, body] = split(bytes)
    for (let length = 0; length < body.length; length++) {
      expect(() => read(code, body.subarray(0, length)), `${length} bytes`).toThrow(ProtocolError)
    }
  })

  test.each(openMessages)('%s', (_name, bytes, _expected, shortest) => {
    const [code, body] = split(bytes)
    for (let length = 0; length < shortest; length++) {
      expect(() => read(code, body.subarray(0, length)), `${length} bytes`).toThrow(ProtocolError)
    }
    expect(() => read(code, body.subarray(0, shortest))).not.toThrow()
  })
})

describe('refuses a body with bytes behind its last field', () => {
  test.each(closedMessages)('%s', (_name, bytes) => {
    const [code, body] = split(bytes)
    expect(() => read(code, concat(body, hex('00')))).toThrow(ProtocolError)
    expect(() => read(code, concat(body, hex('ff')))).toThrow(ProtocolError)
    expect(() => read(code, concat(body, hex(bytes)))).toThrow(ProtocolError)
  })
})

/** Bodies whose counts or lengths claim more than there is. */
const lies: readonly (readonly [name: string, code: string, body: string])[] = [
  ['CopyResponse: 65,535 columns', 'G', '00 ffff 0000'],
  ['CopyResponse: one column too many', 'H', '00 0002 0000'],
  ['DataRow: 65,535 values', 'D', "ffff 00000003 'abc'"],
  ['DataRow: one value too many', 'D', "0002 00000003 'abc'"],
  ['DataRow: a value of 2 GiB', 'D', "0001 7fffffff 'abc'"],
  ['DataRow: a value one byte too long', 'D', "0001 00000004 'abc'"],
  ['DataRow: a value of -2 bytes', 'D', "0001 fffffffe 'abc'"],
  ['DataRow: a value of -2 GiB', 'D', "0001 80000000 'abc'"],
  ['FunctionCallResponse: 2 GiB', 'V', '7fffffff 00'],
  ['FunctionCallResponse: -2 bytes', 'V', 'fffffffe'],
  ['NegotiateProtocolVersion: 2,147,483,647 options', 'v', "00030000 7fffffff 'a' 00"],
  ['NegotiateProtocolVersion: -1 options', 'v', "00030000 ffffffff 'a' 00"],
  ['NegotiateProtocolVersion: -1 options and nothing else', 'v', '00030000 ffffffff'],
  ['ParameterDescription: 65,535 parameters', 't', 'ffff 00000017'],
  ['ParameterDescription: one parameter too many', 't', '0002 00000017'],
  ['RowDescription: 65,535 fields', 'T', 'ffff 00 00000000 0000 00000000 0000 00000000 0000'],
  ['RowDescription: one field too many', 'T', '0002 00 00000000 0000 00000000 0000 00000000 0000'],
]

describe('refuses lying counts and lengths', () => {
  test.each(lies)('%s', (_name, code, body) => {
    expect(() => read(code.charCodeAt(0), hex(body))).toThrow(ProtocolError)
  })

  test.each(lies)('%s: before it allocates or reads a value', (_name, code, body) => {
    const bytes = hex(body)
    const spies = [
      vi.spyOn(Buffer, 'alloc'),
      vi.spyOn(Buffer, 'allocUnsafe'),
      vi.spyOn(Buffer, 'from'),
      vi.spyOn(Buffer.prototype, 'toString'),
    ]
    try {
      expect(() => readBody(code.charCodeAt(0), bytes, 0, bytes.length)).toThrow(ProtocolError)
      for (const spy of spies) expect(spy).not.toHaveBeenCalled()
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  })
})

const malformed: readonly (readonly [name: string, code: string, body: string])[] = [
  ['AuthenticationMD5Password: a salt of three bytes', 'R', '00000005 010203'],
  ['AuthenticationMD5Password: a salt of five bytes', 'R', '00000005 0102030405'],
  ['AuthenticationSASL: no end of the list', 'R', "0000000a 'SCRAM-SHA-256' 00"],
  ['BackendKeyData: a key of three bytes', 'K', '00000001 010203'],
  ['BackendKeyData: a key of 257 bytes', 'K', `00000001 ${'00'.repeat(257)}`],
  ['CommandComplete: no NUL', 'C', "'SELECT 1'"],
  ['CommandComplete: a NUL within', 'C', "'SELECT' 00 '1' 00"],
  ['CopyResponse: format 2', 'G', '02 0000'],
  ['CopyResponse: column format 2', 'G', '00 0001 0002'],
  ['CopyResponse: column format -1', 'G', '00 0001 ffff'],
  ['ErrorResponse: no end of the list', 'E', "M 'oh' 00"],
  ['ErrorResponse: a field without its NUL', 'E', "M 'oh'"],
  ['ErrorResponse: a field without a value', 'E', 'M'],
  ['ErrorResponse: nothing', 'E', ''],
  ['NegotiateProtocolVersion: one option too many', 'v', "00030000 00000002 'a' 00"],
  ['NotificationResponse: no payload and no NUL for it', 'A', "00000001 'jobs' 00"],
  ['ParameterStatus: a name only', 'S', "'TimeZone' 00"],
  ['ReadyForQuery: no such status', 'Z', '00'],
  ['ReadyForQuery: lower case', 'Z', "'i'"],
  ['ReadyForQuery: nothing', 'Z', ''],
  ['ReadyForQuery: two of them', 'Z', "'II'"],
  ['RowDescription: format 2', 'T', '0001 00 00000000 0000 00000017 0004 ffffffff 0002'],
  ['RowDescription: format -1', 'T', '0001 00 00000000 0000 00000017 0004 ffffffff ffff'],
  ['RowDescription: a name without its NUL', 'T', `0001 ${'61'.repeat(40)}`],
]

describe('refuses', () => {
  test.each(malformed)('%s', (_name, code, body) => {
    expect(() => read(code.charCodeAt(0), hex(body))).toThrow(ProtocolError)
  })

  test('with the code of ProtocolError and the name of the message, but nothing of its content', () => {
    const body = hex("'a secret'")
    expect(() => readBody(0x43, body, 0, body.length)).toThrow(
      expect.objectContaining({
        code: 'ERR_SLUICE_PROTOCOL',
        message: 'malformed CommandComplete: a string is not terminated',
      }),
    )
  })
})

/** Results that hold bytes, as functions that find those bytes. */
const bytesHeld: readonly (readonly [string, string, (value: never) => Uint8Array])[] = [
  ['the salt', 'R 0000000c 00000005 00000000', (value: { salt: Buffer }) => value.salt],
  ['SASL data', 'R 0000000c 0000000b 00000000', (value: { data: Buffer }) => value.data],
  ['the last SASL data', 'R 0000000c 0000000c 00000000', (value: { data: Buffer }) => value.data],
  ['the key', 'K 0000000c 00000001 00000000', (value: { secretKey: Buffer }) => value.secretKey],
  ['a value of DataRow', 'D 0000000e 0001 00000004 00000000', (row: Buffer[]) => row[0] as Buffer],
  ['the result of a function', 'V 0000000c 00000004 00000000', (value: Buffer) => value],
]

test.each(bytesHeld)('copies %s, so that the chunk may be overwritten', (_name, bytes, held) => {
  const [code, body] = split(bytes)
  const copy = held(readBody(code, body, 0, body.length) as never)
  body.fill(0xff)
  expect(Array.from(copy)).toEqual([0, 0, 0, 0])
})
