import { civilFromDays, daysFromCivil, isDayOfMonth } from './calendar.js'

/*
 * The text of dates and times, as the server prints them with `DateStyle = ISO`:
 *
 *   date        = year "-" 2DIGIT "-" 2DIGIT [ " BC" ]
 *   time        = 2DIGIT ":" 2DIGIT ":" 2DIGIT [ "." 1*6DIGIT ]
 *   timetz      = time zone
 *   timestamp   = year "-" 2DIGIT "-" 2DIGIT " " time [ zone ] [ " BC" ]
 *   zone        = ( "+" / "-" ) 2DIGIT [ ":" 2DIGIT [ ":" 2DIGIT ] ]
 *   year        = 4*7DIGIT
 *
 * What is read may also have "T" for the space, "Z" for a zone, and no seconds. The reference for what is printed is
 * EncodeDateOnly, EncodeTimeOnly and EncodeDateTime in src/backend/utils/adt/datetime.c.
 */
const DATE = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d(?::\d\d){0,2})?$/
const TIMESTAMP = /^(\d{4,7}-\d\d-\d\d)[ T](.*?)( BC)?$/

/** The longest text of the grammar, with room to spare. */
const MAX_LENGTH = 64

/** Microseconds in a day. */
export const MICROSECONDS_PER_DAY = 86_400_000_000
const MICROSECONDS_PER_SECOND = 1_000_000

/** Zones are less than 16 hours from UTC (MAX_TZDISP_HOUR in src/include/datatype/timestamp.h). */
export const MAX_ZONE_SECONDS: number = 16 * 3600

const FIRST_DAY_AD = daysFromCivil(1, 1, 1)

/** A point on the clock: microseconds since midnight and, where it was given, the zone. */
export interface ClockTime {
  readonly microseconds: number
  /** Seconds east of UTC. */
  readonly zone: number | undefined
}

/** A point in time without or in UTC: a day and the microseconds of it. Together they exceed what a number keeps. */
export interface Moment {
  /** Days since 2000-01-01. */
  readonly days: number
  /** Microseconds since midnight, below {@link MICROSECONDS_PER_DAY}. */
  readonly microseconds: number
}

/** Reads a date as days since 2000-01-01; undefined if it is none. */
export function parseDate(text: string): number | undefined {
  const match = text.length <= MAX_LENGTH ? DATE.exec(text) : null
  if (!match) return undefined
  const shownYear = Number(match[1])
  // Behind 1 BC comes 1 AD.
  if (shownYear === 0) return undefined
  const year = match[4] === undefined ? shownYear : 1 - shownYear
  const month = Number(match[2])
  const day = Number(match[3])
  return isDayOfMonth(year, month, day) ? daysFromCivil(year, month, day) : undefined
}

/** Reads a time of day, with or without a zone; undefined if it is none. 24:00:00 is one. */
export function parseTime(text: string): ClockTime | undefined {
  const match = text.length <= MAX_LENGTH ? TIME.exec(text) : null
  if (!match) return undefined
  const minutes = Number(match[2])
  const seconds = Number(match[3] ?? 0)
  if (minutes > 59 || seconds > 59) return undefined
  const microseconds =
    (Number(match[1]) * 3600 + minutes * 60 + seconds) * MICROSECONDS_PER_SECOND +
    Number((match[4] ?? '').padEnd(6, '0'))
  if (microseconds > MICROSECONDS_PER_DAY) return undefined
  if (match[5] === undefined) return { microseconds, zone: undefined }
  const zone = parseZone(match[5])
  return zone === undefined ? undefined : { microseconds, zone }
}

function parseZone(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const [hours = '0', minutes = '0', seconds = '0'] = zone.slice(1).split(':')
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  if (Number(minutes) > 59 || Number(seconds) > 59 || size >= MAX_ZONE_SECONDS) return undefined
  return zone.startsWith('-') ? 0 - size : size
}

/**
 * Reads a timestamp; undefined if it is none. One with a zone is converted to UTC; whether there is to
 * be a zone is for the caller to say.
 */
