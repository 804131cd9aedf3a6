import { UsageError } from '../../bench/support/options.js'

/**
 * Runs a program of the command line, which says whether all held, and sets the exit code: 0 if so, 1 if
 * not, 2 for wrong arguments. What the program started ends with it.
 */
export async function runCommand(
  name: string,
  program: (args: readonly string[]) => Promise<boolean>,
): Promise<void> {
  try {
    process.exitCode = (await program(process.argv.slice(2))) ? 0 : 1
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(
      `${name}: ${error.message} (npm run ${name} -- --help tells the options)\n`,
    )
    process.exitCode = 2
  }
}

/** Reads a number of the command line. @throws {UsageError} unless it is at least `least`. */
export function atLeast(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!(value >= least))
    throw new UsageError(`${name} takes a number from ${least} on, not "${text}"`)
  return value
}
