import { afterAll, beforeEach } from 'vitest'
import { ignore, leftBehind, live, watch } from './left-behind.js'
import { endsOfSessions } from './left-sessions.js'

/*
 * Fails every test that leaves something behind: timers, sockets, servers, processes, open files, listeners,
 * subscribers, unhandled rejections, sessions of the server. What was there before the test, such as a
 * connection that the tests of a file share, is the file's, and has to be gone at its end.
 */

/** What closes by itself has so long; the test of this harness does not wait. */
const GRACE_MS = Number(process.env['SLUICE_HYGIENE_GRACE_MS'] ?? 5_000)

watch()
const beforeFile = live()

// Registered before all others, and so called behind them.
beforeEach((test) => {
  ignore(test.signal)
  const before = live()
  test.onTestFinished(async ({ task }) => {
    // What runs beside others cannot be told from them: their file is looked at.
    if (task.concurrent || task.result?.state === 'fail') return
    refuse('the test', await leftBehind(before, GRACE_MS, 'test'))
  })
})

afterAll(async () => {
  refuse('the file', [
    ...(await leftBehind(beforeFile, GRACE_MS, 'file')),
    ...(await endsOfSessions(GRACE_MS)),
  ])
})

function refuse(who: string, left: readonly string[]): void {
  if (left.length === 0) return
  throw new Error(`${who} left behind:\n${left.map((each) => `- ${each}`).join('\n')}`)
}
