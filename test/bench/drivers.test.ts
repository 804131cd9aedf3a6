import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { geometricMeans } from '../../bench/drivers/geometric-mean.js'
import { goalOutcomes } from '../../bench/drivers/goals.js'
import type { DriverFigures, DriversResult } from '../../bench/drivers/result.js'
import { driversPage } from '../../bench/report/drivers-page.js'
import { driversText } from '../../bench/report/drivers-text.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

function figures(name: string, driver: string, qps: number, cpuUs: number): DriverFigures {
  return { case: name, mode: 'd10', driver, qps, rowsPerSecond: qps, cpuUs, rounds: 5, spread: 0.1 }
}

const RESULTS = [
  figures('a', 'sluice', 400, 10),
  figures('a', 'pg', 100, 40),
  figures('b', 'sluice', 900, 5),
  figures('b', 'pg', 100, 45),
  figures('c', 'sluice', 1_000, 1),
]

const RESULT: DriversResult = {
  server: 'PostgreSQL <18>',
  measuredAt: '2026-11-25T00:00:00.000Z',
  command: 'npm run bench -- drivers',
  machine: { cpus: 2, cpuModel: 'a & b', memoryGiB: 4, loadAverage: [0, 0, 0], platform: 'linux' },
  node: '20.19.0',
  base: 'pg',
  rounds: 5,
  roundMs: 500,
  versions: { sluice: '0.1.0', pg: '8.23.1' },
  results: RESULTS,
  absent: [
    { case: 'a', mode: 'd10', driver: 'bun', reason: 'bun is not installed' },
    { case: 'b', mode: 'd10', driver: 'bun', reason: 'bun is not installed' },
  ],
  geomean: geometricMeans(RESULTS, ['a', 'b', 'c']),
}

test('geometric means are over the cases that both drivers have', () => {
  const { sluice, pg } = RESULT.geomean
  expect(sluice?.['pg']).toEqual({
    qps: expect.closeTo(6, 10),
    cpu: expect.closeTo(6, 10),
    cases: 2,
  })
  expect(pg?.['sluice']?.qps).toBeCloseTo(1 / 6, 10)
})

describe('the report', () => {
  test('has a table for each case, ratios to the base, the means, and who is absent and why', () => {
    const text = driversText(RESULT)
    expect(text).toMatch(/^a d10\n/)
    expect(text).toMatch(/sluice +400 +4\.00× .* 4\.00×/)
    expect(text).toMatch(/sluice +6\.0× +6\.0× +2/)
    expect(text).toContain('bun: bun is not installed (a d10, b d10)')
    expect(text).toMatch(/seven, ten connections, queries\/s, against pg +4\.00× +6\.00× +reached/)
    expect(text).toMatch(/seven, ten connections, client CPU, against pg +9\.00× +6\.00× +missed/)
    expect(text).not.toContain('against bun')
  })

  test('a goal over several cases is their geometric mean', () => {
    const results = ['pg_type', 'generate_series', 'wide10k'].flatMap((name, i) => [
      figures(name, 'sluice-pg', 1, 10),
      figures(name, 'pg', 1, 10 * 2 ** i),
    ])
    const outcomes = goalOutcomes({ ...RESULT, results, geomean: {} })
    expect(outcomes).toEqual([
      {
        title: 'drop-in, large results, client CPU, against pg',
        atLeast: 2,
        ratio: expect.closeTo(2),
      },
    ])
  })

  test('says what the server would let a client do that costs nothing', () => {
    const ours = { ...figures('copy', 'sluice', 40, 900), serverUs: 20_000 }
    const results = [ours, figures('copy', 'pg', 25, 1800)]
    const outcomes = goalOutcomes({ ...RESULT, results, geomean: {} })
    const of = (title: string) => outcomes.find((outcome) => outcome.title === title)
    expect(of('COPY of records, ten connections, queries/s, against pg')).toEqual({
      title: expect.any(String),
      atLeast: 1.5,
      ratio: 1.6,
      // Two processors have 100 times 20 ms in a second.
      limit: expect.closeTo(4),
    })
    expect(of('COPY of records, ten connections, client CPU, against pg')).not.toHaveProperty(
      'limit',
    )
  })

  test('as a page escapes what it shows and loads nothing', () => {
    const page = driversPage(RESULT)
    expect(page).toContain('PostgreSQL &lt;18&gt;')
    expect(page).not.toMatch(/<script|src=|https?:/)
    expect(page).toContain('a &amp; b')
  })
})

test.each([
  [['--only', 'nobody'], 'unknown "nobody"'],
  [['--rounds', '0'], '--rounds must be a whole number above 0'],
  [['--only', 'sluice', '--base', 'pg'], '--base: pg does not take part'],
  [['--node', '/nowhere/node'], '--node: there is no /nowhere/node Node.js'],
])('the command refuses %j', (args, message) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'bench/main.ts', 'drivers', ...args],
    { cwd: ROOT, encoding: 'utf8' },
  )
  expect(stderr).toContain(message)
  expect(status).toBe(2)
})

test('the command measures, checks results and names who is absent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-drivers-'))
  const file = join(folder, 'drivers.json')
  const args = ['--only', 'sluice', '--cases', 'oneplusone', '--modes', 'd10', '--rounds', '1']
  try {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'bench/main.ts', 'drivers', ...args, '--ms', '50', '--json', file],
      { cwd: ROOT, encoding: 'utf8' },
    )
    expect(stderr).toBe('')
    expect(status).toBe(0)
    const result = JSON.parse(readFileSync(file, 'utf8')) as DriversResult
    expect(result.results).toMatchObject([{ case: 'oneplusone', mode: 'd10', driver: 'sluice' }])
    expect(result.results[0]?.qps).toBeGreaterThan(0)
    expect(result.absent).toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
