import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { testServer } from '../support/server.js'

/*
 * The examples run as users run them: in a process of their own, against the built package.
 */

const root = fileURLToPath(new URL('../..', import.meta.url))
const running = new Set<ChildProcess>()

afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})

interface Run {
  readonly child: ChildProcess
  /** All that it has printed. */
  output(): string
  /** Resolves with the exit code, or rejects with what it printed if that is not 0. */
  readonly success: Promise<void>
  /** Resolves with the first match in the output. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
}

async function run(example: string): Promise<Run> {
  const server = await testServer()
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/${example}.ts`], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: server.dsn() },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let output = ''
  const onData = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout?.on('data', onData)
  child.stderr?.on('data', onData)
  const success = once(child, 'close').then(([code, signal]) => {
    running.delete(child)
    if (code !== 0) throw new Error(`${example} ended with ${code ?? signal}:\n${output}`)
  })
  return {
    child,
    output: () => output,
    success,
    async waitFor(pattern) {
      for (;;) {
        const match = pattern.exec(output)
        if (match !== null) return match
        await Promise.race([
          once(child.stdout ?? child, 'data'),
          success.then(() => {
            throw new Error(`${example} ended without printing ${pattern}:\n${output}`)
          }),
        ])
      }
    },
  }
}

test('version prints the version of the server', async () => {
  const example = await run('version')
  await example.success
  expect(example.output()).toMatch(/^PostgreSQL \d+/)
})

test('parse-capture prints what a captured stream says', async () => {
  const example = await run('parse-capture')
  await example.success
  expect(example.output()).toContain("columns: [ 'id', 'name' ]")
  expect(example.output()).toContain("row: [ '2', 'Grace' ]")
  expect(example.output()).toContain("done: { command: 'SELECT', rowCount: 2 }")
  expect(example.output()).toContain('error 22012: division by zero')
  expect(example.output()).toMatch(/^refused: the length \d+ of /m)
})

test('concurrent-tasks survives a failing task and leaks no connection', async () => {
  const example = await run('concurrent-tasks')
  await example.success
  expect(example.output().match(/^task \d+: \d+ by the session \d+$/gm)).toHaveLength(19)
  expect(example.output()).toContain('a task failed: division by zero (22012)')
  expect(example.output()).toMatch(/^[2-5] connections, [2-5] idle, 0 in use$/m)
})

test('stress runs 500 tasks on ten connections', async () => {
  const example = await run('stress')
  await example.success
  expect(example.output()).toMatch(/^500 tasks in [\d.]+ s, sum 249500, at most \d+ waiting$/m)
  expect(example.output()).toMatch(/maxSize: 10/)
  expect(example.output()).toMatch(/lent: 0/)
})

test('copy-and-stream moves rows in and out', async () => {
  const example = await run('copy-and-stream')
  await example.success
  expect(example.output()).toContain('copied 100000 rows in\nwarmest of sensor 3: 39.3\n')
  expect(example.output()).toContain('the first chunk has rows\nsensor,max\n0,39\n1,39.1\n')
})

test('acquire-timeout prints what the pool looks like when it is exhausted', async () => {
  const example = await run('acquire-timeout')
  await example.success
  expect(example.output()).toMatch(
    /^PoolTimeoutError: no connection became free within 100 ms \(2 of 2 connections open: 0 idle, 2 in use/m,
  )
  expect(example.output()).toContain('after the release: served')
})

test('transaction loses no money in conflicts', async () => {
  const example = await run('transaction')
  await example.success
  expect(example.output()).toMatch(/^30 transfers, \d+ conflicts, 300 in all accounts$/m)
})

test('web-application under load loses no request when it is told to stop', async () => {
  const example = await run('web-application')
  const [, url = ''] = await example.waitFor(/listening on (http:\S+)/)
  const statuses = new Map<number, number>()
  let isHealthy = true
  let served = 0

  /** One user of the application: as a load balancer does, it stops when told to. */
  async function client(seed: number): Promise<void> {
    for (let id = seed; isHealthy; id = (id * 7 + 13) % 1000) {
      const response = await fetch(`${url}/users/${id + 1}`)
      const user = (await response.json()) as { id: number; name: string }
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      expect(user).toEqual({ id: id + 1, name: `user ${id + 1}` })
      served += 1
    }
  }

  async function balancer(): Promise<void> {
    while (isHealthy) {
      const response = await fetch(`${url}/health`)
      await response.arrayBuffer()
      isHealthy = response.status === 200
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  const load = Promise.all([balancer(), ...Array.from({ length: 20 }, (_, i) => client(i))])
  while (served < 500) await new Promise((resolve) => setTimeout(resolve, 10))
  example.child.kill('SIGTERM')
  await load
  await example.success
  expect([...statuses.keys()]).toEqual([200])
  expect(served).toBeGreaterThan(500)
})

test('web-application answers bad and unknown ids', async () => {
  const example = await run('web-application')
  const [, url = ''] = await example.waitFor(/listening on (http:\S+)/)
  const statuses = []
  for (const id of ['x', '0', '1.5', '99999999999', '1001', '1000']) {
    statuses.push((await fetch(`${url}/users/${id}`)).status)
  }
  example.child.kill('SIGTERM')
  await example.success
  expect(statuses).toEqual([400, 400, 400, 400, 404, 200])
})
