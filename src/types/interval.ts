const MAX_INT32 = 0x7fffffff
const MICROSECONDS_PER_HOUR = 3_600_000_000
const MICROSECONDS_PER_MINUTE = 60_000_000
const MICROSECONDS_PER_SECOND = 1_000_000

/**
 * A PostgreSQL `interval`: three numbers that do not convert into one another, since months differ in
 * days and days in hours. Each has its own sign.
 *
 * @example
 * new Interval({ months: 14, days: -3 }).toString() // 'P1Y2M-3D'
 */
export class Interval {
  readonly months: number
  readonly days: number
  readonly microseconds: number

  /**
   * @throws {RangeError} if months or days are not integers of 32 bits, or microseconds is not an
   * integer within ±(2^53 − 1). What is left out is 0.
   */
  constructor(parts: { months?: number; days?: number; microseconds?: number } = {}) {
    this.months = checked('months', parts.months ?? 0, MAX_INT32)
    this.days = checked('days', parts.days ?? 0, MAX_INT32)
    this.microseconds = checked('microseconds', parts.microseconds ?? 0, Number.MAX_SAFE_INTEGER)
  }

  /** ISO 8601 with a sign on each field that needs one, as `IntervalStyle = iso_8601` prints it. */
  toString(): string {
    const { microseconds: us } = this
    const date =
      field(Math.trunc(this.months / 12), 'Y') +
      field(this.months % 12, 'M') +
      field(this.days, 'D')
    const time =
      field(Math.trunc(us / MICROSECONDS_PER_HOUR), 'H') +
      field(Math.trunc((us % MICROSECONDS_PER_HOUR) / MICROSECONDS_PER_MINUTE), 'M') +
      secondsField(us % MICROSECONDS_PER_MINUTE)
    if (date === '' && time === '') return 'PT0S'
    return time === '' ? `P${date}` : `P${date}T${time}`
  }

  /** What {@link toString} gives. */
  toJSON(): string {
    return this.toString()
  }
}

function checked(name: string, value: number, max: number): number {
  const min = max === MAX_INT32 ? -max - 1 : -max
  if (Number.isInteger(value) && value >= min && value <= max) return value + 0 // −0 becomes 0
  throw new RangeError(`${name} of an Interval is an integer from ${min} to ${max}`)
}

function field(value: number, unit: string): string {
  return value === 0 ? '' : `${value}${unit}`
}

function secondsField(us: number): string {
  if (us === 0) return ''
  const size = Math.abs(us)
  const fraction = String(size % MICROSECONDS_PER_SECOND)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const seconds = `${us < 0 ? '-' : ''}${Math.floor(size / MICROSECONDS_PER_SECOND)}`
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}S`
}
