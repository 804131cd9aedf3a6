import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the fuzzer runs its corpus on every target and finds nothing', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['tools/fuzz/main.mjs', '--minutes', '0.01', '--seed', '1'],
    { cwd: root, encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  expect(status).toBe(0)
  for (const target of ['protocol', 'authentication', 'codecs', 'connection-string']) {
    expect(stdout).toMatch(
      new RegExp(`^${target}: \\d+ inputs, \\d+ blocks, \\d+ kept, 0 findings$`, 'm'),
    )
  }
})
