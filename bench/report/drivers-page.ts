import type { DriversResult } from '../drivers/result.js'
import { barChart } from './bar-chart.js'
import {
  absencesOf,
  configurationsOf,
  FIGURE_COLUMNS,
  type FiguresGroup,
  groupsOf,
  MEAN_COLUMNS,
  meanRows,
} from './drivers-text.js'
import { formatFactor, toSignificant } from './format.js'
import { htmlTable } from './html-table.js'
import { escapeText } from './markup.js'
import { htmlPage } from './page.js'

/** The result as a self-contained page. */
export function driversPage(result: DriversResult): string {
  const groups = groupsOf(result)
  return htmlPage(
    'sluice: PostgreSQL drivers compared',
    [
      header(result),
      '<main>',
      ...groups.map((group, i) => section(group, i)),
      configuration(result),
      '</main>',
    ].join('\n'),
  )
}

function header(result: DriversResult): string {
  const { server, node, machine, base, rounds, roundMs, command } = result
  const mean = result.geomean['sluice']?.[base]
  const headline =
    mean === undefined
      ? 'PostgreSQL drivers compared'
      : `sluice does <strong>${formatFactor(mean.qps)}</strong> the work of ${escapeText(base)}`
  return `<header>
<p class="eyebrow">sluice · drivers compared</p>
<h1>${headline}</h1>
<p class="lead">Geometric mean of queries a second over MagicStack's cases, with ten connections.</p>
<p class="muted">${escapeText(server)}, Node.js ${escapeText(node)}, ${machine.cpus} CPUs of ${escapeText(machine.cpuModel)}; ${rounds} interleaved rounds of ${roundMs} ms, medians. Made by <code>${escapeText(command)}</code>.</p>
${htmlTable({ caption: `Ratios to ${base}`, headings: MEAN_COLUMNS, rows: meanRows(result) })}
</header>`
}

function section({ title, figures, rows }: FiguresGroup, index: number): string {
  const chart = barChart({
    id: `case-${index}`,
    title,
    description: `Queries a second: ${figures.map(({ driver, qps }) => `${driver} ${toSignificant(qps)}`).join(', ')}.`,
    groups: [
      {
        title: '',
        rows: figures.map(({ driver, qps }) => ({
          name: driver,
          value: `${toSignificant(qps)} queries/s`,
          bars: [
            {
              segments: [{ value: qps, tone: driver.startsWith('sluice') ? 'pooled' : 'close' }],
            },
          ],
        })),
      },
    ],
  })
  return `<section><h2>${escapeText(title)}</h2><figure>${chart}</figure>
<details><summary>Figures</summary>${htmlTable({ caption: title, headings: FIGURE_COLUMNS, rows })}</details></section>`
}

function configuration(result: DriversResult): string {
  const list = configurationsOf(result)
    .map(([name, note]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(note)}</dd>`)
    .join('')
  const absences = absencesOf(result)
    .map((each) => `<li>${escapeText(each)}</li>`)
    .join('')
  return `<section><h2>Configurations, and what is not like for like</h2><dl>${list}</dl>
${absences === '' ? '' : `<h2>Absent</h2><ul>${absences}</ul>`}</section>`
}
