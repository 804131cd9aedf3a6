/** An option is unknown or its value is wrong: a TypeError, or a RangeError where only the range is. */
export interface OptionError extends TypeError {
  readonly code: 'ERR_SLUICE_OPTION'
  /** Name of the option, such as `port` or `ssl.ca`; of the key as it was given when it is unknown. */
  readonly option: string
}

/** Makes an {@link OptionError}. `message` says what is wrong and where, and shows no secret. */
export function optionError(
  kind: typeof TypeError | typeof RangeError,
  option: string,
  message: string,
  cause?: unknown,
): OptionError {
  const error = cause === undefined ? new kind(message) : new kind(message, { cause })
  return Object.assign(error, { code: 'ERR_SLUICE_OPTION', option } as const)
}

/** Names the kind of a wrong value, and the value itself only where it is a number or a boolean. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  switch (typeof value) {
    case 'number':
    case 'boolean':
      return String(value)
    case 'object':
      return 'an object'
    case 'undefined':
      return 'undefined'
    default:
      return `a ${typeof value}`
  }
}

/** Gives `; did you mean "…"?` for the candidate nearest to a mistyped name, or an empty text if none is near. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const wanted = simplify(name)
  let nearest: string | undefined
  // A third of the letters may be wrong, two in any case.
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, simplify(candidate))
    if (distance < least) {
      least = distance
      nearest = candidate
    }
  }
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`
}

/** Long names are cut: they are nobody's typing mistake, and the comparison is quadratic. */
function simplify(name: string): string {
  return name.slice(0, 40).toLowerCase().replaceAll(/[_-]/g, '')
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      current.push(
        Math.min(
          (previous[j] ?? 0) + 1,
          (current[j - 1] ?? 0) + 1,
          (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
