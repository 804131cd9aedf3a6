import type { Session } from './session.js'
import { SessionStatement } from './session-statement.js'

/** What a request runs: the statement of the cache with that text, or that of a handle. */
export type StatementSource = string | StatementHandle

/** The text of a statement. */
export function textOf(source: StatementSource): string {
  return typeof source === 'string' ? source : source.text
}

/**
 * A statement that its user prepared by name, or for long use, apart from the cache: nothing evicts
 * it. When the session has lost it, or what it means has changed, it is prepared anew.
 */
export class StatementHandle {
  readonly text: string
  readonly #givenName: string | undefined
  #statement: SessionStatement | undefined
  #generation = 0

  /** @param name empty for an unnamed statement; without it one is made up */
  constructor(text: string, name: string | undefined) {
    this.text = text
    this.#givenName = name
  }

  /** The name that the server knows it by; empty if it knows none. */
  get name(): string {
    return this.#statement?.name ?? ''
  }

  /** The statement that serves now, for a request that is about to be written. */
  find({ statements }: Session): SessionStatement {
    const known = this.#statement
    const isStale = known?.isDropped || this.#generation !== statements.generation
    if (known !== undefined && known.state.kind !== 'refused' && !isStale) return known
    this.#generation = statements.generation
    const isNamed = statements.mode === 'named'
    const name = this.#givenName ?? (isNamed ? known?.name || statements.newName() : '')
    const replaces = known?.state.kind === 'ready' && name !== ''
    this.#statement = new SessionStatement(name, this.text, replaces)
    return this.#statement
  }
}
