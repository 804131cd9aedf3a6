import type { Codec } from '../codec.js'
import { cannotEncode, malformed } from '../value-errors.js'
import { writeText } from './text.js'
import { decodeUtf8 } from './utf8.js'

/** The only version there is, of each of these types. */
const VERSION = 1

/**
 * Makes the codec of a type whose binary form is a byte for its version and then its text: `jsonpath`
 * and the types of the extension ltree.
 *
 * @see jsonpath_send in src/backend/utils/adt/jsonpath.c, ltree_send in contrib/ltree/ltree_io.c
 */
export function versionedTextCodec(name: string): Codec<string> {
  const encodeText: Codec['encodeText'] = (value, out) => {
    if (typeof value !== 'string') throw cannotEncode(name, value, 'strings')
    writeText(name, value, out)
  }
  return {
    name,
    decodeText: decodeUtf8,
    decodeBinary(buf, start, end) {
      if (start === end || buf[start] !== VERSION) throw malformed(name, 'an unknown version')
      return decodeUtf8(buf, start + 1, end)
    },
    encodeText,
    encodeBinary(value, out) {
      out.int8(VERSION)
      encodeText(value, out)
    },
  }
}

/** `jsonpath`, as text. */
export const jsonpath: Codec<string> = versionedTextCodec('jsonpath')
