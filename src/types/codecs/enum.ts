import type { MessageWriter } from '../../protocol/message-writer.js'
import type { TraitedCodec } from '../codec-traits.js'
import { cannotEncode } from '../value-errors.js'
import { writeText } from './text.js'
import { decodeUtf8 } from './utf8.js'

/**
 * Makes the codec of an enum type: its labels as strings. The server says which labels there are, since
 * `ALTER TYPE` may add some at any time.
 *
 * @param name `pg_type.typname`.
 */
export function enumCodec(name: string): TraitedCodec<string> {
  const encode = (value: unknown, out: MessageWriter): void => {
    if (typeof value !== 'string') throw cannotEncode(name, value, 'labels, as strings')
    writeText(name, value, out)
  }
  return {
    name,
    decodeText: decodeUtf8,
    decodeBinary: decodeUtf8,
    encodeText: encode,
    encodeBinary: encode,
  }
}
