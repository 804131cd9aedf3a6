/** What foreign code throws reaches the process, and no promise or reading of messages of ours. */
export function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

/** A reason as an error, which it need not be when foreign code gave it. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}

/** Calls foreign code, whose exceptions are the process's. */
export function attempt(call: () => void): void {
  try {
    call()
  } catch (error) {
    throwLater(error)
  }
}
