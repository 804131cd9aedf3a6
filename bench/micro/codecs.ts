import { MessageWriter } from '../../build/protocol/message-writer.js'
import { TypeMap } from '../../build/types/type-map.js'
import type { MicroCase } from './micro-case.js'

const VALUES: readonly (readonly [type: string, value: unknown, note?: string])[] = [
  ['bool', true],
  ['int2', 123],
  ['int4', 123_456],
  ['int8', 1_700_000_000_000],
  ['float4', 0.1],
  ['float8', 0.142857],
  ['numeric', '1234.5678'],
  ['text', 'short text', '10 characters'],
  ['text', 'a text that is somewhat longer than the short one', '49 characters'],
  ['text', 'grüße aus dem fernen Köln', 'not ASCII'],
  ['bytea', Buffer.alloc(100, 7), '100 bytes'],
  ['uuid', '01234567-89ab-cdef-0123-456789abcdef'],
  ['date', '2024-05-06'],
  ['timestamptz', new Date('2024-05-06T07:08:09.123Z')],
  ['jsonb', { id: 1, tags: ['a', 'b'], nested: { x: 2 } }],
  ['_int4', Array.from({ length: 100 }, (_, i) => i), '100 elements'],
]

const CALLS = 100

/** Values from their binary form, by type. */
export function decoderCases(): MicroCase[] {
  return VALUES.map(([type, value, note]) => {
    const { decodeBinary, encodeBinary } = codec(type)
    const out = new MessageWriter()
    encodeBinary(value, out)
    const bytes = Buffer.from(out.take())
    let last: unknown
    return {
      name: note === undefined ? type : `${type}, ${note}`,
      unit: 'value',
      operations: CALLS,
      run() {
        for (let i = 0; i < CALLS; i++) last = decodeBinary(bytes, 0, bytes.length)
        if (last === undefined) throw new Error(type)
      },
    }
  })
}

/** Values to their binary form, by type. */
export function encoderCases(): MicroCase[] {
  return VALUES.map(([type, value, note]) => {
    const { encodeBinary } = codec(type)
    const out = new MessageWriter()
    return {
      name: note === undefined ? type : `${type}, ${note}`,
      unit: 'value',
      operations: CALLS,
      run() {
        for (let i = 0; i < CALLS; i++) encodeBinary(value, out)
        out.rewind(0)
      },
    }
  })
}

function codec(type: string): {
  decodeBinary: (buf: Buffer, start: number, end: number) => unknown
  encodeBinary: (value: unknown, out: MessageWriter) => void
} {
  const { decodeBinary, encodeBinary } = TypeMap.builtin.find(type) ?? {}
  if (decodeBinary === undefined || encodeBinary === undefined) throw new Error(`no ${type}`)
  return { decodeBinary, encodeBinary }
}
