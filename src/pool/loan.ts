import { AsyncLocalStorage } from 'node:async_hooks'

/** After how long a caller without a deadline is told that it waits for itself, in ms. */
const NESTED_WARNING_MS = 1_000

/** The loans within which the running code runs. Costs nothing until the first is entered. */
const scope = new AsyncLocalStorage<readonly Loan[]>()

/** Pools of which a nested acquire was reported: once is enough. */
const reported = new WeakSet<object>()

/**
 * Who has borrowed a connection, and from where: for reports of leaks, of exhaustion, and of callers
 * that wait for a connection while they hold one. Made only where one of these is at stake, since it
 * takes a stack.
 */
export class Loan {
  /** Formats its stack when it is read. */
  readonly #borrowed = new Error('borrowed')
  readonly #pool: object
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  /** Notes that the running code borrows from `pool`. A loan longer than `leakThresholdMs` is reported. */
  constructor(pool: object, leakThresholdMs: number) {
    this.#pool = pool
    if (leakThresholdMs < Number.POSITIVE_INFINITY) this.#watch(leakThresholdMs)
  }

  /** Where the code that runs within loans of `pool` got them, as stacks. */
  static heldFrom(pool: object): readonly string[] {
    const loans = scope.getStore()
    if (loans === undefined) return []
    return loans.filter((loan) => loan.#pool === pool && !loan.#isOver).map((loan) => loan.stack)
  }

  /** Runs `fn`, and all that it calls and awaits, within the loan. */
  run<T>(fn: () => T): T {
    return scope.run([...(scope.getStore() ?? []), this], fn)
  }

  /** The lines of the borrower's stack. */
  get stack(): string {
    return linesOf(this.#borrowed)
  }

  end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  #watch(thresholdMs: number): void {
    this.#timer = setTimeout(() => {
      process.emitWarning(`a connection was lent for ${thresholdMs} ms and is not released`, {
        type: 'SluiceWarning',
        code: 'SLUICE_LEAK',
        detail: `borrowed at\n${this.stack}`,
      })
    }, thresholdMs)
    this.#timer.unref()
  }
}

/**
 * Warns, while `waiting` takes long, that its caller holds connections of the same pool: should all
 * others do the same, nobody is ever served.
 *
 * @param held stacks as of {@link Loan.heldFrom}, taken when the waiting began
 */
export async function watchNested<T>(
  pool: object,
  waiting: Promise<T>,
  held: readonly string[],
): Promise<T> {
  const asked = new Error('asked')
  const timer = setTimeout(() => {
    if (reported.has(pool)) return
    reported.add(pool)
    process.emitWarning('a caller waits for a connection while it holds one of the same pool', {
      type: 'SluiceWarning',
      code: 'SLUICE_NESTED_ACQUIRE',
      detail: [
        `waiting at\n${linesOf(asked)}`,
        ...held.map((stack) => `holding since\n${stack}`),
      ].join('\n'),
    })
  }, NESTED_WARNING_MS)
  timer.unref()
  try {
    return await waiting
  } finally {
    clearTimeout(timer)
  }
}

function linesOf(error: Error): string {
  return (error.stack ?? '').split('\n').slice(1).join('\n')
}
