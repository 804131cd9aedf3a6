/**
 * The fields of an interval as the server keeps them. Microseconds exceed what a number keeps, and
 * only text needs those, so here they are a bigint.
 */
export interface IntervalFields {
  readonly months: number
  readonly days: number
  readonly microseconds: bigint
}

/** What the server prints with `IntervalStyle = postgres`; a sign belongs to its own field. */
const POSTGRES =
  /^(?:([+-]?\d+) years?)?(?: ?([+-]?\d+) mons?)?(?: ?([+-]?\d+) days?)?(?: ?([+-])?(\d{2,}):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?)?$/

/** ISO 8601 durations with designators, and a sign on any field. */
const ISO_DATE =
  /^P(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?(?:T(?=.)(.*))?$/
const ISO_TIME = /^(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-])?(\d+)(?:\.(\d{1,6}))?S)?$/

/** The longest text of an interval, with room to spare. */
const MAX_LENGTH = 128

const MAX_INT32 = 0x7fffffff
const MAX_INT64 = 2n ** 63n - 1n
const MICROSECONDS_PER_HOUR = 3_600_000_000n
const MICROSECONDS_PER_MINUTE = 60_000_000n
const MICROSECONDS_PER_SECOND = 1_000_000n

/** Reads an interval of PostgreSQL's or of ISO's form; undefined if it is none or out of range. */
export function parseInterval(text: string): IntervalFields | undefined {
  if (text.length > MAX_LENGTH || text === '') return undefined
  const fields = text.startsWith('P') ? parseIso(text) : parsePostgres(text)
  return fields && isInRange(fields) ? fields : undefined
}

function parsePostgres(text: string): IntervalFields | undefined {
  const match = POSTGRES.exec(text)
  if (!match) return undefined
  const [
    ,
    years = '0',
    months = '0',
    days = '0',
    sign,
    hours = '0',
    minutes = '0',
    seconds = '0',
    fraction,
  ] = match
  const size =
    BigInt(hours) * MICROSECONDS_PER_HOUR +
    BigInt(minutes) * MICROSECONDS_PER_MINUTE +
    secondsOf(undefined, seconds, fraction)
  return {
    months: Number(years) * 12 + Number(months),
    days: Number(days),
    microseconds: sign === '-' ? -size : size,
  }
}

function parseIso(text: string): IntervalFields | undefined {
  const match = ISO_DATE.exec(text)
  const timeMatch = ISO_TIME.exec(match?.[5] ?? '')
  if (!match || !timeMatch || text === 'P') return undefined
  const [, years = '0', months = '0', weeks = '0', days = '0'] = match
  const [, hours = '0', minutes = '0', sign, seconds = '0', fraction] = timeMatch
  return {
    months: Number(years) * 12 + Number(months),
    days: Number(weeks) * 7 + Number(days),
    microseconds:
      integer(hours) * MICROSECONDS_PER_HOUR +
      integer(minutes) * MICROSECONDS_PER_MINUTE +
      secondsOf(sign, seconds, fraction),
  }
}

/** BigInt() knows no plus sign. */
function integer(text: string): bigint {
  return BigInt(text.startsWith('+') ? text.slice(1) : text)
}

function secondsOf(sign: string | undefined, seconds: string, fraction = ''): bigint {
  const size = BigInt(seconds) * MICROSECONDS_PER_SECOND + BigInt(fraction.padEnd(6, '0'))
  return sign === '-' ? -size : size
}

/** Whether the server can keep an interval. */
export function isInRange({ months, days, microseconds }: IntervalFields): boolean {
  const isInt32 = (value: number): boolean => value >= -MAX_INT32 - 1 && value <= MAX_INT32
  return (
    isInt32(months) && isInt32(days) && microseconds >= -MAX_INT64 - 1n && microseconds <= MAX_INT64
  )
}

/**
 * Prints an interval as the server does with `IntervalStyle = postgres`.
 *
 * @see EncodeInterval and AddPostgresIntPart in src/backend/utils/adt/datetime.c
 */
export function formatInterval({ months, days, microseconds }: IntervalFields): string {
  const parts: string[] = []
  // A field behind a negative one says that it is positive.
  let isAfterNegative = false
  const add = (value: number, unit: string): void => {
    if (value === 0) return
    const plus = isAfterNegative && value > 0 ? '+' : ''
    parts.push(`${plus}${value} ${unit}${value === 1 ? '' : 's'}`)
    isAfterNegative = value < 0
  }
  add(Math.trunc(months / 12), 'year')
  add(months % 12, 'mon')
  add(days, 'day')
  if (microseconds !== 0n || parts.length === 0) {
    const plus = isAfterNegative ? '+' : ''
    parts.push(
      `${microseconds < 0n ? '-' : plus}${clock(microseconds < 0n ? -microseconds : microseconds)}`,
    )
  }
  return parts.join(' ')
}

function clock(microseconds: bigint): string {
  const two = (value: bigint): string => String(value).padStart(2, '0')
  const fraction = String(microseconds % MICROSECONDS_PER_SECOND)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const hours = microseconds / MICROSECONDS_PER_HOUR
  const minutes = (microseconds % MICROSECONDS_PER_HOUR) / MICROSECONDS_PER_MINUTE
  const seconds = (microseconds % MICROSECONDS_PER_MINUTE) / MICROSECONDS_PER_SECOND
  return `${two(hours)}:${two(minutes)}:${two(seconds)}${fraction === '' ? '' : `.${fraction}`}`
}
