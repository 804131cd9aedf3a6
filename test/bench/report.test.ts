import { describe, expect, test } from 'vitest'
import { verdicts } from '../../bench/handshake/claim.js'
import type { HandshakeResult, TransportResult } from '../../bench/handshake/result.js'
import { type Route, routeLabel, routeName } from '../../bench/handshake/route.js'
import { formatFactor, formatMs, formatRange, formatShare } from '../../bench/report/format.js'
import { handshakePage } from '../../bench/report/handshake-page.js'
import { handshakePicture } from '../../bench/report/handshake-picture.js'
import { handshakeText } from '../../bench/report/handshake-text.js'
import { textTable } from '../../bench/report/text-table.js'
import { SAMPLE_RESULT } from './sample-result.js'

const HOSTILE_RESULT: HandshakeResult = {
  ...SAMPLE_RESULT,
  server: '<script>alert("1")</script>',
  machine: { ...SAMPLE_RESULT.machine, cpuModel: '"><img src=x>&' },
  notes: ['</style></svg>'],
}

// Every tag that needs an end has one, in the right order. Attribute values hold no < and no >.
function checkNesting(markup: string): void {
  const open: string[] = []
  const isVoid = new Set(['meta', 'link', 'br'])
  for (const [, slash, name = '', rest = ''] of markup.matchAll(/<(\/?)([a-z0-9]+)([^<>]*)>/gi)) {
    if (slash) expect(open.pop()).toBe(name)
    else if (!rest.endsWith('/') && !isVoid.has(name)) open.push(name)
  }
  expect(open).toEqual([])
}

const documents: [string, (result: HandshakeResult) => string][] = [
  ['page', handshakePage],
  ['picture', handshakePicture],
]

