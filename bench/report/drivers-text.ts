import { DRIVERS } from '../drivers/drivers.js'
import { goalOutcomes } from '../drivers/goals.js'
import type { DriverFigures, DriversResult } from '../drivers/result.js'
import { formatFactor, toSignificant } from './format.js'
import { textTable } from './text-table.js'

/** The columns of every table of figures, with their heading. */
const COLUMNS = [
  'driver',
  'queries/s',
  'ratio',
  'rows/s',
  'cpu µs',
  'cpu ratio',
  'server µs',
  'p50 ms',
  'p99 ms',
  'RSS MiB',
  'rounds',
  'spread',
] as const

/** The result for a terminal: a table for each case and mode, the geometric means, who is absent. */
export function driversText(result: DriversResult): string {
  const parts = groupsOf(result).map(
    ({ title, rows }) =>
      `${title}\n${textTable(
        COLUMNS.map((heading, i) => ({ heading, align: i === 0 ? 'left' : 'right' })),
        rows,
      )}`,
  )
  parts.push(
    `geometric mean, MagicStack's cases with ten connections, ratios to ${result.base}\n${textTable(
      MEAN_COLUMNS.map((heading, i) => ({ heading, align: i === 0 ? 'left' : 'right' })),
      meanRows(result),
    )}`,
  )
  const goals = goalOutcomes(result)
  if (goals.length > 0) {
    const headings = ['goal', 'at least', 'measured', 'the most there is', '']
    parts.push(
      `goals\n${textTable(
        headings.map((heading, i) => ({ heading, align: i === 0 ? 'left' : 'right' })),
        goals.map(({ title, atLeast, ratio: measured, limit }) => [
          title,
          ratio(atLeast),
          ratio(measured),
          limit === undefined ? '' : ratio(limit),
          measured >= atLeast ? 'reached' : 'missed',
        ]),
      )}`,
    )
  }
  const absences = absencesOf(result)
  if (absences.length > 0) parts.push(`absent:\n${absences.map((each) => `  ${each}\n`).join('')}`)
  return `${parts.join('\n')}\n`
}

/** Headings of {@link meanRows}. */
export const MEAN_COLUMNS: readonly string[] = ['driver', 'queries/s', 'cpu', 'cases']

/** The geometric means against the base. */
export function meanRows({ geomean, base }: DriversResult): string[][] {
  return Object.entries(geomean).flatMap(([driver, bases]) => {
    const mean = bases[base]
    if (mean === undefined) return []
    return [[driver, formatFactor(mean.qps), formatFactor(mean.cpu), String(mean.cases)]]
  })
}

/** One table of figures. */
export interface FiguresGroup {
  readonly title: string
  readonly figures: readonly DriverFigures[]
  readonly rows: readonly (readonly string[])[]
}

/** The tables of a result, in the order of the run. */
export function groupsOf({ results, base }: DriversResult): FiguresGroup[] {
  const keys = [...new Set(results.map((each) => `${each.case} ${each.mode}`))]
  return keys.map((title) => {
    const figures = results.filter((each) => `${each.case} ${each.mode}` === title)
    const of = figures.find(({ driver }) => driver === base)
    return { title, figures, rows: figures.map((each) => row(each, of)) }
  })
}

/** The headings that go with the rows of {@link groupsOf}. */
export const FIGURE_COLUMNS: readonly string[] = COLUMNS

function row(figures: DriverFigures, base: DriverFigures | undefined): string[] {
  const optional = (value: number | undefined): string =>
    value === undefined ? '–' : toSignificant(value)
  return [
    figures.driver,
    toSignificant(figures.qps),
    base === undefined ? '–' : ratio(figures.qps / base.qps),
    figures.rowsPerSecond === 0 ? '–' : toSignificant(figures.rowsPerSecond),
    toSignificant(figures.cpuUs),
    base === undefined ? '–' : ratio(base.cpuUs / figures.cpuUs),
    optional(figures.serverUs),
    optional(figures.p50),
    optional(figures.p99),
    optional(figures.rssMb),
    String(figures.rounds),
    `${Math.round(figures.spread * 100)} %`,
  ]
}

function ratio(value: number): string {
  return `${value.toFixed(2)}×`
}

/** Who did not take part, each reason once with the cases that it is for. */
export function absencesOf({ absent }: DriversResult): string[] {
  const cases = new Map<string, string[]>()
  for (const each of absent) {
    const key = `${each.driver}: ${each.reason}`
    cases.set(key, [...(cases.get(key) ?? []), `${each.case} ${each.mode}`])
  }
  return [...cases].map(([key, of]) => `${key} (${of.join(', ')})`)
}

/** How each driver that took part was configured. */
export function configurationsOf({ versions }: DriversResult): [string, string][] {
  return DRIVERS.filter(({ name }) => Object.hasOwn(versions, name)).map(({ name, note }) => [
    `${name} ${versions[name]}`,
    note,
  ])
}
