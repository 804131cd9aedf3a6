/** Which bounds belong to a range: `[` and `]` do, `(` and `)` do not. */
export type RangeBounds = '[]' | '[)' | '(]' | '()'

/** What is taken as a range parameter besides {@link Range} itself and PostgreSQL's text. */
export interface RangeLike<T = unknown> {
  /** null: without end on this side. */
  readonly lower: T | null
  readonly upper: T | null
  /** Default `'[)'`. */
  readonly bounds?: RangeBounds
  /** Default false. */
  readonly empty?: boolean
}

const BOUNDS: ReadonlySet<unknown> = new Set(['[]', '[)', '(]', '()'])

/** Whether a value is one of the four {@link RangeBounds}. */
export function isRangeBounds(value: unknown): value is RangeBounds {
  return BOUNDS.has(value)
}

/**
 * A PostgreSQL range: everything between two bounds, or nothing.
 *
 * The server gives ranges over integers and dates as `[)`, whatever they were written as.
 *
 * @example
 * new Range(1, 10).bounds // '[)': 1 belongs to it, 10 does not
 * new Range(new Date(), null) // from now on
 */
export class Range<T = unknown> {
  /** The range without any value in it, of every type. */
  static readonly empty: Range<never> = Object.freeze(
    Object.assign(new this<never>(null, null), { empty: true }),
  )

  /** null: without end on this side, or empty. */
  readonly lower: T | null
  /** null: without end on this side, or empty. */
  readonly upper: T | null
  /** A side without end never belongs to the range, as in PostgreSQL; an empty range has `'()'`. */
  readonly bounds: RangeBounds
  /** Whether there is nothing in it. */
  readonly empty: boolean

  /** @throws {TypeError} for other bounds than the four, and for undefined. */
  constructor(lower: T | null, upper: T | null, bounds: RangeBounds = '[)') {
    if (!isRangeBounds(bounds))
      throw new TypeError("bounds of a Range are '[]', '[)', '(]' or '()'")
    if (lower === undefined || upper === undefined) {
      throw new TypeError('a bound of a Range is undefined; null is a side without end')
    }
    const opening = lower === null ? '(' : bounds.charAt(0)
    const closing = upper === null ? ')' : bounds.charAt(1)
    this.lower = lower
    this.upper = upper
    this.bounds = `${opening}${closing}` as RangeBounds
    this.empty = false
  }
}
