import type { ModeName } from './cases.js'
import type { DriverFigures, GeometricMean } from './result.js'

/** The mode whose figures are averaged. */
const MODE: ModeName = 'd10'

/** For every driver its {@link GeometricMean} against every other, over the cases named. */
export function geometricMeans(
  results: readonly DriverFigures[],
  cases: readonly string[],
): Record<string, Record<string, GeometricMean>> {
  const figures = results.filter((each) => each.mode === MODE && cases.includes(each.case))
  const drivers = [...new Set(figures.map(({ driver }) => driver))]
  const of = (driver: string, name: string): DriverFigures | undefined =>
    figures.find((each) => each.driver === driver && each.case === name)
  const means: Record<string, Record<string, GeometricMean>> = {}
  for (const driver of drivers) {
    const row: Record<string, GeometricMean> = {}
    for (const base of drivers) {
      const pairs = cases.flatMap((name) => {
        const [mine, theirs] = [of(driver, name), of(base, name)]
        return mine === undefined || theirs === undefined ? [] : [{ mine, theirs }]
      })
      if (driver === base || pairs.length === 0) continue
      row[base] = {
        qps: meanOf(pairs.map(({ mine, theirs }) => mine.qps / theirs.qps)),
        cpu: meanOf(pairs.map(({ mine, theirs }) => theirs.cpuUs / mine.cpuUs)),
        cases: pairs.length,
      }
    }
    means[driver] = row
  }
  return means
}

/** The geometric mean. */
export function meanOf(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
}
