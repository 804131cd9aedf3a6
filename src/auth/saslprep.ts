import { LEFT_TO_RIGHT, REFUSED, RIGHT_TO_LEFT } from './saslprep-tables.js'

/** Spaces other than U+0020, which become it (RFC 3454, C.1.2). U+200B is in B.1 too; PostgreSQL takes it for a space. */
const NON_ASCII_SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu
/** Code points commonly mapped to nothing (RFC 3454, B.1). */
const MAPPED_TO_NOTHING =
  /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu

/**
 * Prepares a password for SCRAM: SASLprep (RFC 4013) as PostgreSQL does it.
 *
 * Where SASLprep refuses the text, PostgreSQL goes on with the text as it is, on both sides, and so does
 * this. As in PostgreSQL the checks look at the mapped text *before* its normalisation; the two orders
 * differ for a few code points, and the server's verifier was made in this one.
 *
 * @see pg_saslprep in src/common/saslprep.c, scram_init in src/interfaces/libpq/fe-auth-scram.c
 */
export function saslprep(password: string): string {
  // ASCII is taken as it is, control characters included.
  if (isAscii(password)) return password
  const mapped = password.replace(NON_ASCII_SPACES, ' ').replace(MAPPED_TO_NOTHING, '')
  return isAcceptable(mapped) ? mapped.normalize('NFKC') : password
}

function isAcceptable(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0)
  const [first] = codes
  const last = codes.at(-1)
  if (first === undefined || last === undefined) return false
  const refused = table(REFUSED)
  if (codes.some((code) => contains(refused, code))) return false
  // RFC 3454, section 6: right-to-left text starts and ends with such a character and mixes with no
  // left-to-right one.
  const rightToLeft = table(RIGHT_TO_LEFT)
  if (!codes.some((code) => contains(rightToLeft, code))) return true
  const leftToRight = table(LEFT_TO_RIGHT)
  return (
    contains(rightToLeft, first) &&
    contains(rightToLeft, last) &&
    !codes.some((code) => contains(leftToRight, code))
  )
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false
  }
  return true
}

/** The first and the last code point of each range, in turn. */
type Ranges = readonly number[]

const unpacked = new Map<string, Ranges>()

// Unpacked at first use: most passwords are ASCII and need no table.
function table(packed: string): Ranges {
  const known = unpacked.get(packed)
  if (known !== undefined) return known
  const ranges: number[] = []
  let position = 0
  for (const range of packed.split(' ')) {
    const [gap = '', extent = '0'] = range.split('.')
    const first = position + Number.parseInt(gap, 36)
    position = first + Number.parseInt(extent, 36)
    ranges.push(first, position)
  }
  unpacked.set(packed, ranges)
  return ranges
}

function contains(ranges: Ranges, code: number): boolean {
  let low = 0
  let high = ranges.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[2 * middle + 1] ?? 0) < code) low = middle + 1
    else high = middle
  }
  const first = ranges[2 * low]
  return first !== undefined && first <= code
}
