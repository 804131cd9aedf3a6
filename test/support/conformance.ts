/** A row of a table in docs/conformance.md. */
export interface ConformanceRow {
  /** The heading it stands under. */
  readonly section: string
  readonly capability: string
  readonly tests: readonly NamedTest[]
  /** Why there is no test; undefined where the row does not say. */
  readonly leftOut: string | undefined
}

/** A test as the page names it. */
export interface NamedTest {
  readonly file: string
  /** Titles from the outermost `describe` to the test. */
  readonly titles: readonly string[]
}

/** Reads the rows of all tables, of the form `| capability | shown by |`. */
export function readConformance(markdown: string): readonly ConformanceRow[] {
  const rows: ConformanceRow[] = []
  let section = ''
  for (const line of markdown.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3)
    // Separator and head of a table say nothing; a `|` within a cell is written `\|`.
    if (!line.startsWith('| ') || /^\| (?:-+|capability) +\|/.test(line)) continue
    const [, capability = '', shownBy = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    const parts = shownBy.replaceAll('\\|', '|').split('<br>')
    rows.push({
      section,
      capability,
      tests: parts.flatMap((part) => readNamedTest(part.trim())),
      leftOut: /^_left out_: (.+)$/.exec(shownBy)?.[1],
    })
  }
  return rows
}

function readNamedTest(text: string): readonly NamedTest[] {
  const [, file, titles] = /^`(test\/[^`]+\.test\.ts)` › (.+)$/.exec(text) ?? []
  if (file === undefined || titles === undefined) return []
  return [{ file, titles: titles.split(' › ') }]
}

const TITLE =
  /(?:\b(?:test|it|describe)(?:\.\w+)*|\))\s*\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)\s*,/g

/** What stands for something else in a title: `${…}` of a template, `%s` and `$name` of `test.each`. */
const HOLE = /\$\{(?:[^{}]|\{[^{}]*\})*\}|%[sdifjo#]|\$[a-z]\w*/g

/**
 * Whether a test file has a test or group of that title. What a title made from a table has in the place
 * of a hole must stand somewhere in the file.
 */
export function hasTitle(source: string, title: string): boolean {
  for (const [, single, double, template] of source.matchAll(TITLE)) {
    const literal = (single ?? double ?? template ?? '').replaceAll(/\\(['"`\\])/g, '$1')
    const parts = literal.split(HOLE)
    if (parts.length === 1 && literal !== title) continue
    const pattern = parts
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('(.*?)')
    const holes = new RegExp(`^${pattern}$`, 's').exec(title)?.slice(1)
    if (holes?.every((text) => source.includes(text) || /^\d+$/.test(text))) return true
  }
  return false
}
