/**
 * A finite decimal taken apart: `digits` without leading zeros (none at all for zero), of which the
 * last `scale` are behind the decimal point. A negative `scale` stands for zeros to append.
 */
export interface Decimal {
  readonly negative: boolean
  readonly digits: string
  readonly scale: number
}

const DECIMAL = /^([+-])?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,9}))?$/

/** Takes the text of a decimal apart, exponent form included; undefined if it is none. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text)
  if (!match) return undefined
  const fraction = match[3] ?? match[4] ?? ''
  const digits = ((match[2] ?? '') + fraction).replace(/^0+/, '')
  return { negative: match[1] === '-', digits, scale: fraction.length - Number(match[5] ?? 0) }
}

/** Whether two decimals are the same number. */
export function isSameDecimal(a: Decimal, b: Decimal): boolean {
  const left = withoutTrailingZeros(a)
  const right = withoutTrailingZeros(b)
  if (left.digits !== right.digits) return false
  return left.digits === '' || (left.scale === right.scale && left.negative === right.negative)
}

function withoutTrailingZeros(decimal: Decimal): Decimal {
  let { length } = decimal.digits
  while (decimal.digits[length - 1] === '0') length -= 1
  const digits = decimal.digits.slice(0, length)
  return { ...decimal, digits, scale: decimal.scale - (decimal.digits.length - length) }
}
