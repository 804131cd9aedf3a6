/**
 * The proleptic Gregorian calendar, which PostgreSQL uses for all times. `Date` does not reach as far:
 * it ends in the year 275760, a `date` in 5874897. Years count astronomically: 0 is 1 BC.
 */

/** Milliseconds from 1970-01-01, where `Date` begins to count, to 2000-01-01, where PostgreSQL does. */
export const POSTGRES_EPOCH_MS: number = Date.UTC(2000, 0, 1)
export const MILLISECONDS_PER_DAY = 86_400_000
/** The farthest that a `Date` is from its epoch (ECMA-262, Time Values and Time Range). */
export const MAX_DATE_MS = 8.64e15

/** 4714-11-24 BC, the first day of every PostgreSQL type, in days since 2000-01-01. */
export const FIRST_DAY: number = -2_451_545

const DAYS_PER_ERA = 146_097
/** Days from 0000-03-01, where years of this arithmetic begin so that leap days end them, to 2000-01-01. */
const EPOCH_OFFSET = 730_425

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days from 2000-01-01 to a day of a year. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_PER_ERA + dayOfEra - EPOCH_OFFSET
}

/**
 * The inverse of {@link daysFromCivil}, as one number so that nothing is allocated:
 * `year * 512 + month * 32 + day`.
 */
export function civilFromDays(days: number): number {
  const shifted = days + EPOCH_OFFSET
  const era = Math.floor(shifted / DAYS_PER_ERA)
  const dayOfEra = shifted - era * DAYS_PER_ERA
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return year * 512 + month * 32 + day
}

/** Whether a month has such a day. */
export function isDayOfMonth(year: number, month: number, day: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const length = DAYS_IN_MONTH[month - 1] ?? 0
  return day >= 1 && day <= (month === 2 && isLeap ? 29 : length)
}
