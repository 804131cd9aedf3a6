import { escapeText } from './markup.js'

/** A table of texts. The columns named in `textColumns` line up on the left, the others on the right. */
export interface HtmlTable {
  readonly caption: string
  readonly headings: readonly string[]
  /** The first cell of each row is its heading. */
  readonly rows: readonly (readonly string[])[]
  /** Indices of the columns that hold words and not figures; the first always does. */
  readonly textColumns?: readonly number[]
}

/** The table as markup, in a region of its own that scrolls where the page is too narrow for it. */
export function htmlTable({ caption, headings, rows, textColumns = [] }: HtmlTable): string {
  const classOf = (column: number): string =>
    column === 0 || textColumns.includes(column) ? ' class="text"' : ''
  const head = headings
    .map((heading, i) => `<th scope="col"${classOf(i)}>${escapeText(heading)}</th>`)
    .join('')
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('')
  function cell(text: string, column: number): string {
    return column === 0
      ? `<th scope="row" class="text">${escapeText(text)}</th>`
      : `<td${classOf(column)}>${escapeText(text)}</td>`
  }
  // A region that scrolls must be reachable by keyboard, and then needs a name.
  return (
    `<div class="scroll" role="region" tabindex="0" aria-label="${escapeText(caption)}">` +
    `<table><caption>${escapeText(caption)}</caption>` +
    `<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
  )
}
