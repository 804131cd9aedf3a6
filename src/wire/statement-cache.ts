import { PreparedStatement } from './prepared-statement.js'

/**
 * The prepared statements of one connection by their text, the least recently used first to go.
 *
 * The names of statements that left it are collected, to be closed on the server by the next Parse:
 * whoever takes them must be submitted at once, so that it goes behind every use of them.
 */
export class StatementCache {
  readonly #capacity: number
  // A Map iterates in the order of insertion, so its first key is the least recently used.
  readonly #statements = new Map<string, PreparedStatement>()
  #evicted: string[] = []
  #lastName = 0

  /** @param capacity how many statements to keep; with 0 none is used twice. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The statement with that text, which thereby becomes the most recently used. */
  get(text: string): PreparedStatement | undefined {
    const statement = this.#capacity > 0 ? this.#statements.get(text) : undefined
    if (statement !== undefined) {
      this.#statements.delete(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  /** A new statement with a name of its own, for the caller to prepare. */
  add(text: string): PreparedStatement {
    const former = this.#statements.get(text)
    if (former !== undefined) this.delete(former)
    const statement = new PreparedStatement(`sluice_${++this.#lastName}`, text)
    this.#statements.set(text, statement)
    for (const oldest of this.#statements.values()) {
      if (this.#statements.size <= Math.max(this.#capacity, 1)) break
      this.delete(oldest)
    }
    return statement
  }

  /** Forgets a statement, to be closed on the server. */
  delete(statement: PreparedStatement): void {
    if (this.#statements.get(statement.text) !== statement) return
    this.#statements.delete(statement.text)
    this.#evicted.push(statement.name)
  }

  /**
   * Follows a command that may have dropped all statements on the server. All are closed there, too:
   * those whose Parse was sent behind the command outlived it, and to close the others is no error.
   */
  onCommand(tag: string): void {
    if (tag !== 'DISCARD ALL' && tag !== 'DEALLOCATE ALL') return
    for (const statement of this.#statements.values()) this.delete(statement)
  }

  /** The names of statements that are to be closed on the server; each is given once. */
  takeEvicted(): readonly string[] {
    const evicted = this.#evicted
    this.#evicted = []
    return evicted
  }

  /** Takes names back that could not be closed. */
  returnEvicted(names: readonly string[]): void {
    this.#evicted.push(...names)
  }
}
