import type { HandshakeResult, TransportResult } from '../handshake/result.js'
import { formatFactor, formatMs } from './format.js'
import { element, escapeText } from './markup.js'
import { paletteCss, toneCss } from './palette.js'
import { PARTS, splitFresh } from './wording.js'

const WIDTH = 860
const MARGIN = 28
const BARS_LEFT = 92
// Room for the figure at the right of the longest bar.
const BARS_WIDTH = WIDTH - BARS_LEFT - MARGIN - 92
const HEADER_HEIGHT = 124
const GROUP_HEIGHT = 88
const LABEL_HEIGHT = 25
const FOOTER_HEIGHT = 44
const BAR_HEIGHT = 20
const LEAST_WIDTH = 2

const CSS = [
  paletteCss('svg'),
  'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif;',
  'font-size:15px;fill:var(--text)}',
  '.title{font-size:20px;font-weight:600}.muted{fill:var(--muted);font-size:14px}.strong{font-weight:600}',
  '.card{fill:var(--background);stroke:var(--line)}',
  '.bar{stroke:var(--background)}',
  toneCss('fill'),
].join('')

/**
 * The picture for the README: p50 of one request, fresh (its parts stacked) against pooled, on a
 * linear scale. It brings its own background, so it is right wherever it is shown.
 */
export function handshakePicture(result: HandshakeResult): string {
  const all = Object.values(result.transports)
  const height = HEADER_HEIGHT + all.length * GROUP_HEIGHT + FOOTER_HEIGHT
  const longest = Math.max(...all.map((one) => Math.max(one.fresh.p50, one.pooled.p50)))
  const pixels = (ms: number): number => (ms / longest) * BARS_WIDTH
  const description = all
    .map(
      ({ label, fresh, pooled }) =>
        `${label}: fresh ${formatMs(fresh.p50)}, pooled ${formatMs(pooled.p50)}.`,
    )
    .join(' ')
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${height}`,
      width: WIDTH,
      height,
      role: 'img',
      'aria-labelledby': 'title description',
    },
    element('title', { id: 'title' }, 'Fresh connection per request against a pool'),
    element('desc', { id: 'description' }, escapeText(description)),
    element('style', {}, CSS),
    element('rect', {
      class: 'card',
      x: 0.5,
      y: 0.5,
      width: WIDTH - 1,
      height: height - 1,
      rx: 10,
    }),
    text('title', MARGIN, 42, 'Fresh connection per request against a pool'),
    text('muted', MARGIN, 67, 'Median time of one request, in ms; linear scale, shorter is better'),
    legend(),
    ...all.map((transport, i) => group(transport, HEADER_HEIGHT + i * GROUP_HEIGHT, pixels)),
    text('muted', MARGIN, height - 22, footer(result)),
  )
  return `${svg}\n`
}

function group(transport: TransportResult, top: number, pixels: (ms: number) => number): string {
  const { label, fresh, pooled } = transport
  const freshTop = top + LABEL_HEIGHT
  const pooledTop = freshTop + BAR_HEIGHT + 4
  const shapes = [
    text('strong', MARGIN, top + 15, label),
    text('muted', MARGIN, freshTop + 15, 'fresh'),
    text('muted', MARGIN, pooledTop + 15, 'pooled'),
  ]
  let x = BARS_LEFT
  for (const { tone, value } of splitFresh(transport)) {
    if (value <= 0) continue
    const width = Math.max(pixels(value), LEAST_WIDTH)
    shapes.push(bar(tone, x, freshTop, width))
    x += width
  }
  const pooledWidth = Math.max(pixels(pooled.p50), LEAST_WIDTH)
  const times = `${formatFactor(fresh.p50 / pooled.p50)} as fast`
  shapes.push(
    bar('query', BARS_LEFT, pooledTop, pooledWidth),
    text('', x + 8, freshTop + 15, formatMs(fresh.p50)),
    text('', BARS_LEFT + pooledWidth + 8, pooledTop + 15, `${formatMs(pooled.p50)}, ${times}`),
  )
  return shapes.join('')
}

function bar(tone: string, x: number, y: number, width: number): string {
  return element('rect', {
    class: `bar tone-${tone}`,
    x: x.toFixed(1),
    y,
    width: width.toFixed(1),
    height: BAR_HEIGHT,
  })
}

function legend(): string {
  let x = MARGIN
  const items = PARTS.map(({ tone, label }) => {
    const item =
      element('rect', { class: `tone-${tone}`, x, y: 87, width: 13, height: 13, rx: 2 }) +
      text('', x + 20, 99, label)
    // The width of the text is not known here: a wide average keeps the entries apart.
    x += 20 + label.length * 8 + 22
    return item
  })
  return items.join('')
}

function footer({ server, node, machine }: HandshakeResult): string {
  return `${server} · Node.js ${node} · ${machine.cpus} CPUs · npm run bench`
}

function text(className: string, x: number, y: number, content: string): string {
  const position = { x: Number(x.toFixed(1)), y }
  return element('text', { class: className || undefined, ...position }, escapeText(content))
}
