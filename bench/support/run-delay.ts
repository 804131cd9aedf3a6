import { existsSync, openSync, readSync } from 'node:fs'

const PATH = `/proc/self/task/${process.pid}/schedstat`
const file = existsSync(PATH) ? openSync(PATH, 'r') : undefined
const text = Buffer.alloc(64)

/**
 * For how long the main thread has been ready to run and got no processor, in ms since it began; 0 where the
 * system does not tell, which is everywhere but on Linux.
 */
export function runDelayMs(): number {
  if (file === undefined) return 0
  // Time on a processor, time of waiting for one, both in ns, and how often it got one.
  const length = readSync(file, text, 0, text.length, 0)
  return Number(text.toString('latin1', 0, length).split(' ')[1]) / 1e6
}
