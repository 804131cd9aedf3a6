/** A duration in ms with three significant digits: `0.137 ms`, `8.31 ms`, `412 ms`. */
export function formatMs(ms: number): string {
  return `${toSignificant(ms)} ms`
}

/** A phase in ms; a dash for one that does not apply. */
export function formatPhase(ms: number): string {
  return ms === 0 ? '–' : formatMs(ms)
}

/** A number with three significant digits and no unit. */
export function toSignificant(value: number): string {
  if (value >= 100) return formatCount(value)
  if (value >= 10) return value.toFixed(1)
  if (value >= 1) return value.toFixed(2)
  return value.toFixed(3)
}

/** A whole number with separators: `12,345`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** A share (0 to 1) in per cent: `83 %`, and `98.4 %` near the ends, where whole numbers say little. */
export function formatShare(share: number): string {
  const percent = share * 100
  const isNearEnd = percent > 95 || (percent < 5 && percent > -5)
  return `${percent.toFixed(isNearEnd ? 1 : 0)} %`
}

/** How many times: `41×`, `3.4×`. */
export function formatFactor(factor: number): string {
  return `${factor >= 10 ? formatCount(factor) : factor.toFixed(1)}×`
}

/** The smallest and the greatest as text, or one text if they read the same. */
export function formatRange(values: readonly number[], format: (value: number) => string): string {
  const low = format(Math.min(...values))
  const high = format(Math.max(...values))
  return low === high ? low : `${low} to ${high}`
}
