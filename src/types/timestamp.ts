/**
 * A `Date` with the microseconds that PostgreSQL keeps and `Date` does not.
 *
 * Sluice gives one for every timestamp that has microseconds, and a plain `Date` for the others, so
 * that a value that was read finds its row again. Comparing by `getTime()` ignores the microseconds.
 *
 * @example
 * new Timestamp(Date.UTC(2024, 0, 1), 250).toISOString() // '2024-01-01T00:00:00.000250Z'
 */
export class Timestamp extends Date {
  /** Microseconds past the millisecond that `getTime()` gives: 0 to 999. */
  readonly microseconds: number

  /**
   * @param time milliseconds since 1970-01-01 UTC.
   * @throws {RangeError} if `microseconds` is not an integer from 0 to 999.
   */
  constructor(time: number, microseconds = 0) {
    super(time)
    if (!Number.isInteger(microseconds) || microseconds < 0 || microseconds > 999) {
      throw new RangeError('the microseconds of a Timestamp are an integer from 0 to 999')
    }
    this.microseconds = microseconds
  }

  /** ISO 8601 in UTC with six digits of a second. @throws {RangeError} if the date is invalid. */
  override toISOString(): string {
    return `${super.toISOString().slice(0, -1)}${String(this.microseconds).padStart(3, '0')}Z`
  }

  /** What {@link toISOString} gives, or, as with `Date`, null for an invalid date. */
  override toJSON(): string {
    // The type of Date.toJSON leaves out the null that it gives for an invalid date.
    return Number.isNaN(this.getTime()) ? super.toJSON() : this.toISOString()
  }
}
