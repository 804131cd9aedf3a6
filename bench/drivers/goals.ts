import { CASES, MODES, type ModeName } from './cases.js'
import { meanOf } from './geometric-mean.js'
import type { DriverFigures, DriversResult } from './result.js'

/** What is compared: more queries a second, or less of the others. */
type Figure = 'qps' | 'cpuUs'

/** A ratio that a driver of ours is to reach, better being greater. */
interface Goal {
  readonly title: string
  readonly figure: Figure
  /** The first that took part. */
  readonly ours: readonly string[]
  readonly theirs: string
  readonly atLeast: number
  /** The geometric mean over these is meant; 'magic-stack' for the mean of the result. */
  readonly of: 'magic-stack' | readonly (readonly [name: string, mode: ModeName])[]
}

/** A goal beside what was measured. */
export interface GoalOutcome {
  readonly title: string
  readonly atLeast: number
  readonly ratio: number
  /**
   * What the ratio would be if the client took no processor time and the server as much as it did for us:
   * of all processors with ten connections, of one with one. For queries/s alone.
   */
  readonly limit?: number
}

const NATIVE = ['sluice']
const POOL = ['sluice-pipelining', 'sluice']
const LIGHT = ['oneplusone', 'primary_key'] as const
const magicStack = (figure: Figure, theirs: string, atLeast: number): Goal => ({
  title: `MagicStack's seven, ten connections, ${wording[figure]}, against ${theirs}`,
  figure,
  ours: NATIVE,
  theirs,
  atLeast,
  of: 'magic-stack',
})
const single = (
  title: string,
  figure: Figure,
  theirs: string,
  atLeast: number,
  of: Goal['of'],
  ours: readonly string[] = NATIVE,
): Goal => ({
  title: `${title}, ${wording[figure]}, against ${theirs}`,
  figure,
  ours,
  theirs,
  atLeast,
  of,
})

const wording: Readonly<Record<Figure, string>> = {
  qps: 'queries/s',
  cpuUs: 'client CPU',
}

const MAGIC_STACK = CASES.filter(({ isMagicStack }) => isMagicStack).map(
  ({ name }) => [name, 'd10'] as const,
)
const POOLED = LIGHT.map((name) => [name, 'pool10x100'] as const)
const KEY_SHARED = [['primary_key', 's100'] as const]
const WIDE = [['wide10k', 'd10'] as const]
const COPY = [['copy', 'd10'] as const]
const BATCH = [['batch', 'd1'] as const]
const FRESH = [['connect', 'd1'] as const]
const ONE = [['oneplusone', 'd1'] as const]