export function parseTimestamp(text: string, zoned: boolean): Moment | undefined {
  const match = text.length <= MAX_LENGTH ? TIMESTAMP.exec(text) : null
  const days = match ? parseDate(`${match[1]}${match[3] ?? ''}`) : undefined
  const clock = parseTime(match?.[2] ?? '')
  if (days === undefined || !clock || (clock.zone !== undefined) !== zoned) return undefined
  const microseconds = clock.microseconds - (clock.zone ?? 0) * MICROSECONDS_PER_SECOND
  const carried = Math.floor(microseconds / MICROSECONDS_PER_DAY)
  return { days: days + carried, microseconds: microseconds - carried * MICROSECONDS_PER_DAY }
}

/** Where texts are put together, so that each becomes one flat string. Everything here is ASCII. */
const scratch = Buffer.allocUnsafeSlow(64)

/** Prints days since 2000-01-01 as a date. */
export function formatDate(days: number): string {
  return scratch.toString('latin1', 0, writeEra(writeDay(0, days), days))
}

/** Prints microseconds since midnight as a time of day. */
export function formatTime(microseconds: number): string {
  return scratch.toString('latin1', 0, writeTime(0, microseconds))
}

/** Prints microseconds since midnight and seconds east of UTC as a time of day with its zone. */
export function formatTimeWithZone(microseconds: number, zone: number): string {
  return scratch.toString('latin1', 0, writeZone(writeTime(0, microseconds), zone))
}

/** Prints a moment as a timestamp, with the zone `+00` if `zoned`. */
export function formatTimestamp(days: number, microseconds: number, zoned: boolean): string {
  let at = writeDay(0, days)
  scratch[at++] = 0x20
  at = writeTime(at, microseconds)
  if (zoned) at = writeZone(at, 0)
  return scratch.toString('latin1', 0, writeEra(at, days))
}

function writeDay(start: number, days: number): number {
  const civil = civilFromDays(days)
  const year = Math.floor(civil / 512)
  const shownYear = year > 0 ? year : 1 - year
  let at = shownYear < 10_000 ? start : start + scratch.write(String(shownYear), start)
  if (shownYear < 10_000) {
    at = writeTwoDigits(at, Math.floor(shownYear / 100))
    at = writeTwoDigits(at, shownYear % 100)
  }
  const monthAndDay = civil - year * 512
  scratch[at++] = 0x2d
  at = writeTwoDigits(at, monthAndDay >> 5)
  scratch[at++] = 0x2d
  return writeTwoDigits(at, monthAndDay & 31)
}

function writeEra(at: number, days: number): number {
  return days >= FIRST_DAY_AD ? at : at + scratch.write(' BC', at)
}

function writeTime(start: number, microseconds: number): number {
  let seconds = Math.floor(microseconds / MICROSECONDS_PER_SECOND)
  let fraction = microseconds - seconds * MICROSECONDS_PER_SECOND
  let at = writeTwoDigits(start, Math.floor(seconds / 3600))
  seconds %= 3600
  scratch[at++] = 0x3a
  at = writeTwoDigits(at, Math.floor(seconds / 60))
  scratch[at++] = 0x3a
  at = writeTwoDigits(at, seconds % 60)
  if (fraction === 0) return at
  scratch[at++] = 0x2e
  for (let unit = 100_000; fraction > 0; unit /= 10) {
    const digit = Math.floor(fraction / unit)
    scratch[at++] = 0x30 + digit
    fraction -= digit * unit
  }
  return at
}

function writeZone(start: number, zone: number): number {
  const size = Math.abs(zone)
  let at = start
  scratch[at++] = zone < 0 ? 0x2d : 0x2b
  at = writeTwoDigits(at, Math.floor(size / 3600))
  if (size % 3600 === 0) return at
  scratch[at++] = 0x3a
  at = writeTwoDigits(at, Math.floor((size % 3600) / 60))
  if (size % 60 === 0) return at
  scratch[at++] = 0x3a
  return writeTwoDigits(at, size % 60)
}

function writeTwoDigits(at: number, value: number): number {
  const tens = Math.floor(value / 10)
  scratch[at] = 0x30 + tens
  scratch[at + 1] = 0x30 + value - tens * 10
  return at + 2
}
