/** A column of a table: its heading, and whether it lines up on the left or on the right. */
export interface TextColumn {
  readonly heading: string
  readonly align: 'left' | 'right'
}

/** A table for a terminal: the headings, a rule, and the rows; each line ends in a newline. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ heading }, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, i) => {
        const cell = cells[i] ?? ''
        const width = widths[i] ?? 0
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '─'.repeat(width)).join('──')
  const headings = line(columns.map(({ heading }) => heading))
  return [headings, rule, ...rows.map(line), ''].join('\n')
}
