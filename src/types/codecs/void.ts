import type { Codec } from '../codec.js'
import { cannotEncode } from '../value-errors.js'

function refuse(value: unknown): never {
  throw cannotEncode('void', value, 'no values')
}

/** `void`, what functions without a result give: always null. */
export const voidCodec: Codec<null> = {
  name: 'void',
  decodeText: () => null,
  decodeBinary: () => null,
  encodeText: refuse,
  encodeBinary: refuse,
}
