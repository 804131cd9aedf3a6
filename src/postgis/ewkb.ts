import { isString, type TraitedCodec } from '../types/codec-traits.js'
import { bytesOf } from '../types/codecs/bytea.js'
import { writeText } from '../types/codecs/text.js'
import { malformed } from '../types/value-errors.js'

/** Reads the hexadecimal digits that are the text of a geometry. */
export function bytesOfHex(buf: Buffer, start: number, end: number): Buffer {
  const bytes = Buffer.from(buf.toString('latin1', start, end), 'hex')
  // Buffer.from stops at what is no pair of hex digits.
  if (bytes.length * 2 !== end - start) throw malformed('geometry', 'not hexadecimal digits')
  return bytes
}

/**
 * The codec of PostGIS's `geometry` and `geography` as EWKB: bytes out; bytes or PostGIS's text in.
 *
 * @example
 * connect(dsn, { types: { geometry: ewkb, geography: ewkb } })
 */
export const ewkb: TraitedCodec<Buffer> = {
  name: 'geometry',
  decodeText: bytesOfHex,
  decodeBinary: (buf, start, end) => Buffer.from(buf.subarray(start, end)),
  encodeText(value, out) {
    if (typeof value === 'string') writeText('geometry', value, out)
    else out.utf8(Buffer.from(bytesOf('geometry', value)).toString('hex'))
  },
  encodeBinary: (value, out) => out.bytes(bytesOf('geometry', value)),
  traits: { goesAsText: isString, isElement: ArrayBuffer.isView },
}
