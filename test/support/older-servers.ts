/**
 * Leaves out the values that an older server cannot read or print as text.
 *
 * Before 16 `"char"` sends bytes from 128 on as they are, which is no UTF-8, and does not read `\377`;
 * before 15 an interval of so many hours is beyond its input, though not beyond its range.
 *
 * @param majorVersion undefined where it is not known: nothing is left out.
 */
export function readableBy<T>(
  majorVersion: number | undefined,
  type: string,
  values: readonly T[],
): readonly T[] {
  if (majorVersion === undefined) return values
  const isUnread = (value: unknown): boolean =>
    typeof value === 'string' &&
    ((type === 'char' && majorVersion < 16 && value.startsWith('\\')) ||
      (type === 'interval' && majorVersion < 15 && value.startsWith('-2562047788:')))
  const left = values.filter((value) => !isUnread(value))
  if (left.length < values.length && !reported.has(type)) {
    reported.add(type)
    console.info(`PostgreSQL ${majorVersion} cannot read or print some values of ${type}: left out`)
  }
  return left
}

const reported = new Set<string>()
