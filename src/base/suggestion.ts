/**
 * Gives `; did you mean "…"?` for the candidate nearest to a mistyped name, or an empty text if none is near.
 * @param tolerance how many letters may be wrong. Default: a third of them, two in any case.
 */
export function suggestion(
  name: string,
  candidates: Iterable<string>,
  tolerance: number = Math.max(2, Math.floor(name.length / 3)),
): string {
  const wanted = simplify(name)
  let nearest: string | undefined
  let least = tolerance + 1
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
