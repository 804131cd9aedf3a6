import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { optionError } from './option-error.js'
import { whyUnreadable } from './pem.js'
import type { PathSource } from './tls-options.js'

/** Appends, makes the file where there is none, and follows no link that somebody has put in its place. */
const FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)

/**
 * Gives a function that appends lines of TLS secrets to a file, which only its owner can read if it is made
 * here. The file is made at once, so that a path that cannot be written is told before connecting; what
 * fails later is lost without a word, since no connection should break for a debugging aid.
 *
 * @throws {OptionError} when the file cannot be written.
 */
export function keyLog({ path, place }: PathSource): (line: Buffer) => void {
  try {
    append(path, Buffer.alloc(0))
  } catch (cause) {
    const problem = `${place.label}: ${whyUnreadable(cause)}: ${path}`
    throw optionError(TypeError, place.option, problem, cause)
  }
  return (line) => {
    try {
      append(path, line)
    } catch {
      // See above.
    }
  }
}

function append(path: string, line: Buffer): void {
  const file = openSync(path, FLAGS, 0o600)
  try {
    writeSync(file, line)
  } finally {
    closeSync(file)
  }
}
