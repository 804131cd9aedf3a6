/** `date`, `timestamp` and `timestamptz` as PostgreSQL prints them with DateStyle ISO. */
const ISO =
  /^(\d{4,})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(\.\d{1,6})?(?:([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?)?( BC)?$/

/**
 * The Date of a text: local midnight of a `date`, the local clock's time of a `timestamp`, the moment
 * of a `timestamptz`; microseconds are lost. The two infinities are numbers.
 *
 * What it does not know, as with a DateStyle other than ISO, it gives as it is (pg makes null of it).
 */
export function parseDateText(text: string): Date | number | string {
  const match = ISO.exec(text)
  if (match === null) {
    if (text === 'infinity') return Number.POSITIVE_INFINITY
    return text === '-infinity' ? Number.NEGATIVE_INFINITY : text
  }
  const [, years = '', months, days, hours, minutes, seconds, fraction, sign] = match
  const year = match[12] === undefined ? Number(years) : 1 - Number(years)
  const time: [number, number, number, number] = [
    Number(hours ?? 0),
    Number(minutes ?? 0),
    Number(seconds ?? 0),
    Math.trunc(Number(fraction ?? 0) * 1000),
  ]
  const date = new Date(0)
  if (sign === undefined) {
    date.setFullYear(year, Number(months) - 1, Number(days))
    date.setHours(...time)
    return date
  }
  date.setUTCFullYear(year, Number(months) - 1, Number(days))
  date.setUTCHours(...time)
  const [, , , , , , , , , zoneHours = 0, zoneMinutes = 0, zoneSeconds = 0] = match
  const east = Number(zoneHours) * 3600 + Number(zoneMinutes) * 60 + Number(zoneSeconds)
  date.setTime(date.getTime() - (sign === '-' ? -east : east) * 1000)
  return date
}

const ZERO = 0x30
const DASH = 0x2d
const COLON = 0x3a
const SPACE = 0x20
const DOT = 0x2e
const PLUS = 0x2b

/** As {@link parseDateText}, from bytes; the usual form without a text in between. */
export function decodeDateWindow(buf: Buffer, start: number, end: number): Date | number | string {
  return decodeUsual(buf, start, end) ?? parseDateText(buf.toString('latin1', start, end))
}

/** `2020-01-02 03:04:05`, with a fraction and a zone of whole hours or without; undefined for all else. */
function decodeUsual(buf: Buffer, start: number, end: number): Date | undefined {
  const at = start + 19
  if (end < at || buf[start + 4] !== DASH || buf[start + 7] !== DASH) return undefined
  if (buf[start + 10] !== SPACE || buf[start + 13] !== COLON || buf[start + 16] !== COLON) {
    return undefined
  }
  const year = twoDigits(buf, start) * 100 + twoDigits(buf, start + 2)
  // Years below 100 are of the 20th century to the constructor of Date.
  if (year < 100) return undefined
  let zone = at
  let milliseconds = 0
  if (buf[zone] === DOT) {
    zone++
    for (let factor = 100; zone < end && isDigit(buf[zone] as number); zone++) {
      milliseconds += Math.trunc(factor) * ((buf[zone] as number) - ZERO)
      factor /= 10
    }
  }
  const month = twoDigits(buf, start + 5) - 1
  const day = twoDigits(buf, start + 8)
  const hours = twoDigits(buf, start + 11)
  const minutes = twoDigits(buf, start + 14)
  const seconds = twoDigits(buf, start + 17)
  if (zone === end) return new Date(year, month, day, hours, minutes, seconds, milliseconds)
  const sign = buf[zone]
  if (end - zone !== 3 || (sign !== PLUS && sign !== DASH)) return undefined
  const east = twoDigits(buf, zone + 1) * (sign === DASH ? -1 : 1)
  return new Date(Date.UTC(year, month, day, hours - east, minutes, seconds, milliseconds))
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9
}

function twoDigits(buf: Buffer, at: number): number {
  return ((buf[at] as number) - ZERO) * 10 + ((buf[at + 1] as number) - ZERO)
}
