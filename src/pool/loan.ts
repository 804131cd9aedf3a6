import { AsyncLocalStorage } from 'node:async_hooks'

/** After how long a caller without a deadline is told that it waits for itself, in ms. */
const NESTED_WARNING_MS = 1_000

/** The loans that the running code, or what called it, has taken. Costs nothing until the first is entered. */
const scope = new AsyncLocalStorage<readonly Loan[]>()

/**
 * Who has borrowed a connection, and from where: for reports of leaks and of callers that wait for a
 * connection while they hold one. Made only where one of the two is at stake, since it takes a stack.
 */
export class Loan {
  /** Formats its stack when it is read. */
  readonly #borrowed: Error
  readonly #pool: object
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  private constructor(pool: object, borrowed: Error) {
    this.#pool = pool
    this.#borrowed = borrowed
  }

  /** Notes that the running code borrows from `pool`. A loan longer than `leakThresholdMs` is reported. */
  static start(pool: object, leakThresholdMs: number): Loan {
    const borrowed = new Error('borrowed')
    Error.captureStackTrace(borrowed, Loan.start)
    const loan = new Loan(pool, borrowed)
    scope.enterWith([...(scope.getStore() ?? []).filter((each) => !each.#isOver), loan])
    if (leakThresholdMs < Number.POSITIVE_INFINITY) loan.#watch(leakThresholdMs)
    return loan
  }

  /** Where the running code got the connections of `pool` that it holds, as stacks. */
  static heldFrom(pool: object): readonly string[] {
    const loans = scope.getStore()
    if (loans === undefined) return []
    return loans.filter((loan) => loan.#pool === pool && !loan.#isOver).map((loan) => loan.stack)
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
export async function watchNested<T>(waiting: Promise<T>, held: readonly string[]): Promise<T> {
  const asked = linesOf(new Error('asked'))
  const timer = setTimeout(() => {
    process.emitWarning('a caller waits for a connection while it holds one of the same pool', {
      type: 'SluiceWarning',
      code: 'SLUICE_NESTED_ACQUIRE',
      detail: `waiting at\n${asked}\n${held.map((stack) => `holding since\n${stack}`).join('\n')}`,
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
