import { TypeMap } from '../types/type-map.js'
import { registerWindowDecoder, type WindowDecoder } from './text-parsers.js'
import type { CustomTypesConfig } from './type-overrides.js'
import { isSetByUser, types as processTypes, type TypeFormat, type TypeParser } from './types.js'

const parsers = new Map<number, TypeParser>()

/**
 * The values that sluice's own API gives, for the built-in types (see docs/types.md): exact `numeric[]`,
 * `date` as the day it is, and so on. Parsers that were set for the whole process stay above them.
 */
export const nativeTypes: CustomTypesConfig = {
  getTypeParser(oid: number, format: TypeFormat = 'text'): TypeParser {
    if (format !== 'text' || isSetByUser(oid)) return processTypes.getTypeParser(oid, format)
    let parser = parsers.get(oid)
    if (parser === undefined) {
      parser = nativeParser(TypeMap.builtin.get(oid).decodeText)
      parsers.set(oid, parser)
    }
    return parser
  },
}

function nativeParser(decode: WindowDecoder): TypeParser {
  const parse = (text: string): unknown => {
    const bytes = Buffer.from(text)
    return decode(bytes, 0, bytes.length)
  }
  registerWindowDecoder(parse, decode)
  return parse
}
