import type { MessageWriter } from '../../protocol/message-writer.js'
import type { TraitedCodec } from '../codec-traits.js'
import { canGenerateCode } from '../generated-code.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'
import { decodeAscii } from './utf8.js'

const HYPHEN = 0x2d
const PRINTED = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** As uuid_in: any case, a hyphen after any group of four digits, braces around all. */
const ACCEPTED = /^(?:([0-9a-f]{4}(?:-?[0-9a-f]{4}){7})|\{([0-9a-f]{4}(?:-?[0-9a-f]{4}){7})\})$/i

/** The two digits of each byte, as character codes. */
const HIGH_DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => digitCode(byte >> 4))
const LOW_DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => digitCode(byte & 15))

/** Where in the text the digits of each byte begin. */
const POSITIONS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const

/** Where the text of a uuid is put together without generated code, so that it becomes one flat string. */
const scratch = Buffer.alloc(36)

/** The text of the sixteen bytes at `start`; by one call with all characters in half the time. */
const printBytes: (buf: Buffer, start: number) => string = canGenerateCode()
  ? generatePrinter()
  : (buf, start) => {
      writeText(buf, start, scratch, 0)
      return decodeAscii(scratch, 0, scratch.length)
    }

function writeText(buf: Buffer, start: number, out: Uint8Array, outAt: number): void {
  let at = outAt
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) out[at++] = HYPHEN
    const byte = buf[start + i] as number
    out[at++] = HIGH_DIGITS[byte] as number
    out[at++] = LOW_DIGITS[byte] as number
  }
}

function generatePrinter(): typeof printBytes {
  const characters = POSITIONS.flatMap((at, i) => {
    const digits = [`high[b${i}]`, `low[b${i}]`]
    return POSITIONS[i + 1] === at + 3 ? [...digits, String(HYPHEN)] : digits
  })
  const code = `
    return (buf, start) => {
      const ${POSITIONS.map((_, i) => `b${i} = buf[start + ${i}]`).join(', ')}
      return String.fromCharCode(${characters.join(', ')})
    }`
  return new Function('high', 'low', code)(HIGH_DIGITS, LOW_DIGITS) as typeof printBytes
}

function digitCode(digit: number): number {
  return digit.toString(16).charCodeAt(0)
}

/** The 32 hexadecimal digits of a parameter. */
function digitsOf(value: unknown): string {
  const match = typeof value === 'string' ? ACCEPTED.exec(value) : null
  const text = match?.[1] ?? match?.[2]
  if (text === undefined) throw cannotEncode('uuid', value, 'the text of a uuid')
  return text.replaceAll('-', '')
}

/** The value of a hexadecimal digit by its character code; −1 for all else, whose sign spreads. */
const DIGIT_VALUES = Int8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(value) ? -1 : value
})

/**
 * Appends the bytes of a uuid in its usual form, without taking it apart as text.
 * @returns false, with nothing appended, if it is in another form.
 */
function writeUsualForm(text: string, out: MessageWriter): boolean {
  if (text.length !== 36) return false
  let signs = 0
  for (let i = 0; i < 36; i++) {
    const code = text.charCodeAt(i)
    const isHyphen = i === 8 || i === 13 || i === 18 || i === 23
    if (isHyphen ? code !== HYPHEN : code > 0xff) return false
    if (!isHyphen) signs |= DIGIT_VALUES[code] ?? -1
  }
  if (signs < 0) return false
  for (let i = 0; i < 16; i++) {
    const at = POSITIONS[i] ?? 0
    const high = DIGIT_VALUES[text.charCodeAt(at)] ?? 0
    const low = DIGIT_VALUES[text.charCodeAt(at + 1)] ?? 0
    out.int8((high << 4) | low)
  }
  return true
}

/** `uuid`, as lower-case text. */
export const uuid: TraitedCodec<string> = {
  name: 'uuid',
  decodeText(buf, start, end) {
    expectLength('uuid', start, end, 36)
    const text = buf.toString('latin1', start, end)
    if (!PRINTED.test(text)) throw malformed('uuid', 'not the text of a uuid')
    return text
  },
  decodeBinary(buf, start, end) {
    expectLength('uuid', start, end, 16)
    return printBytes(buf, start)
  },
  encodeText(value, out) {
    out.utf8(
      digitsOf(value)
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
        .toLowerCase(),
    )
  },
  encodeBinary(value, out) {
    if (typeof value === 'string' && writeUsualForm(value, out)) return
    const digits = digitsOf(value)
    for (let at = 0; at < 32; at += 8) out.int32(Number.parseInt(digits.slice(at, at + 8), 16))
  },
  traits: {
    printer: {
      room: () => 36,
      print(buf, start, end, out, at) {
        expectLength('uuid', start, end, 16)
        writeText(buf, start, out, at)
        return at + 36
      },
    },
  },
}
