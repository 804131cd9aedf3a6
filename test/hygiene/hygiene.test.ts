import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, inject, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Report {
  readonly testResults: readonly [
    {
      readonly message: string
      readonly assertionResults: readonly {
        readonly fullName: string
        readonly status: string
        readonly failureMessages: readonly string[]
      }[]
    },
  ]
}

let file: Report['testResults'][0]
beforeAll(async () => {
  const vitest = `${ROOT}node_modules/vitest/vitest.mjs`
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--config', 'test/hygiene/vitest.config.ts'],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        SLUICE_HYGIENE_GRACE_MS: '100',
        SLUICE_TEST_GIVEN_SERVER: JSON.stringify(inject('postgres')),
      },
    },
  )
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  const report: Report = JSON.parse(output.slice(output.indexOf('{')))
  file = report.testResults[0]
}, 120_000)

const leaks: readonly (readonly [string, RegExp])[] = [
  ['a timer', /- a timer, at .*leaky\.fixture/],
  ['a repeating timer', /- a timer, at .*leaky\.fixture/],
  ['a client socket without ref', /- a handle: Socket to /],
  ['a server', /- a handle: Server/],
  ['a process', /- a handle: ChildProcess .*node/],
  ['an open file', /- an open file: .*leaky\.fixture/],
  ['a listener of the process', /- a listener of the process: SIGUSR2/],
  ['a listener of a signal', /- a listener of an AbortSignal/],
  ['too many listeners', /- Possible EventEmitter memory leak/],
  ['a subscriber of a channel', /- a subscriber of the channel query/],
  ['a rejection that nobody handles', /- an unhandled rejection: Error: unloved/],
  ['a connection', /- a handle: Socket to /],
  ['a pool', /- a handle: Socket to /],
]

test.each(leaks)('a test that leaves %s fails, and its name is said', (name, words) => {
  const found = file.assertionResults.find(({ fullName }) => fullName === `leaves ${name}`)
  expect(found?.status).toBe('failed')
  expect(found?.failureMessages.join('\n')).toMatch(words)
})

test('a test that leaves nothing passes', () => {
  const clean = file.assertionResults.filter(({ fullName }) =>
    fullName.startsWith('leaves nothing'),
  )
  expect(
    clean.map(({ fullName, status, failureMessages }) => [fullName, status, failureMessages]),
  ).toEqual(clean.map(({ fullName }) => [fullName, 'passed', []]))
  expect(clean.length).toBe(4)
})

test('a file that leaves sessions of the server fails', () => {
  expect(file.message).toMatch(/the file left behind:/)
  expect(file.message).toMatch(/- a session of the server \(\d+, idle\)/)
})
