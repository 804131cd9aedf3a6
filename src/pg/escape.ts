/** `text` as an identifier of SQL, in quotes. */
export function escapeIdentifier(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

/**
 * `text` as a literal of SQL. With a backslash in it the literal is of the form `E'…'` with a space
 * before it, so that it can stand behind a word. What is no string becomes `''`, as in pg.
 */
export function escapeLiteral(text: string): string {
  if (typeof text !== 'string') return "''"
  const doubled = text.replaceAll("'", "''")
  return text.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}
