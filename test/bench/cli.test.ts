import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Run {
  readonly outcome: Promise<Outcome>
  kill(signal: NodeJS.Signals): void
}

let folder: string
let runs: Run[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-bench-test-'))
  await chmod(folder, 0o755) // The server's unprivileged user must come through.
  runs = []
})

afterEach(async () => {
  // Those that a failed test left running.
  for (const run of runs) run.kill('SIGTERM')
  await Promise.all(runs.map((run) => run.outcome))
  await rm(folder, { recursive: true, force: true })
})

function startBench(args: readonly string[]): Run {
  const { SLUICE_TEST_DSN: _, ...environment } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], {
    cwd: ROOT,
    env: { ...environment, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const run: Run = {
    outcome: once(child, 'close').then(([code]) => ({ code, stdout, stderr })),
    kill: (signal) => child.kill(signal),
  }
  runs.push(run)
  return run
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('a wrong command line ends with one line and exit code 2', () => {
  const cases: [string[], string][] = [
    [['--fast'], 'unknown option --fast'],
    [['--json'], '--json needs a value'],
    [['handshake', '--dsn', '--quick'], '--dsn needs a value'],
    [['handshakes'], 'unknown benchmark "handshakes" (known: handshake, '],
    [['--json', '/nonexistent/figures.json'], 'cannot write /nonexistent/figures.json (ENOENT)'],
    [['--json', ROOT], 'is a folder'],
    [['--dsn', 'postgresql://localhost/?sslmode=perhaps'], '--dsn: '],
  ]
  test.each(cases)('%j', async (args, message) => {
    const { code, stdout, stderr } = await startBench(args).outcome
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^bench: [^\n]+\n$/)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

test('a server that is not there ends with one line and exit code 1, without the password', async () => {
  const dsn = `postgresql://someone:very-secret@127.0.0.1:${await closedPort()}/postgres`
  const { code, stdout, stderr } = await startBench(['--dsn', dsn]).outcome
  expect(stderr).toMatch(/^bench: cannot reach the server: [^\n]+\n$/)
  expect(stderr).not.toContain('very-secret')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
})

test('--help tells every option', async () => {
  const { code, stdout, stderr } = await startBench(['--help']).outcome
  for (const option of ['--quick', '--dsn DSN', '--json FILE', '--help']) {
    expect(stdout).toContain(option)
  }
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

describe('an interrupted run leaves no server and no folder behind', () => {
  const cases: [NodeJS.Signals, number][] = [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]
  test.each(cases)('%s gives exit code %d', { timeout: 60_000 }, async (signal, expected) => {
    const run = startBench(['--quick'])
    const postmaster = await postmasterPid(folder)
    run.kill(signal)
    const { code, stdout, stderr } = await run.outcome
    expect({ code, stdout, stderr }).toEqual({ code: expected, stdout: '', stderr: '' })
    expect(() => process.kill(postmaster, 0)).toThrow('ESRCH')
    expect(await foldersOfServers()).toEqual([])
  })
})

/** Waits for the server that a run starts below its temporary folder. */
async function postmasterPid(temporaryFolder: string): Promise<number> {
  for (;;) {
    const names = await readdir(temporaryFolder)
    const files = names.map((name) => join(temporaryFolder, name, 'data', 'postmaster.pid'))
    const file = files.find((path) => existsSync(path))
    // initdb runs a server too, whose file comes and goes.
    const text = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '')
    // The status line is the eighth and comes last: the server is up.
    const [pid, , , , , , , status] = text.split('\n')
    if (status?.startsWith('ready')) return Number(pid)
    await sleep(50)
  }
}

// tsx keeps its own cache and socket there too.
async function foldersOfServers(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('tsx-'))
}
