import type { TraitedCodec } from '../codec-traits.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'

const LETTER_T = 0x74
const LETTER_F = 0x66

/** What the server reads as true and as false: a word or the beginning of one (parse_bool in bool.c). */
const TRUE = /^(?:t|tr|tru|true|y|ye|yes|on|1)$/i
const FALSE = /^(?:f|fa|fal|fals|false|n|no|of|off|0)$/i

function toBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') {
    if (TRUE.test(value)) return true
    if (FALSE.test(value)) return false
  }
  throw cannotEncode('bool', value, 'booleans and strings such as true, f, yes or off')
}

/** `bool`. */
export const bool: TraitedCodec<boolean> = {
  name: 'bool',
  decodeText(buf, start, end) {
    expectLength('bool', start, end, 1)
    const byte = buf[start]
    if (byte !== LETTER_T && byte !== LETTER_F) throw malformed('bool', 'neither t nor f')
    return byte === LETTER_T
  },
  decodeBinary(buf, start, end) {
    expectLength('bool', start, end, 1)
    return buf[start] !== 0
  },
  encodeText(value, out) {
    out.int8(toBoolean(value) ? LETTER_T : LETTER_F)
  },
  encodeBinary(value, out) {
    out.int8(toBoolean(value) ? 1 : 0)
  },
  layout: 'bool',
}
