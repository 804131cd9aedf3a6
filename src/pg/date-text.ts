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
