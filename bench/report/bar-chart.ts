import { element, escapeText } from './markup.js'
import type { Tone } from './palette.js'

/** One bar: its segments from left to right, and how far its whisker reaches. */
export interface Bar {
  readonly segments: readonly { readonly value: number; readonly tone: Tone }[]
  /** From the bar's end to this value; none if it is not greater. */
  readonly whisker?: number
}

/** A line of text with one or more bars under it. */
export interface Row {
  readonly name: string
  readonly value: string
  readonly bars: readonly Bar[]
}

/** Rows that belong together. */
export interface Group {
  /** Left out if it is empty. */
  readonly title: string
  readonly rows: readonly Row[]
}

/** A chart of horizontal bars from zero, all on one linear scale. */
export interface BarChart {
  /** Unique in the page. */
  readonly id: string
  readonly title: string
  /** What the chart shows, in a sentence or two, for who does not see it. */
  readonly description: string
  readonly groups: readonly Group[]
  /** The value that is as long as the chart is wide; the greatest of the chart by default. */
  readonly scaleTo?: number
}

const TITLE_HEIGHT = 30
const TEXT_HEIGHT = 22
const BAR_HEIGHT = 12
const BAR_GAP = 3
const ROW_GAP = 14
const GROUP_GAP = 14
const LEAST_WIDTH_PERCENT = 0.4

/**
 * The chart as an `svg` element for a page that has the rules of `pageCss`.
 *
 * Lengths are shares of the width and heights are pixels, so the chart fits any column while its text
 * keeps the size of the page's. Text stands above the bars and therefore never meets them.
 */
export function barChart(chart: BarChart): string {
  const scaleTo = chart.scaleTo ?? greatest(chart.groups)
  const percent = (value: number): number => (value / scaleTo) * 100
  const parts: string[] = []
  let y = 0
  for (const [index, group] of chart.groups.entries()) {
    if (index > 0) y += GROUP_GAP
    if (group.title !== '') {
      parts.push(element('text', { class: 'group', x: 0, y: y + 17 }, escapeText(group.title)))
      y += TITLE_HEIGHT
    }
    for (const row of group.rows) {
      parts.push(rowText(row, y))
      y += TEXT_HEIGHT
      for (const bar of row.bars) {
        parts.push(...barShapes(bar, y, percent))
        y += BAR_HEIGHT + BAR_GAP
      }
      y += ROW_GAP - BAR_GAP
    }
  }
  const titleId = `${chart.id}-title`
  const descriptionId = `${chart.id}-description`
  return element(
    'svg',
    {
      class: 'chart',
      role: 'img',
      'aria-labelledby': `${titleId} ${descriptionId}`,
      width: '100%',
      height: y - ROW_GAP + 2,
    },
    element('title', { id: titleId }, escapeText(chart.title)),
    element('desc', { id: descriptionId }, escapeText(chart.description)),
    ...parts,
  )
}

/** The greatest value that the rows of the groups show. */
export function greatest(groups: readonly Group[]): number {
  const bars = groups.flatMap(({ rows }) => rows.flatMap((row) => row.bars))
  return Math.max(...bars.map((bar) => Math.max(lengthOf(bar), bar.whisker ?? 0)))
}

function lengthOf(bar: Bar): number {
  return bar.segments.reduce((sum, { value }) => sum + value, 0)
}

function rowText({ name, value }: Row, y: number): string {
  return (
    element('text', { class: 'name', x: 0, y: y + 15 }, escapeText(name)) +
    element('text', { class: 'value', x: '100%', y: y + 15 }, escapeText(value))
  )
}

function barShapes(bar: Bar, y: number, percent: (value: number) => number): string[] {
  const shapes = [
    element('rect', { class: 'rail', x: 0, y, width: '100%', height: BAR_HEIGHT, rx: 2 }),
  ]
  // Neighbours need a gap between them; a sliver that stands alone has nothing to spare for one.
  const shape = bar.segments.length > 1 ? 'bar segment' : 'bar'
  let x = 0
  for (const { value, tone } of bar.segments) {
    if (value <= 0) continue
    const width = Math.max(percent(value), LEAST_WIDTH_PERCENT)
    shapes.push(
      element('rect', {
        class: `${shape} tone-${tone}`,
        x: `${x.toFixed(3)}%`,
        y,
        width: `${width.toFixed(3)}%`,
        height: BAR_HEIGHT,
      }),
    )
    x += width
  }
  if (bar.whisker !== undefined && percent(bar.whisker) > x) {
    const end = `${percent(bar.whisker).toFixed(3)}%`
    const middle = y + BAR_HEIGHT / 2
    shapes.push(
      element('line', {
        class: 'whisker',
        x1: `${x.toFixed(3)}%`,
        x2: end,
        y1: middle,
        y2: middle,
      }),
      element('line', { class: 'whisker', x1: end, x2: end, y1: y + 2, y2: y + BAR_HEIGHT - 2 }),
    )
  }
  return shapes
}
