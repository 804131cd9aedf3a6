import { toSignificant } from '../report/format.js'
import { textTable } from '../report/text-table.js'
import { UsageError } from '../support/options.js'
import { median } from '../support/statistics.js'
import type { MicroCase } from './micro-case.js'

/** Suites by name; each is loaded and run in turn. */
const SUITES: Readonly<Record<string, () => Promise<readonly MicroCase[]>>> = {
  framer: async () => (await import('./framer.js')).framerCases(),
  rows: async () => (await import('./rows.js')).rowCases(),
  columns: async () => (await import('./columns.js')).columnCases(),
  decoders: async () => (await import('./codecs.js')).decoderCases(),
  encoders: async () => (await import('./codecs.js')).encoderCases(),
  records: async () => (await import('./records.js')).recordCases(),
  pool: async () => (await import('./pool.js')).poolCases(),
}

const ROUNDS = 9
/** Processor time of one measurement, in µs. */
const ROUND_US = 60_000

/**
 * `npm run bench:micro -- [SUITE…]`: processor time of the parts, without a server. Medians of rounds
 * that are interleaved within a suite. What a part saves here is the most that a query can gain by it.
 */
async function main(names: readonly string[]): Promise<void> {
  for (const name of names.length > 0 ? names : Object.keys(SUITES)) {
    const load = Object.hasOwn(SUITES, name) ? SUITES[name] : undefined
    if (load === undefined) {
      throw new UsageError(`unknown suite "${name}" (known: ${Object.keys(SUITES).join(', ')})`)
    }
    process.stdout.write(`${name}\n${table(measure(await load()))}\n`)
  }
}

function measure(cases: readonly MicroCase[]): [string, number, string][] {
  const rounds = cases.map((): number[] => [])
  const counts = cases.map((each) => calibrate(each))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, each] of cases.entries()) {
      const count = counts[i] ?? 1
      rounds[i]?.push((cpuUs(each, count) * 1000) / (count * each.operations))
    }
  }
  return cases.map(({ name, unit }, i) => [name, median(rounds[i] ?? []), unit])
}

/** How often a case runs in one measurement; also its warm-up. */
function calibrate(each: MicroCase): number {
  for (let count = 1; ; count *= 2) {
    const us = cpuUs(each, count)
    if (us > ROUND_US) return count
  }
}

function cpuUs({ run }: MicroCase, count: number): number {
  const before = process.cpuUsage()
  for (let i = 0; i < count; i++) run()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function table(rows: readonly (readonly [string, number, string])[]): string {
  return textTable(
    [
      { heading: 'case', align: 'left' },
      { heading: 'ns', align: 'right' },
      { heading: 'per', align: 'left' },
    ],
    rows.map(([name, ns, unit]) => [name, toSignificant(ns), unit]),
  )
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`bench:micro: ${error.message}\n`)
  process.exitCode = 2
}
