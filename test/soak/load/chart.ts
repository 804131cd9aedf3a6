import { element, escapeText } from '../../../bench/report/markup.js'
import { paletteCss } from '../../../bench/report/palette.js'
import type { FaultEvent } from '../../reliability/fault-injector.js'
import type { LoadLog } from './load-log.js'

const WIDTH = 860
const MARGIN = 28
const PANEL_HEIGHT = 96
const PANEL_GAP = 46
const TOP = 76

const CSS = [
  paletteCss('svg'),
  'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif;',
  'font-size:14px;fill:var(--text)}.title{font-size:20px;font-weight:600}.muted{fill:var(--muted)}',
  '.card{fill:var(--background);stroke:var(--line)}.rail{fill:var(--surface)}',
  '.curve{fill:none;stroke:var(--query);stroke-width:1.5}.fault{stroke:var(--tls);stroke-opacity:.45}',
].join('')

interface Panel {
  readonly title: string
  readonly values: readonly number[]
  readonly unit: (value: number) => string
}

/** The course of a soak as an SVG that needs nothing else: a panel for each measure, a line for each fault. */
export function soakChart({ samples, failures }: LoadLog, faults: readonly FaultEvent[]): string {
  const times = samples.map(({ atMs }) => atMs)
  const from = times[0] ?? 0
  const spanMs = Math.max(1, (times.at(-1) ?? 0) - from)
  const x = (atMs: number) => MARGIN + ((atMs - from) / spanMs) * (WIDTH - 2 * MARGIN)
  const perSecond = samples.map(({ atMs, calls }, i) => {
    const before = samples[i - 1]
    return before === undefined ? 0 : ((calls - before.calls) * 1000) / (atMs - before.atMs)
  })
  const failed = samples.map(({ atMs }, i) => {
    const since = times[i - 1] ?? from
    return failures.filter((failure) => failure.atMs > since && failure.atMs <= atMs).length
  })
  const mebibytes = (value: number) => `${(value / 2 ** 20).toFixed(0)} MiB`
  const plain = (value: number) => value.toFixed(0)
  const panels: Panel[] = [
    { title: 'calls per second', values: perSecond, unit: plain },
    { title: 'calls that failed, in 2 s', values: failed, unit: plain },
    { title: 'RSS', values: samples.map(({ rss }) => rss), unit: mebibytes },
    { title: 'heap behind a collection', values: samples.map((s) => s.heapUsed), unit: mebibytes },
    { title: 'sockets', values: samples.map(({ sockets }) => sockets), unit: plain },
    { title: 'timers', values: samples.map(({ timers }) => timers), unit: plain },
  ]
  const height = TOP + panels.length * (PANEL_HEIGHT + PANEL_GAP)
  const strokes = faults
    .map(({ beganMs }) => x(beganMs))
    .filter((at) => at >= MARGIN && at <= WIDTH - MARGIN)
  const heading = `Soak of ${(spanMs / 60_000).toFixed(0)} minutes`
  const svg = element(
    'svg',
    {
      ...{ xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${height}` },
      ...{ width: WIDTH, height, role: 'img', 'aria-labelledby': 'title' },
    },
    element('title', { id: 'title' }, heading),
    element('style', {}, CSS),
    element('rect', {
      ...{ class: 'card', x: 0.5, y: 0.5, width: WIDTH - 1, height: height - 1, rx: 8 },
    }),
    element('text', { class: 'title', x: MARGIN, y: 38 }, escapeText(heading)),
    element('text', { class: 'muted', x: MARGIN, y: 58 }, `${faults.length} faults, a line each`),
    ...panels.map((panel, i) =>
      panelOf(panel, TOP + 24 + i * (PANEL_HEIGHT + PANEL_GAP), times.map(x), strokes),
    ),
  )
  return `${svg}\n`
}

function panelOf(
  { title, values, unit }: Panel,
  top: number,
  xs: readonly number[],
  strokes: readonly number[],
): string {
  const most = Math.max(1, ...values)
  const points = values.map((value, i) => {
    const y = top + PANEL_HEIGHT - (value / most) * PANEL_HEIGHT
    return `${(xs[i] ?? 0).toFixed(1)},${y.toFixed(1)}`
  })
  return [
    element('text', { x: MARGIN, y: top - 7 }, escapeText(title)),
    element(
      'text',
      { class: 'muted', x: WIDTH - MARGIN, y: top - 7, 'text-anchor': 'end' },
      escapeText(`at most ${unit(most)}`),
    ),
    element('rect', {
      ...{ class: 'rail', x: MARGIN, y: top, width: WIDTH - 2 * MARGIN, height: PANEL_HEIGHT },
    }),
    ...strokes.map((at) =>
      element('line', {
        ...{
          class: 'fault',
          x1: at.toFixed(1),
          x2: at.toFixed(1),
          y1: top,
          y2: top + PANEL_HEIGHT,
        },
      }),
    ),
    element('polyline', { class: 'curve', points: points.join(' ') }),
  ].join('')
}
