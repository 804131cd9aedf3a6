/** How much of a line is shown, in characters. */
const WIDTH = 72

/**
 * The line of a text that holds a position, and a line with a caret under it; nothing without a
 * position in the text. PostgreSQL counts characters (code points) from 1; libpq shows it likewise
 * (reportErrorPosition in fe-protocol3.c).
 */
export function excerpt(text: string | undefined, position: number | undefined): string[] {
  if (text === undefined || position === undefined) return []
  const characters = Array.from(text)
  // A position may be just behind the end, as that of "syntax error at end of input".
  if (!Number.isInteger(position) || position < 1 || position > characters.length + 1) return []
  const at = position - 1
  const lineStart = at === 0 ? 0 : characters.lastIndexOf('\n', at - 1) + 1
  const newline = characters.indexOf('\n', at)
  const lineEnd = newline === -1 ? characters.length : newline
  const lineNumber = characters.slice(0, lineStart).filter((each) => each === '\n').length + 1

  const start = Math.max(lineStart, Math.min(at - WIDTH / 2, lineEnd - WIDTH))
  const end = Math.min(lineEnd, start + WIDTH)
  const shown = characters
    .slice(start, end)
    .join('')
    .replaceAll(/[\t\r]/g, ' ')
  const before = `LINE ${lineNumber}: ${start > lineStart ? '...' : ''}`
  return [
    `${before}${shown}${end < lineEnd ? '...' : ''}`,
    `${' '.repeat(before.length + at - start)}^`,
  ]
}
