/** With IntervalStyle `postgres`: `1 year 2 mons -3 days +04:05:06.789`. */
const STYLE =
  /^(?:([+-]?\d+) years?)?\s*(?:([+-]?\d+) mons?)?\s*(?:([+-]?\d+) days?)?\s*(?:([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/

const DATE_UNITS = [
  ['years', 'Y'],
  ['months', 'M'],
  ['days', 'D'],
] as const
const TIME_UNITS = [
  ['hours', 'H'],
  ['minutes', 'M'],
] as const

/** An `interval` as pg gives it: a property for each unit that is not zero. */
export class PostgresInterval {
  declare years?: number
  declare months?: number
  declare days?: number
  declare hours?: number
  declare minutes?: number
  declare seconds?: number
  /** With a fraction where there are microseconds. */
  declare milliseconds?: number

  /** The text that PostgreSQL takes, such as `3 days 4.5 seconds`. */
  toPostgres(): string {
    const parts: string[] = []
    for (const unit of ['seconds', 'minutes', 'hours', 'days', 'months', 'years'] as const) {
      const value = unit === 'seconds' ? this.#seconds() : (this[unit] ?? 0)
      if (Number(value) !== 0) parts.push(`${value} ${unit}`)
    }
    return parts.length > 0 ? parts.join(' ') : '0'
  }

  /** ISO 8601, such as `P0Y0M3DT0H0M4.5S`. */
  toISOString(): string {
    const print = ([unit, letter]: readonly [keyof PostgresInterval, string]): string =>
      `${this[unit] ?? 0}${letter}`
    const time = TIME_UNITS.map(print).join('')
    return `P${DATE_UNITS.map(print).join('')}T${time}${this.#seconds()}S`
  }

  /** As {@link toISOString}. */
  toISO(): string {
    return this.toISOString()
  }

  #seconds(): string {
    const { seconds = 0, milliseconds = 0 } = this
    if (milliseconds === 0) return String(seconds)
    return (seconds + milliseconds / 1000).toFixed(6).replace(/\.?0+$/, '')
  }
}

/** The interval of a text; a text of another IntervalStyle as it is (pg makes an empty object of it). */
export function parseIntervalText(text: string): PostgresInterval | string {
  const match = STYLE.exec(text)
  if (match === null) return text
  const interval = new PostgresInterval()
  const [, years, months, days, sign, hours, minutes, seconds, fraction = ''] = match
  const direction = sign === '-' ? -1 : 1
  const set = (unit: keyof PostgresInterval, value: number): void => {
    if (value !== 0) Object.assign(interval, { [unit]: value })
  }
  set('years', Number(years ?? 0))
  set('months', Number(months ?? 0))
  set('days', Number(days ?? 0))
  set('hours', Number(hours ?? 0) * direction)
  set('minutes', Number(minutes ?? 0) * direction)
  set('seconds', Number(seconds ?? 0) * direction)
  set('milliseconds', (Number(fraction.padEnd(6, '0')) / 1000) * direction)
  return interval
}
