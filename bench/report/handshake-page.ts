import { CLAIM_TEXT, verdicts } from '../handshake/claim.js'
import type { HandshakeResult } from '../handshake/result.js'
import type { Latency } from '../support/statistics.js'
import { barChart } from './bar-chart.js'
import {
  formatCount,
  formatFactor,
  formatMs,
  formatPhase,
  formatShare,
  toSignificant,
} from './format.js'
import { apiChart, latencyChart, phaseChart, throughputCharts } from './handshake-charts.js'
import { htmlTable } from './html-table.js'
import { escapeText } from './markup.js'
import { htmlPage } from './page.js'
import type { Tone } from './palette.js'
import { apiTitle, headlineTransport, PARTS, PHASE_METHOD, requestMethod } from './wording.js'

/** The result as a self-contained page. */
export function handshakePage(result: HandshakeResult): string {
  const body = [
    header(result),
    '<main>',
    latencySection(result),
    phaseSection(result),
    throughputSection(result),
    apiSection(result),
    claimSection(result),
    methodSection(result),
    '</main>',
  ]
  return htmlPage('sluice: fresh connection against pool', body.join('\n'))
}

function header(result: HandshakeResult): string {
  const { label, fresh, pooled, saved, setupShare, concurrency } = headlineTransport(result)
  const { api, server, origin, node, machine, method } = result
  const busiest = Object.entries(concurrency).at(-1)
  const tiles: [string, string][] = [
    [formatShare(saved), 'of the request saved by the pool (p50)'],
    [formatShare(setupShare), 'of a fresh request is spent setting up'],
  ]
  if (busiest !== undefined) {
    const [count, { fresh: before, pooled: after }] = busiest
    tiles.push([
      `${formatCount(before.perSecond)} → ${formatCount(after.perSecond)}`,
      `requests per second, ${count} at once`,
    ])
  }
  tiles.push([
    `${toSignificant(api.fresh.p50)} → ${toSignificant(api.pooled.p50)}`,
    `ms, p50 of ${api.requests} API requests at once`,
  ])
  return `<header>
<p class="eyebrow">sluice · fresh connection against pool</p>
<h1>With a pool, a request is <strong>${formatFactor(fresh.p50 / pooled.p50)}</strong> as fast</h1>
<p class="lead">Over ${escapeText(label)}, <code>${escapeText(method.query)}</code> takes ${formatMs(fresh.p50)} on a connection of its own and ${formatMs(pooled.p50)} on one that a pool keeps open.</p>
<p class="muted">${escapeText(server)} (${escapeText(origin)}), Node.js ${escapeText(node)}, ${machine.cpus} CPUs.</p>
<ul class="tiles">${tiles.map(([figure, text]) => `<li><b>${escapeText(figure)}</b><span>${escapeText(text)}</span></li>`).join('')}</ul>
</header>`
}

function latencySection(result: HandshakeResult): string {
  const all = Object.values(result.transports)
  const rows = all.flatMap(({ label, fresh, pooled, setupShare, saved }) => [
    [label, 'fresh', ...latencyCells(fresh), formatShare(setupShare), ''],
    [label, 'pooled', ...latencyCells(pooled), '', formatShare(saved)],
  ])
  return section('One request at a time', [
    `<p>${escapeText(requestMethod(result))}</p>`,
    figure('Linear scale. Medians over the rounds.', [
      legend([
        ['fresh', 'Fresh, p50'],
        ['pooled', 'Pooled, p50'],
        [null, 'up to p95'],
      ]),
      barChart(latencyChart(result)),
    ]),
    htmlTable({
      caption: 'One request at a time',
      headings: [
        'Transport',
        'Connection',
        'p50',
        'p95',
        'p99',
        'Requests/s',
        'Setting up',
        'Saved',
      ],
      rows,
      textColumns: [1],
    }),
  ])
}

function phaseSection(result: HandshakeResult): string {
  return section('Where the handshake’s time goes', [
    '<p>Everything but the first query a pool pays once per connection, not once per request.</p>',
    figure('The p50 of a fresh request, split in proportion to the medians of its parts.', [
      legend(PARTS.map(({ tone, label }) => [tone, label])),
      barChart(phaseChart(result)),
    ]),
    htmlTable({
      caption: 'Medians of the parts of a fresh request',
      headings: ['Transport', ...PARTS.map(({ label }) => label)],
      rows: Object.values(result.transports).map((transport) => [
        transport.label,
        ...PARTS.map((part) => formatPhase(part.of(transport))),
      ]),
    }),
    `<p class="muted">${escapeText(PHASE_METHOD)}</p>`,
  ])
}

function throughputSection(result: HandshakeResult): string {
  const rows = Object.values(result.transports).flatMap(({ label, concurrency }) =>
    Object.entries(concurrency).flatMap(([count, { fresh, pooled, saved }]) => [
      [label, count, 'fresh', ...latencyCells(fresh), ''],
      [label, count, 'pooled', ...latencyCells(pooled), formatShare(saved)],
    ]),
  )
  return section('Requests per second', [
    `<p>The pool has ${result.method.poolSize} connections at every level, so with more callers than that the rest wait for their turn.</p>`,
    figure('Fresh → pooled, requests per second. All charts have one linear scale.', [
      legend([
        ['fresh', 'Fresh'],
        ['pooled', 'Pooled'],
      ]),
      `<div class="charts">${throughputCharts(result).map(barChart).join('')}</div>`,
    ]),
    details(
      'Figures under load',
      htmlTable({
        caption: 'Many requests at once',
        headings: [
          'Transport',
          'At once',
          'Connection',
          'p50',
          'p95',
          'p99',
          'Requests/s',
          'Saved',
        ],
        rows,
        textColumns: [2],
      }),
    ),
  ])
}

