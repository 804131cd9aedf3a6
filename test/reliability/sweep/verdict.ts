import { isDeepStrictEqual } from 'node:util'
import type { CallOutcome } from './call-log.js'
import type { Subject } from './subject.js'
import { describe } from './watch.js'

/** What can be wrong after a cut. */
export type ProblemKind =
  | 'hung'
  | 'uncaught'
  | 'wrong'
  | 'untyped'
  | 'unsafe'
  | 'torn'
  | 'leaked'
  | 'dead'

/** Each kind in words. */
export const PROBLEM_KINDS: Readonly<Record<ProblemKind, string>> = {
  hung: 'calls that never settled',
  uncaught: 'errors that reached nobody',
  wrong: 'calls that succeeded with another value, or without having acted',
  untyped: 'errors that do not tell of a lost connection',
  unsafe: 'calls said to be safe to retry that had acted',
  torn: 'calls carried out in part',
  leaked: 'sockets, timers, sessions or traces left behind',
  dead: 'pools that did not work again',
}

export interface Problem {
  readonly kind: ProblemKind
  readonly what: string
}

/** Holds what became of the calls of a run against those of an undisturbed one, and against the rows they left. */
export function judgeCalls(
  subject: Subject,
  outcomes: readonly CallOutcome[],
  rowsOf: ReadonlyMap<string, number>,
  expected: ReadonlyMap<string, unknown>,
): Problem[] {
  return outcomes.flatMap((outcome) =>
    judgeCall(subject, outcome, rowsOf.get(outcome.name) ?? 0, expected),
  )
}

function judgeCall(
  subject: Subject,
  { name, effects, state, value, error }: CallOutcome,
  rows: number,
  expected: ReadonlyMap<string, unknown>,
): Problem[] {
  const problems: Problem[] = []
  const add = (kind: ProblemKind, what: string) => {
    problems.push({ kind, what: `${name}: ${what}` })
  }
  if (rows !== 0 && rows !== effects) add('torn', `${rows} rows of ${effects}`)
  switch (state) {
    case 'fulfilled':
      if (expected.has(name) && !isDeepStrictEqual(value, expected.get(name))) {
        add('wrong', `gave ${JSON.stringify(value)}`)
      }
      if (rows < effects) add('wrong', `left ${rows} rows of ${effects}`)
      break
    case 'rejected': {
      const objection = subject.objectTo(error)
      if (objection !== undefined) add('untyped', objection)
      if (rows > 0 && subject.isSafeToRetry(error)) add('unsafe', describe(error))
      break
    }
    default:
      add('hung', 'did not settle')
  }
  return problems
}
