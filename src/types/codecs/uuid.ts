import type { Codec } from '../codec.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'

const HYPHEN = 0x2d
const PRINTED = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** As uuid_in: any case, a hyphen after any group of four digits, braces around all. */
const ACCEPTED = /^(?:([0-9a-f]{4}(?:-?[0-9a-f]{4}){7})|\{([0-9a-f]{4}(?:-?[0-9a-f]{4}){7})\})$/i

const HEX_DIGITS = Buffer.from('0123456789abcdef', 'latin1')

/** Where the text of a uuid is put together, so that it becomes one flat string. */
const scratch = Buffer.allocUnsafeSlow(36)
for (const at of [8, 13, 18, 23]) scratch[at] = HYPHEN

/** The 32 hexadecimal digits of a parameter. */
function digitsOf(value: unknown): string {
  const match = typeof value === 'string' ? ACCEPTED.exec(value) : null
  const text = match?.[1] ?? match?.[2]
  if (text === undefined) throw cannotEncode('uuid', value, 'the text of a uuid')
  return text.replaceAll('-', '')
}

/** `uuid`, as lower-case text. */
export const uuid: Codec<string> = {
  name: 'uuid',
  decodeText(buf, start, end) {
    expectLength('uuid', start, end, 36)
    const text = buf.toString('latin1', start, end)
    if (!PRINTED.test(text)) throw malformed('uuid', 'not the text of a uuid')
    return text
  },
  decodeBinary(buf, start, end) {
    expectLength('uuid', start, end, 16)
    let to = 0
    for (let at = start; at < end; at++) {
      const byte = buf.readUInt8(at)
      scratch[to] = HEX_DIGITS.readUInt8(byte >> 4)
      scratch[to + 1] = HEX_DIGITS.readUInt8(byte & 15)
      to += 2
      if (to === 8 || to === 13 || to === 18 || to === 23) to++
    }
    return scratch.toString('latin1')
  },
  encodeText(value, out) {
    out.utf8(
      digitsOf(value)
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
        .toLowerCase(),
    )
  },
  encodeBinary(value, out) {
    const digits = digitsOf(value)
    for (let at = 0; at < 32; at += 8) out.int32(Number.parseInt(digits.slice(at, at + 8), 16))
  },
}
