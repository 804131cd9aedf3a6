/** What a statement did, as its CommandComplete tells. */
export interface CommandTag {
  /** The command, such as `SELECT`, `INSERT` or `CREATE TABLE`. */
  readonly command: string
  /** Rows affected or returned; null for commands that count none. */
  readonly rowCount: number | null
}

/** Reads a command tag such as `INSERT 0 5`, `SELECT 3` or `CREATE TABLE`. */
export function parseCommandTag(tag: string): CommandTag {
  const space = tag.lastIndexOf(' ')
  const count = tag.slice(space + 1)
  if (space === -1 || !isDigits(count)) return { command: tag, rowCount: null }
  // INSERT alone carries the OID of the row before the count, always 0 since PostgreSQL 12.
  const command = tag.startsWith('INSERT ') ? 'INSERT' : tag.slice(0, space)
  return { command, rowCount: Number(count) }
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x30 || code > 0x39) return false
  }
  return text.length > 0
}
