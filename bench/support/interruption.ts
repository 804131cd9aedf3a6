const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** The time, in ms, that a benchmark has to put everything away after a signal. */
const GRACE_MS = 15_000

/** Ctrl-C, SIGTERM or the end of the terminal, as an abort signal that a run watches. */
export interface Interruption {
  readonly signal: AbortSignal
  /** The exit code that tells the signal, or `undefined` if none came. */
  exitCode(): number | undefined
  /** Gives the process its default behaviour back. */
  [Symbol.dispose](): void
}

/**
 * Turns signals into an abort, so that a run unwinds through its own clean-up: the server stops and
 * its folder goes. A run that has not ended after {@link GRACE_MS} is ended.
 */
export function watchSignals(): Interruption {
  const controller = new AbortController()
  let code: number | undefined
  let timer: NodeJS.Timeout | undefined

  // A terminal sends Ctrl-C to the whole process group, and a parent such as tsx may pass it on once
  // more: the second signal is the same wish, not a more urgent one.
  const onSignal = (name: NodeJS.Signals): void => {
    if (code !== undefined) return
    const exitCode = EXIT_CODES[name as keyof typeof EXIT_CODES]
    code = exitCode
    timer = setTimeout(() => process.exit(exitCode), GRACE_MS)
    timer.unref()
    controller.abort(new Error(`interrupted by ${name}`))
  }
  for (const name of Object.keys(EXIT_CODES)) process.on(name, onSignal)
  return {
    signal: controller.signal,
    exitCode: () => code,
    [Symbol.dispose]() {
      clearTimeout(timer)
      for (const name of Object.keys(EXIT_CODES)) process.off(name, onSignal)
    },
  }
}