/** What we mean to reach, on Node.js 20. */
const GOALS: readonly Goal[] = [
  magicStack('qps', 'pg', 4),
  magicStack('qps', 'postgresjs', 4),
  magicStack('qps', 'bun', 1.4),
  magicStack('qps', 'asyncpg', 1.2),
  magicStack('cpuUs', 'pg', 9),
  magicStack('cpuUs', 'postgresjs', 9),
  magicStack('cpuUs', 'bun', 2.2),
  magicStack('cpuUs', 'asyncpg', 1.8),
  single('pool of ten, 100 callers', 'qps', 'pg', 3.5, POOLED, POOL),
  single('pool of ten, 100 callers', 'cpuUs', 'pg', 6, POOLED, POOL),
  single('pool of ten, 100 callers', 'qps', 'bun', 1.1, POOLED, POOL),
  single('one connection, 100 callers, by key', 'qps', 'pg', 4.5, KEY_SHARED),
  single('one connection, 100 callers, by key', 'qps', 'postgresjs', 1.8, KEY_SHARED),
  single('one connection, 100 callers, by key', 'qps', 'bun', 1, KEY_SHARED),
  single('10,000 wide rows, ten connections', 'qps', 'pg', 2.1, WIDE),
  single('10,000 wide rows, ten connections', 'qps', 'bun', 1.1, WIDE),
  single('executemany, one connection', 'qps', 'pg-pipeline', 3, BATCH),
  single('executemany, one connection', 'qps', 'bun', 3, BATCH),
  single('executemany, one connection', 'qps', 'asyncpg', 1.2, BATCH),
  single('bulk insert of 1,000 rows', 'qps', 'pg', 1.2, [['bulk_insert', 'd1']]),
  single('COPY of records, ten connections', 'qps', 'pg', 1.5, COPY),
  single('COPY of records, ten connections', 'cpuUs', 'pg', 3, COPY),
  single('COPY of records, ten connections', 'qps', 'asyncpg', 1.3, COPY),
  single('streaming a million rows', 'qps', 'pg', 3, [['stream1m', 'd1']]),
  single('one query in flight', 'qps', 'pg', 1.2, ONE),
  single('one query in flight', 'cpuUs', 'pg', 1.3, ONE),
  single('one query in flight', 'qps', 'bun', 1, ONE),
  single('a fresh connection by SCRAM', 'qps', 'pg', 1.8, FRESH),
  single('a fresh connection by SCRAM', 'qps', 'bun', 1, FRESH),
  single(
    'drop-in, single rows',
    'cpuUs',
    'pg',
    1.5,
    LIGHT.flatMap((name) => (['d1', 'd10'] as const).map((mode) => [name, mode] as const)),
    ['sluice-pg'],
  ),
  single(
    'drop-in, large results',
    'cpuUs',
    'pg',
    2,
    ['pg_type', 'generate_series', 'wide10k'].map((name) => [name, 'd10'] as const),
    ['sluice-pg'],
  ),
]

/** The goals that the result says something about. */
export function goalOutcomes(result: DriversResult): GoalOutcome[] {
  return GOALS.flatMap((goal) => {
    const pairs = pairsOf(goal, result)
    const { title, atLeast, figure } = goal
    const ratio = ratioOf(goal, pairs, result)
    if (ratio === undefined) return []
    const limit =
      figure === 'qps'
        ? knownMeanOf(pairs.map(({ ours, theirs }) => mostQueries(ours, result) / theirs.qps))
        : undefined
    return [{ title, atLeast, ratio, ...(limit !== undefined && { limit }) }]
  })
}

function ratioOf(
  { ours, theirs, figure, of }: Goal,
  pairs: readonly Pair[],
  { geomean }: DriversResult,
): number | undefined {
  if (of === 'magic-stack') {
    const mean = geomean[ours[0] ?? '']?.[theirs]
    return figure === 'qps' ? mean?.qps : mean?.cpu
  }
  return knownMeanOf(
    pairs.map((pair) =>
      figure === 'qps' ? pair.ours.qps / pair.theirs.qps : pair.theirs.cpuUs / pair.ours.cpuUs,
    ),
  )
}

/** The queries a second that the server could do; NaN where its time is not known. */
function mostQueries({ mode, serverUs }: DriverFigures, { machine }: DriversResult): number {
  const servers = MODES[mode].connections === 1 ? 1 : machine.cpus
  return (servers * 1e6) / (serverUs ?? Number.NaN)
}

/** What two drivers did in one case. */
interface Pair {
  readonly ours: DriverFigures
  readonly theirs: DriverFigures
}

/** The figures of ours and theirs in each case of a goal; none if a case has not both. */
function pairsOf({ ours, theirs, of }: Goal, { results }: DriversResult): Pair[] {
  const cases = of === 'magic-stack' ? MAGIC_STACK : of
  const pairs = cases.flatMap(([name, mode]) => {
    const find = (driver: string): DriverFigures | undefined =>
      results.find((each) => each.case === name && each.mode === mode && each.driver === driver)
    const mine = ours.map(find).find((each) => each !== undefined)
    const other = find(theirs)
    return mine === undefined || other === undefined ? [] : [{ ours: mine, theirs: other }]
  })
  // Some drivers have no COPY, so the mean is over what both have.
  return of === 'magic-stack' || pairs.length === cases.length ? pairs : []
}

function knownMeanOf(ratios: readonly number[]): number | undefined {
  return ratios.length === 0 || ratios.some(Number.isNaN) ? undefined : meanOf(ratios)
}