describe.each(documents)('the %s', (_, render) => {
  test('nests its elements', () => {
    checkNesting(render(SAMPLE_RESULT))
  })

  test('loads nothing and runs nothing', () => {
    const markup = render(SAMPLE_RESULT).replaceAll('http://www.w3.org/2000/svg', '')
    expect(markup).not.toMatch(/https?:|url\(|@import|<script|<iframe|<img|\son[a-z]+=| src=/i)
    expect([...markup.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toSatisfy(
      (hrefs: string[]) => hrefs.every((href) => href === 'data:,'),
    )
  })

  test('escapes what it shows', () => {
    const markup = render(HOSTILE_RESULT)
    checkNesting(markup)
    expect(markup).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;')
    expect(markup).not.toMatch(/<script|<img/)
  })

  test('knows the dark mode', () => {
    expect(render(SAMPLE_RESULT)).toContain('prefers-color-scheme:dark')
  })

  test('has a title and a description for every picture', () => {
    const pictures = render(SAMPLE_RESULT).match(/<svg.*?<\/svg>/gs) ?? []
    expect(pictures.length).toBeGreaterThan(0)
    for (const picture of pictures) {
      const ids = /role="img" aria-labelledby="(\S+) (\S+)"/.exec(picture)?.slice(1) ?? []
      expect(picture).toContain(`<title id="${ids[0]}">`)
      expect(picture).toContain(`<desc id="${ids[1]}">`)
    }
  })

  test('has no figure that is not a number', () => {
    expect(render(SAMPLE_RESULT)).not.toMatch(/NaN|Infinity|undefined|null|\[object/)
  })
})

test('the ids of the page are unique', () => {
  const ids = [...handshakePage(SAMPLE_RESULT).matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('the page says its language, its method, its command and what was left out', () => {
  const page = handshakePage(SAMPLE_RESULT)
  const texts = [
    '<html lang="en">',
    'select 1',
    'npm run bench',
    'the server &lt;says&gt; &quot;no&quot; &amp; means it',
    'The time was up after 8 of 9 rounds.',
  ]
  for (const text of texts) expect(page).toContain(text)
})

test('the bars of the picture are as long as their figures say', () => {
  const picture = handshakePicture(SAMPLE_RESULT)
  const widths = [...picture.matchAll(/class="bar tone-tls" x="[\d.]+" y="\d+" width="([\d.]+)"/g)]
  const [negotiated, direct] = widths.map(([, width]) => Number(width))
  expect(Number(negotiated) / Number(direct)).toBeCloseTo(3.6 / 3.3, 2)
})

test('the text has a line per transport, kind and concurrency, and names the verdicts', () => {
  const text = handshakeText(SAMPLE_RESULT)
  expect(text.match(/ {2}fresh {2}/g)).toHaveLength(4 * 3)
  expect(text.match(/ {2}pooled {2}/g)).toHaveLength(4 * 3)
  expect(text).toContain('more than claimed')
  expect(text).toContain('Left out: tcp-md5: the server <says> "no" & means it')
})

test('a result with one transport and one concurrency is reported too', () => {
  const { 'unix-trust': only } = SAMPLE_RESULT.transports
  if (only === undefined) throw new Error('the sample lacks unix-trust')
  const result: HandshakeResult = {
    ...SAMPLE_RESULT,
    transports: { 'unix-trust': { ...only, concurrency: {} } },
    api: { ...SAMPLE_RESULT.api, transport: 'unix-trust' },
    leftOut: [],
    notes: [],
  }
  for (const render of [handshakePage, handshakePicture, handshakeText]) {
    expect(render(result)).toContain('Unix socket, trust')
  }
})

describe('the claim', () => {
  const cases: [string, number[], string][] = [
    ['held', [0.7, 0.8, 0.9], 'held'],
    ['exceeded', [0.95, 0.99], 'more than claimed'],
    ['missed', [0.2, 0.69], 'less than claimed'],
    ['partly exceeded', [0.85, 0.95], 'held or exceeded'],
    ['partly missed', [0.5, 0.95], 'held only in part'],
  ]
  test.each(cases)('%s', (_, saved, outcome) => {
    const [sample] = Object.values(SAMPLE_RESULT.transports)
    const transports = saved.map((share, i): [string, TransportResult] => {
      if (sample === undefined) throw new Error('the sample is empty')
      return [String(i), { ...sample, saved: share }]
    })
    const [first] = verdicts({ ...SAMPLE_RESULT, transports: Object.fromEntries(transports) })
    expect(first?.outcome).toBe(outcome)
  })
})

describe('a route', () => {
  const cases: [Route, string, string][] = [
    [{ path: 'unix', tls: 'none', auth: 'trust' }, 'unix-trust', 'Unix socket, trust'],
    [{ path: 'tcp', tls: 'none', auth: 'scram-sha-256' }, 'tcp-scram', 'TCP, SCRAM'],
    [{ path: 'tcp', tls: 'negotiated', auth: 'scram-sha-256' }, 'tcp-tls-scram', 'TCP, TLS, SCRAM'],
    [
      { path: 'tcp', tls: 'direct', auth: 'scram-sha-256' },
      'tcp-tls-direct-scram',
      'TCP, direct TLS, SCRAM',
    ],
    [{ path: 'tcp', tls: 'none', auth: 'md5' }, 'tcp-md5', 'TCP, md5'],
    [{ path: 'tcp', tls: 'negotiated', auth: null }, 'tcp-tls', 'TCP, TLS'],
  ]
  test.each(cases)('%j is called %s', (route, name, label) => {
    expect([routeName(route), routeLabel(route)]).toEqual([name, label])
  })
})

describe('figures', () => {
  const cases: [string, string][] = [
    [formatMs(0.13749), '0.137 ms'],
    [formatMs(8.309), '8.31 ms'],
    [formatMs(41.26), '41.3 ms'],
    [formatMs(1234.5), '1,235 ms'],
    [formatShare(0.834), '83 %'],
    [formatShare(0.9876), '98.8 %'],
    [formatShare(-0.02), '-2.0 %'],
    [formatFactor(41.4), '41×'],
    [formatFactor(3.44), '3.4×'],
    [formatRange([0.5, 0.6], formatShare), '50 % to 60 %'],
    [formatRange([0.5, 0.501], formatShare), '50 %'],
  ]
  test.each(cases)('%s reads %s', (actual, expected) => {
    expect(actual).toBe(expected)
  })
})

test('a text table lines its columns up', () => {
  const table = textTable(
    [
      { heading: 'a', align: 'left' },
      { heading: 'ms', align: 'right' },
    ],
    [
      ['one', '1'],
      ['x', '1000'],
    ],
  )
  expect(table).toBe('a      ms\n─────────\none     1\nx    1000\n')
})
