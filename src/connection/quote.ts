/**
 * A name as an identifier that means exactly that name, whatever is in it.
 * @throws {TypeError} if it has a lone surrogate: UTF-8 cannot express it, and what would be sent in its
 * place is another name.
 */
export function quoteIdentifier(name: string): string {
  refuseLoneSurrogates('a name', name)
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * A text as a string constant. It means the same whatever `standard_conforming_strings` is.
 * @throws {TypeError} if it has a lone surrogate.
 */
export function quoteLiteral(text: string): string {
  refuseLoneSurrogates('a string constant', text)
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

function refuseLoneSurrogates(what: string, text: string): void {
  // In Node since version 20, in TypeScript's library only with ES2024.
  if ((text as string & { isWellFormed(): boolean }).isWellFormed()) return
  throw new TypeError(`${what} cannot contain a lone surrogate`)
}
