const BITS = new DataView(new ArrayBuffer(4))

/** Bits of the infinity; what rounds to it or more does not fit. */
const INFINITE = 0x7c00

/** Reads the 16 bits of an IEEE 754 binary16 as a number. */
export function halfToNumber(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/**
 * Rounds a number to the nearest binary16, ties to even, by way of a float4 as the server does.
 * Undefined if it is not finite or beyond 65504.
 */
export function numberToHalf(value: number): number | undefined {
  BITS.setFloat32(0, value)
  const bits = BITS.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const exponent = ((bits >>> 23) & 0xff) - 127
  const fraction = bits & 0x7fffff
  // Below 2^-14 numbers are multiples of 2^-24, half of which and less round to 0.
  if (exponent < -25) return sign
  const half =
    exponent < -14
      ? roundedShift(fraction | 0x800000, -1 - exponent)
      : roundedShift(((exponent + 15) << 23) | fraction, 13)
  return half < INFINITE ? sign | half : undefined
}

/** Drops bits from the right and rounds, ties to even. */
function roundedShift(value: number, count: number): number {
  const kept = value >>> count
  const dropped = value & ((1 << count) - 1)
  const tie = 1 << (count - 1)
  return dropped > tie || (dropped === tie && (kept & 1) === 1) ? kept + 1 : kept
}
