import { decodeUtf8 } from '../types/codecs/utf8.js'
import { decodeArrayWindow, parseArrayText } from './array-text.js'
import { decodeDateWindow, parseDateText } from './date-text.js'
import { decodeHexText } from './hex-text.js'
import { decodeIntegerArray } from './integer-array-text.js'
import { parseIntervalText } from './postgres-interval.js'

/** Makes a JavaScript value of a value's text. */
export type TextParser = (text: string) => unknown

/** Makes a JavaScript value of bytes; the window is valid only during the call. */
export type WindowDecoder = (buf: Buffer, start: number, end: number) => unknown

const windowDecoders = new WeakMap<TextParser, WindowDecoder>()

/** Decoders that give what a built-in parser gives, by the parser. Those of users are not in it. */
export const WINDOW_DECODERS: Pick<WeakMap<TextParser, WindowDecoder>, 'get'> = windowDecoders

/** Says that `decode` gives from bytes what `parse` gives from their text. */
export function registerWindowDecoder(parse: TextParser, decode: WindowDecoder): void {
  windowDecoders.set(parse, decode)
}

/** The text itself: for every type that has no parser. */
export const asText: TextParser = String

const parseInteger: TextParser = (text) => Number.parseInt(text, 10)
const parseFloatText: TextParser = (text) => Number.parseFloat(text)
const parseBool: TextParser = (text) => /^(?:t|true|TRUE|y|yes|on|1)$/.test(text)
const parseJson: TextParser = (text) => JSON.parse(text)

/** A `point`, `(1,2)`; null for anything else. */
const parsePoint: TextParser = (text) => {
  if (!text.startsWith('(')) return null
  const [x = '', y = ''] = text.slice(1, -1).split(',')
  return { x: Number.parseFloat(x), y: Number.parseFloat(y) }
}

/** A `circle`, `<(1,2),3>`; null for anything else. */
const parseCircle: TextParser = (text) => {
  const match = /^<\(([^,]*),([^)]*)\),(.*)>$/.exec(text)
  if (match === null) return null
  const [x, y, radius] = match.slice(1).map(Number.parseFloat)
  return { x, y, radius }
}

/** `bytea` in either output format. */
const parseBytes: TextParser = (text) => {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex')
  const bytes = text.replace(/\\(\\|[0-7]{3})/g, (_, code: string) =>
    code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 8)),
  )
  return Buffer.from(bytes, 'latin1')
}

function arrayOf(parseElement: TextParser): TextParser {
  const parse: TextParser = (text) => parseArrayText(text, parseElement)
  windowDecoders.set(parse, decodeArrayWindow(parseElement))
  return parse
}

const texts = arrayOf(asText)
const integers = arrayOf(parseInteger)
const floats = arrayOf(parseFloatText)
const dates = arrayOf(parseDateText)
const jsons = arrayOf(parseJson)

/** The parsers that pg has, by the OID of the type. */
export const TEXT_PARSERS: ReadonlyMap<number, TextParser> = new Map<number, TextParser>([
  [16, parseBool],
  [17, parseBytes],
  [20, asText],
  [21, parseInteger],
  [23, parseInteger],
  [26, parseInteger],
  [114, parseJson],
  [199, jsons],
  [600, parsePoint],
  [651, texts], // cidr[]
  [700, parseFloatText],
  [701, parseFloatText],
  [718, parseCircle],
  [791, texts], // money[]
  [1000, arrayOf(parseBool)],
  [1001, arrayOf(parseBytes)],
  [1005, integers],
  [1007, integers],
  [1008, texts], // regproc[]
  [1009, texts], // text[]
  [1014, texts], // char(n)[]
  [1015, texts], // varchar[]
  [1016, arrayOf(asText)], // int8[], by itself so that parseInt8 may replace it
  [1017, arrayOf(parsePoint)],
  [1021, floats],
  [1022, floats],
  [1028, integers], // oid[]
  [1040, texts], // macaddr[]
  [1041, texts], // inet[]
  [1082, parseDateText],
  [1114, parseDateText],
  [1115, dates],
  [1182, dates],
  [1183, texts], // time[]
  [1184, parseDateText],
  [1185, dates],
  [1186, parseIntervalText],
  [1187, arrayOf(parseIntervalText)],
  [1231, floats], // numeric[]
  [1270, texts], // timetz[]
  [2951, texts], // uuid[]
  [3802, parseJson],
  [3807, jsons],
  [3907, texts], // numrange[]
])

const ZERO = 0x30
const MINUS = 0x2d
const LOWERCASE_T = 0x74
const LOWERCASE_F = 0x66
const BACKSLASH = 0x5c
const LOWERCASE_X = 0x78
const MAX_EXACT_DIGITS = 15

const decodeAnyIntegers = decodeArrayWindow(parseInteger)

windowDecoders.set(asText, decodeUtf8)
windowDecoders.set(
  integers,
  (buf, start, end) => decodeIntegerArray(buf, start, end) ?? decodeAnyIntegers(buf, start, end),
)
windowDecoders.set(parseDateText, decodeDateWindow)
windowDecoders.set(parseBool, (buf, start, end) => {
  if (end - start === 1) {
    if (buf[start] === LOWERCASE_T) return true
    if (buf[start] === LOWERCASE_F) return false
  }
  return parseBool(buf.toString('latin1', start, end))
})
windowDecoders.set(parseInteger, (buf, start, end) => {
  let at = start
  const isNegative = buf[at] === MINUS
  if (isNegative) at++
  const length = end - at
  if (length === 0 || length > MAX_EXACT_DIGITS) {
    return parseInteger(buf.toString('latin1', start, end))
  }
  let value = 0
  for (; at < end; at++) {
    const digit = (buf[at] as number) - ZERO
    // Whoever sets this parser for another type has texts of that type.
    if (digit < 0 || digit > 9) return parseInteger(buf.toString('latin1', start, end))
    value = value * 10 + digit
  }
  return isNegative ? -value : value
})
windowDecoders.set(parseBytes, (buf, start, end) =>
  buf[start] === BACKSLASH && buf[start + 1] === LOWERCASE_X
    ? decodeHexText(buf, start + 2, end)
    : parseBytes(buf.toString('latin1', start, end)),
)
