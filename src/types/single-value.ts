import { DecodeError, EncodeError } from '../base/errors.js'
import { MessageWriter } from '../protocol/message-writer.js'
import type { Format } from '../protocol/messages.js'
import type { Codec } from './codec.js'
import { TypeMap } from './type-map.js'
import type { TypeOptions } from './type-options.js'

/**
 * The codec of a built-in type, to be used without a connection; undefined if there is no such type.
 *
 * @param name `pg_type.typname`; the array type of `int4` is `_int4`.
 * @param types options as for a connection.
 * @throws {TypeError} if the options are wrong.
 *
 * @example
 * const codec = builtinCodec('numrange', { numeric: 'number' })
 */
export function builtinCodec(name: string, types?: TypeOptions): Codec | undefined {
  return TypeMap.builtin.with(types).find(name)
}

/**
 * Decodes one value outside a connection.
 *
 * @param bytes the whole value, in text (as UTF-8) or in binary.
 * @param format 0 for text, 1 for binary, as in the protocol.
 * @throws {DecodeError} if the bytes are no value of the type, or the codec does not read the format.
 */
export function decodeValue<T>(codec: Codec<T>, bytes: Uint8Array, format: Format): T {
  const buf = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (format === 0) return codec.decodeText(buf, 0, buf.length)
  if (codec.decodeBinary !== undefined) return codec.decodeBinary(buf, 0, buf.length)
  throw new DecodeError(`${codec.name} has no binary form that can be read`, { type: codec.name })
}

/**
 * Encodes one value outside a connection.
 *
 * @param format 0 for text (as UTF-8), 1 for binary, as in the protocol.
 * @throws {EncodeError} if the type does not take the value, or the codec does not write the format.
 */
export function encodeValue(codec: Codec, value: unknown, format: Format): Buffer {
  const out = new MessageWriter()
  if (format === 0) codec.encodeText(value, out)
  else if (codec.encodeBinary !== undefined) codec.encodeBinary(value, out)
  else throw new EncodeError(`${codec.name} has no binary form`, { type: codec.name })
  return out.take()
}
