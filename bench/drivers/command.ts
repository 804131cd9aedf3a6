import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { driversPage } from '../report/drivers-page.js'
import { driversText } from '../report/drivers-text.js'
import type { Benchmark } from '../support/benchmark.js'
import { describeOptions, type OptionTable, parseOptions, UsageError } from '../support/options.js'
import { Progress } from '../support/progress.js'
import { CASES, MODES, type ModeName } from './cases.js'
import { DRIVERS } from './drivers.js'
import { findPrograms } from './programs.js'
import type { DriversResult } from './result.js'

const OPTIONS = {
  only: { type: 'string', value: 'NAMES', doc: 'Only these drivers, with commas between.' },
  cases: { type: 'string', value: 'NAMES', doc: 'Only these cases.' },
  modes: { type: 'string', value: 'NAMES', doc: 'Only these modes.' },
  rounds: {
    type: 'string',
    value: 'N',
    doc: 'Rounds of each measurement, four times as many where they spread widely. Default 5.',
  },
  ms: { type: 'string', value: 'MS', doc: 'Length of a measurement, in ms. Default 500.' },
  base: { type: 'string', value: 'NAME', doc: 'The driver that ratios are to. Default pg.' },
  node: {
    type: 'string',
    value: 'PATH',
    doc: 'The Node.js that runs the drivers; "newest" for the one in bench/package.json.',
  },
  json: { type: 'string', value: 'FILE', doc: 'Write the figures to this file too.' },
  help: { type: 'boolean', doc: 'Print this text.' },
} as const satisfies OptionTable

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url))

const HELP = `npm run bench -- drivers [OPTIONS]

Compares PostgreSQL drivers on the same server, each in a process of its own, rounds interleaved,
medians. The other drivers come with \`npm ci --prefix bench\`; asyncpg, uvloop and pgbench
with a distribution (Debian: python3-asyncpg, python3-uvloop, postgresql). What is not there is named
as absent. All of it takes about half an hour.

${describeOptions(OPTIONS)}

drivers: ${DRIVERS.map(({ name }) => name).join(', ')}
cases:   ${CASES.map(({ name }) => name).join(', ')}
modes:   ${Object.values(MODES)
  .map(({ name, doc }) => `${name} (${doc})`)
  .join('\n         ')}

Figures and page are written to bench/results/drivers.{json,html}.
`

/** `npm run bench -- drivers`: sluice against its peers. */
export const drivers: Benchmark = {
  help: HELP,
  async run(args, context) {
    const options = parseOptions(OPTIONS, args)
    const chosen = choose('only', options.only, DRIVERS)
    const run = {
      drivers: chosen,
      cases: choose('cases', options.cases, CASES),
      modes: choose('modes', options.modes, Object.values(MODES)).map(
        ({ name }) => name as ModeName,
      ),
      rounds: count('rounds', options.rounds, 5),
      roundMs: count('ms', options.ms, 500),
      base:
        options.base ?? (chosen.some(({ name }) => name === 'pg') ? 'pg' : (chosen[0]?.name ?? '')),
      command: ['npm run bench -- drivers', ...args].join(' '),
      programs: findPrograms(options.node),
      signal: context.signal,
    }
    if (!chosen.some(({ name }) => name === run.base)) {
      throw new UsageError(`--base: ${run.base} does not take part`)
    }
    const progress = new Progress(context.stderr)
    const { runDrivers } = await import('./run.js')
    try {
      const result = await runDrivers({
        ...run,
        onProgress: (text, share) => progress.show(text, share),
      })
      progress.clear()
      context.stdout.write(driversText(result))
      for (const file of await writeResults(result, options.json)) {
        context.stdout.write(`Written: ${file}\n`)
      }
    } finally {
      progress.clear()
    }
  },
}

function choose<T extends { readonly name: string }>(
  option: string,
  names: string | undefined,
  all: readonly T[],
): readonly T[] {
  if (names === undefined) return all
  return names.split(',').map((name) => {
    const found = all.find((each) => each.name === name)
    if (found !== undefined) return found
    throw new UsageError(
      `--${option}: unknown "${name}" (known: ${all.map((each) => each.name).join(', ')})`,
    )
  })
}

function count(option: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new UsageError(`--${option} must be a whole number above 0`)
}

async function writeResults(result: DriversResult, copy: string | undefined): Promise<string[]> {
  await mkdir(RESULTS, { recursive: true })
  const json = `${JSON.stringify(result, null, 2)}\n`
  const files: [string, string][] = [
    [join(RESULTS, 'drivers.json'), json],
    [join(RESULTS, 'drivers.html'), driversPage(result)],
  ]
  if (copy !== undefined) files.push([resolve(copy), json])
  for (const [path, content] of files) await writeFile(path, content)
  return files.map(([path]) => relative(process.cwd(), path))
}