function apiSection(result: HandshakeResult): string {
  const { fresh, pooled, small, requests } = result.api
  return section('A web API under a burst', [
    `<p>${escapeText(apiTitle(result))}. The pool of ${small.maxSize} is too small on purpose: ` +
      `${small.served} requests were served, the other ${small.timedOut} got a <code>PoolTimeoutError</code> ` +
      `after ${small.acquireTimeout} ms instead of waiting without end.</p>`,
    figure(
      'Linear scale. The bar is the p50 of the served requests, the line reaches to their p99.',
      [
        legend([
          ['fresh', 'Fresh, p50'],
          ['pooled', 'Pooled, p50'],
          [null, 'up to p99'],
        ]),
        barChart(apiChart(result)),
      ],
    ),
    htmlTable({
      caption: 'The web API',
      headings: ['Connection', 'p50', 'p95', 'p99', 'Requests/s', 'Served', 'Timed out'],
      rows: [
        ['Fresh', ...latencyCells(fresh), `${requests}`, '0'],
        [
          `Pool of ${pooled.minSize} to ${pooled.maxSize}`,
          ...latencyCells(pooled),
          `${requests}`,
          '0',
        ],
        ['The same, growing', ...latencyCells(pooled.firstBurst), `${requests}`, '0'],
        [
          `Pool of ${small.maxSize}`,
          ...latencyCells(small),
          `${small.served}`,
          `${small.timedOut}`,
        ],
      ],
    }),
  ])
}

function claimSection(result: HandshakeResult): string {
  return section('The claim', [
    `<p>“${escapeText(CLAIM_TEXT)}”</p>`,
    htmlTable({
      caption: 'Share of the fresh p50 that pooling removes, over all transports measured',
      headings: ['Measured', 'Saved', 'The claim'],
      rows: verdicts(result).map(({ subject, saved, outcome }) => [subject, saved, outcome]),
      textColumns: [2],
    }),
  ])
}

function methodSection(result: HandshakeResult): string {
  const { method, machine, transports } = result
  const requests = method.requests.map(
    ({ concurrency, fresh, pooled }) =>
      `${concurrency} at once: ${fresh} fresh, ${formatCount(pooled)} pooled`,
  )
  const tls = new Set(Object.values(transports).flatMap((one) => one.tls ?? []))
  const facts: [string, string][] = [
    ['Server', `${result.server}, ${result.origin}`],
    ['Client', `Node.js ${result.node}`],
    ['TLS', tls.size === 0 ? 'none' : [...tls].join('; ')],
    ['Processor', `${machine.cpus} × ${machine.cpuModel}, ${machine.memoryGiB} GiB of memory`],
    ['System', machine.platform],
    ['Load before', machine.loadAverage.map((load) => load.toFixed(2)).join(', ')],
    ['Measured at', result.measuredAt],
    ['Rounds', `${method.rounds}; each runs every transport, fresh and pooled, in changing order`],
    ['Per round', requests.join('; ')],
    ['Raw sockets', `${method.probes} per round and transport, for the TCP and TLS phases`],
  ]
  const remarks = [
    ...result.leftOut.map(({ transport, reason }) => `Left out: ${transport}: ${reason}`),
    ...result.notes,
  ]
  return section('Method', [
    '<p>Each percentile is taken per round, and its median over the rounds is shown. Closing the connection is part of the fresh request.</p>',
    `<pre><code>${escapeText(result.command)}</code></pre>`,
    `<dl>${facts.map(([term, text]) => `<dt>${escapeText(term)}</dt><dd>${escapeText(text)}</dd>`).join('')}</dl>`,
    remarks.length === 0
      ? ''
      : `<ul>${remarks.map((remark) => `<li>${escapeText(remark)}</li>`).join('')}</ul>`,
  ])
}

function latencyCells({ p50, p95, p99, perSecond }: Latency): string[] {
  return [formatMs(p50), formatMs(p95), formatMs(p99), formatCount(perSecond)]
}

function section(heading: string, parts: readonly string[]): string {
  return `<section>\n<h2>${heading}</h2>\n${parts.join('\n')}\n</section>`
}

function figure(caption: string, parts: readonly string[]): string {
  return `<figure>\n<figcaption>${escapeText(caption)}</figcaption>\n${parts.join('\n')}\n</figure>`
}

function details(summary: string, content: string): string {
  return `<details><summary>${escapeText(summary)}</summary>${content}</details>`
}

/** Colours and what they mean; `null` is the line from a bar's end. */
function legend(entries: readonly (readonly [Tone | null, string])[]): string {
  const items = entries.map(([tone, text]) => {
    const look = tone === null ? 'line' : `tone-${tone}`
    return `<li><i class="${look}" aria-hidden="true"></i>${escapeText(text)}</li>`
  })
  return `<ul class="legend">${items.join('')}</ul>`
}
