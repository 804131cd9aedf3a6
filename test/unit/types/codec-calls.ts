import { MessageWriter } from '../../../src/protocol/message-writer.js'
import type { Codec } from '../../../src/types/codec.js'
import { TypeMap } from '../../../src/types/type-map.js'

/** The codec of a type by name, with options. */
export function codecOf(name: string, options?: Readonly<Record<string, unknown>>): Codec {
  const codec = TypeMap.builtin.with(options).find(name)
  if (!codec) throw new Error(`there is no codec for ${name}`)
  return codec
}

/** What a codec appends for a value. */
export function encode(codec: Codec, value: unknown, format: 'text' | 'binary'): Buffer {
  const out = new MessageWriter()
  if (format === 'text') codec.encodeText(value, out)
  else if (codec.encodeBinary) codec.encodeBinary(value, out)
  else throw new Error(`${codec.name} has no binary encoder`)
  return out.take()
}

/** What a codec makes of bytes that stand amid others, which it must not read. */
export function decode(codec: Codec, bytes: Buffer, format: 'text' | 'binary'): unknown {
  const around = Buffer.alloc(bytes.length + 32, 0xff)
  bytes.copy(around, 16)
  const decoder = format === 'text' ? codec.decodeText : codec.decodeBinary
  if (!decoder) throw new Error(`${codec.name} has no binary decoder`)
  return decoder(around, 16, 16 + bytes.length)
}
