import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchCase, BenchMode } from './cases.js'
import type { Measurement } from './result.js'
import type { Worker, WorkerTarget } from './worker.js'

/**
 * Runs a case by PostgreSQL's own pgbench, which is as fast as a client of libpq can be that looks at
 * no result. Callers that share a connection become a pipeline of as many queries.
 *
 * @throws {Error} for a case that is no query
 */
export async function startPgbench(
  program: string | undefined,
  target: WorkerTarget,
  benchCase: BenchCase,
  mode: BenchMode,
): Promise<Worker> {
  if (program === undefined) throw new Error('pgbench is not installed')
  if (benchCase.kind !== 'fetch') throw new Error(`pgbench has no ${benchCase.kind}`)
  const folder = await mkdtemp(join(tmpdir(), 'sluice-pgbench-'))
  const script = join(folder, 'script.sql')
  const pipeline = mode.callers / mode.connections
  await writeFile(script, scriptOf(benchCase, pipeline))
  const version = (await output(program, ['--version'], {})).stdout.trim().split(' ').at(-1) ?? ''
  return {
    version,
    check: async () => undefined,
    run: (ms) => measure(program, script, target, benchCase, mode, ms),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

function scriptOf({ sql, parameters }: BenchCase, pipeline: number): string {
  const sets: string[] = []
  // A variable of pgbench is a number; a text stands in the query.
  const values = parameters.map((spec, i) => {
    if ('value' in spec && typeof spec.value === 'string') return `'${spec.value}'`
    sets.push(`\\set p${i} ${'value' in spec ? spec.value : `random(1, ${spec.cycleTo})`}`)
    return `:p${i}`
  })
  const text = sql.replace(/\$(\d)/g, (_, n) => values[Number(n) - 1] ?? '')
  const query = [...sets, `${text};`]
  if (pipeline === 1) return `${query.join('\n')}\n`
  const queries = Array.from({ length: pipeline }, () => query).flat()
  return ['\\startpipeline', ...queries, '\\endpipeline', ''].join('\n')
}

async function measure(
  program: string,
  script: string,
  target: WorkerTarget,
  benchCase: BenchCase,
  mode: BenchMode,
  ms: number,
): Promise<Measurement> {
  const args = [
    ...(mode.pinned ? ['taskset', '-c', '1'] : []),
    program,
    ...['-n', '-M', 'prepared', '-c', String(mode.connections), '-j', '1'],
    ...['-T', String(Math.max(1, Math.round(ms / 1000))), '-f', script],
    ...['-h', target.host, '-p', String(target.port), '-U', target.user, target.database],
  ]
  // bash tells the processor time of what it ran; Node.js does not tell it of children.
  const { stdout, stderr } = await output(
    'bash',
    ['-c', 'TIMEFORMAT="cpu %U %S"; time "$@"', 'bash', ...args],
    {
      PGPASSWORD: target.password,
      LC_ALL: 'C',
    },
  )
  const transactions = Number(/actually processed: (\d+)/.exec(stdout)?.[1])
  const perSecond = Number(/tps = ([\d.]+)/.exec(stdout)?.[1])
  const cpu = /cpu ([\d.]+) ([\d.]+)/.exec(stderr)
  const queries = transactions * (mode.callers / mode.connections)
  if (!(queries > 0) || cpu === null) throw new Error(`pgbench on ${benchCase.name}: ${stderr}`)
  return {
    queries,
    rows: 0,
    ms: (transactions / perSecond) * 1000,
    cpuUs: ((Number(cpu[1]) + Number(cpu[2])) * 1e6) / queries,
  }
}

async function output(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(program, args, { env: { ...process.env, ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  await once(child, 'close')
  return { stdout, stderr }
}
