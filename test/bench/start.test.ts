import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { testServer } from '../support/server.js'

const PROCESS = fileURLToPath(new URL('../../bench/start/process.mjs', import.meta.url))

/** Figures of one process of the benchmark `start`. */
async function figures(...words: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const args = ['--expose-gc', PROCESS, 'sluice', ...words]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}

test('an idle connection holds less than 100 KB', async () => {
  const { bytes } = await figures('connections', (await testServer()).dsn(), '20')
  expect(bytes).toBeLessThan(100_000)
  expect(bytes).toBeGreaterThan(1_000)
})

test('a start is measured to the first answer', async () => {
  const { loadedMs, loadedCpu, answeredCpu } = await figures('start', (await testServer()).dsn())
  expect(loadedMs).toBeGreaterThan(0)
  expect(answeredCpu).toBeGreaterThan(loadedCpu ?? Number.NaN)
})
