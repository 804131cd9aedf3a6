/*
 * What can be told of a statement by its text alone. These are guesses to save a round trip, made so
 * that a wrong one costs time and not correctness: what is not recognised counts as the worst.
 */

/** Words that may stand before a parenthesis and call nothing that changes anything. */
const HARMLESS_BEFORE_PARENTHESIS: ReadonlySet<string> = new Set(
  (
    'select distinct on as from where and or not in any some all exists values case when then else having by ' +
    'over filter within using join lateral union intersect except limit offset between row array ' +
    'numeric decimal varchar char character varying bit timestamp timestamptz time timetz interval float ' +
    'count sum avg min max coalesce nullif greatest least now version current_setting current_database ' +
    'current_schema pg_backend_pid pg_typeof length lower upper trim abs round floor ceil array_agg ' +
    'string_agg json_agg jsonb_agg json_build_object jsonb_build_object to_json to_jsonb row_to_json ' +
    'row_number rank generate_series unnest cast extract date_trunc to_char substring position'
  ).split(' '),
)

/** What makes of a SELECT more than a read, or hides what it is. */
const MORE_THAN_READ = /\b(?:into|for)\b|--|\/\*|;\s*\S/i

/** A character of what could be a name, with a schema or without, quoted or not. */
const OF_NAME = /[\w$".\]\u0080-\uffff]/

/**
 * Whether a statement reads and does nothing else, as far as its text shows, so that nobody can tell
 * whether it ran once or twice. Functions count as doing something, but for some that everybody knows.
 */
export function isPlainRead(text: string): boolean {
  if (!/^\s*(?:select|values|table)\b/i.test(text) || MORE_THAN_READ.test(text)) return false
  for (let at = text.indexOf('('); at !== -1; at = text.indexOf('(', at + 1)) {
    const end = endOfSpace(text, at)
    const start = lastIndexOf(text, end, (character) => !OF_NAME.test(character))
    const word = text.slice(start, end).toLowerCase()
    const isOfSchema = text[endOfSpace(text, start) - 1] === '.'
    if (word !== '' && (isOfSchema || !HARMLESS_BEFORE_PARENTHESIS.has(word))) return false
  }
  return true
}

/*
 * By loops, since a regular expression that looks for the end of a long word or space, and finds
 * something else there, tries again from each of its characters: a long literal would take minutes.
 */

/** Where the space begins that ends at `end`. */
function endOfSpace(text: string, end: number): number {
  return lastIndexOf(text, end, (character) => !/\s/.test(character))
}

/** Behind the last character before `end` that `is` holds for; 0 if there is none. */
function lastIndexOf(text: string, end: number, is: (character: string) => boolean): number {
  let at = end
  while (at > 0 && !is(text.charAt(at - 1))) at -= 1
  return at
}

/** The text without the semicolons and spaces at its end. */
export function withoutSemicolon(text: string): string {
  return text.slice(
    0,
    lastIndexOf(text, text.length, (character) => !/[\s;]/.test(character)),
  )
}

/** Whether a statement gives no rows: it changes rows and returns none. */
export function returnsNoRows(text: string): boolean {
  return /^\s*(?:insert|update|delete|merge)\b/i.test(text) && !/\breturning\b/i.test(text)
}

/** Whether nothing of a statement is left once its transaction is rolled back, nor can it commit by itself. */
export function isUndoneByRollback(text: string): boolean {
  return /^\s*(?:select|values|table|with|insert|update|delete|merge)\b/i.test(text)
}

/** The number of the last parameter that a text names, `$3` giving 3. What stands in a literal counts too. */
export function lastParameter(text: string): number {
  let last = 0
  for (const [, digits] of text.matchAll(/\$(\d{1,5})/g)) last = Math.max(last, Number(digits))
  return last
}
