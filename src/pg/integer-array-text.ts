const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

/** Numbers of so many digits are exact whatever they are. */
const MAX_DIGITS = 15

/**
 * The numbers of an array of one dimension of integers, `{1,-2}`, read where they lie. Undefined where
 * it is anything else: has NULLs or longer numbers, is empty or nested, says its bounds.
 */
export function decodeIntegerArray(buf: Buffer, start: number, end: number): number[] | undefined {
  if (buf[start] !== OPENING_BRACE || buf[end - 1] !== CLOSING_BRACE) return undefined
  const numbers: number[] = []
  for (let at = start + 1; at < end; at++) {
    const isNegative = buf[at] === MINUS
    if (isNegative) at++
    const first = at
    let value = 0
    for (; at < end; at++) {
      const byte = buf[at] as number
      if (byte < ZERO || byte > NINE) break
      value = value * 10 + (byte - ZERO)
    }
    const digits = at - first
    const isLast = at === end - 1
    if (digits === 0 || digits > MAX_DIGITS || (!isLast && buf[at] !== COMMA)) return undefined
    numbers.push(isNegative ? -value : value)
  }
  return numbers
}
