import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { isAlive, within } from './processes.js'

const PARENT = fileURLToPath(new URL('./parent.ts', import.meta.url))
const GONE_WITHIN_MS = 10_000

let child: ChildProcess | undefined
afterEach(() => {
  if (child?.pid !== undefined && child.exitCode === null) child.kill('SIGKILL')
})

/** Starts the program as the leader of a process group, as a shell does. */
function startParent(end: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
  child = spawn(process.execPath, ['--import', 'tsx', PARENT, end], {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return child
}

async function whatItStarted(parent: ChildProcess): Promise<{ folder: string; pid: number }> {
  if (parent.stdout === null) throw new Error('the program has no standard output')
  for await (const line of createInterface({ input: parent.stdout })) return JSON.parse(line)
  throw new Error('the program ended before it had a server')
}

const ENDS: readonly [string, string, (pid: number) => void][] = [
  ['is killed', 'wait', (pid) => process.kill(pid, 'SIGKILL')],
  ['gets Ctrl-C with its group', 'wait', (pid) => process.kill(-pid, 'SIGINT')],
  ['is killed with its group', 'wait', (pid) => process.kill(-pid, 'SIGKILL')],
  ['throws', 'throw', () => {}],
  ['exits', 'exit', () => {}],
  ['has nothing more to do', 'nothing', () => {}],
]

for (const [name, end, finish] of ENDS) {
  test(`server and folder go when the parent ${name}`, async () => {
    const parent = startParent(end)
    const { folder, pid } = await whatItStarted(parent)
    finish(parent.pid ?? 0)
    expect(await within(GONE_WITHIN_MS, () => !isAlive(pid))).toBe(true)
    expect(await within(GONE_WITHIN_MS, () => !existsSync(folder))).toBe(true)
    expect(await within(GONE_WITHIN_MS, () => !isAlive(parent.pid ?? 0))).toBe(true)
  })
}

test.each([0, 100, 250, 400, 600])(
  'nothing stays when the parent is killed %i ms after the folder was made',
  async (delayMs) => {
    const temporary = mkdtempSync(join(tmpdir(), 's-'))
    try {
      // Not root's alone: the server's user has to get in.
      chmodSync(temporary, 0o755)
      const parent = startParent('wait', { ...process.env, TMPDIR: temporary })
      const servers = () => readdirSync(temporary).filter((name) => name.startsWith('sluice-pg-'))
      expect(await within(20_000, () => servers().length > 0)).toBe(true)
      await delay(delayMs)
      process.kill(parent.pid ?? 0, 'SIGKILL')
      expect(await within(GONE_WITHIN_MS, () => servers().length === 0)).toBe(true)
    } finally {
      rmSync(temporary, { recursive: true, force: true })
    }
  },
)
