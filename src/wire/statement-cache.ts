import type { StatementMode } from '../config/connect-options.js'
import { SessionStatement } from './session-statement.js'

/**
 * The most text that the statements of one connection may have, in UTF-16 units, whatever their number.
 * Plans and the server's side of a statement grow with its text.
 */
const MAX_TEXT_LENGTH = 4 * 1024 * 1024

/**
 * The prepared statements of one connection by their text, the least recently used first to go.
 *
 * A statement is looked up when its query is written, not before, so that what is known of it here is
 * what the server will know when it gets there. The names of statements that left the cache are closed
 * with the next request that is written.
 */
export class StatementCache {
  #mode: StatementMode
  readonly #capacity: number
  readonly #prefix: string
  // A Map iterates in the order of insertion, so its first key is the least recently used.
  readonly #statements = new Map<string, SessionStatement>()
  /** The last in there. */
  #newest: SessionStatement | undefined
  #textLength = 0
  #evicted: string[] = []
  /** Statements that their users prepared for themselves, and have not closed. */
  readonly #apart = new Set<{ readonly name: string }>()
  #lastName = 0
  #generation = 0

  /**
   * @param capacity how many statements to keep; with 0 none is used twice.
   * @param prefix begins the name of each. Behind a pooler two clients may come upon the same session of
   * the server, where a name that both use would run the statement of the other.
   */
  constructor(capacity: number, mode: StatementMode = 'named', prefix = 'sluice_') {
    this.#capacity = capacity
    this.#mode = mode
    this.#prefix = prefix
  }

  /** How the text of a query becomes a statement. */
  get mode(): StatementMode {
    return this.#mode
  }

  /** The statement with that text, which thereby becomes the most recently used. */
  get(text: string): SessionStatement | undefined {
    const statement = this.#statements.get(text)
    if (statement !== undefined && statement !== this.#newest) {
      this.#statements.delete(text)
      this.#statements.set(text, statement)
      this.#newest = statement
    }
    return statement
  }

  /** A new statement, for the caller to prepare; unnamed where nothing is kept or the text is too long to be. */
  add(text: string): SessionStatement {
    const former = this.#statements.get(text)
    if (former !== undefined) this.delete(former)
    const isKept = this.#mode === 'named' || this.#mode === 'describe'
    if (!isKept || this.#capacity === 0 || text.length > MAX_TEXT_LENGTH / 4) {
      return new SessionStatement('', text)
    }
    const statement = new SessionStatement(this.#mode === 'named' ? this.newName() : '', text)
    this.#statements.set(text, statement)
    this.#newest = statement
    this.#textLength += text.length
    for (const oldest of this.#statements.values()) {
      if (this.#statements.size <= this.#capacity && this.#textLength <= MAX_TEXT_LENGTH) break
      this.delete(oldest)
    }
    return statement
  }

  /** A name that no other statement of the connection has. */
  newName(): string {
    return `${this.#prefix}${++this.#lastName}`
  }

  /** Gives a statement up, to be closed on the server. */
  delete(statement: SessionStatement): void {
    if (this.forget(statement)) this.close(statement.name)
  }

  /** Gives a statement up that the server does not have. False when it was given up before. */
  forget(statement: SessionStatement): boolean {
    if (this.#statements.get(statement.text) !== statement) return false
    this.#statements.delete(statement.text)
    this.#textLength -= statement.text.length
    statement.drop()
    return true
  }

  /** Gives all statements up. They are closed on the server, too, in case it still has them; to close what it has not is no error. */
  clear(): void {
    this.#generation += 1
    for (const statement of this.#statements.values()) this.delete(statement)
  }

  /** A user has prepared a statement, apart from the cache. */
  keep(handle: { readonly name: string }): void {
    this.#apart.add(handle)
  }

  /** A user is closing what {@link keep} got. */
  leave(handle: { readonly name: string }): void {
    this.#apart.delete(handle)
  }

  /** Whoever used the session is gone: what {@link keep} got is closed on the server. */
  closeKept(): void {
    if (this.#apart.size === 0) return
    for (const { name } of this.#apart) this.close(name)
    this.#apart.clear()
  }

  /** What {@link keep} got so far is to stay for as long as the session. */
  keepForGood(): void {
    this.#apart.clear()
  }

  /** Has a statement closed on the server, before whatever is written next. */
  close(name: string): void {
    if (name !== '') this.#evicted.push(name)
  }

  /**
   * Names do not hold here: a pooler gives each transaction another session of the server. From now on
   * statements are unnamed, and what is known of them is kept.
   */
  onPooler(): void {
    if (this.#mode !== 'named') return
    this.#mode = 'describe'
    for (const statement of this.#statements.values()) this.forget(statement)
    this.#evicted = []
  }

  /** Another number each time that all statements have to be prepared anew, those in no cache too. */
  get generation(): number {
    return this.#generation
  }

  /** Whether statements are to be closed on the server. */
  get hasEvicted(): boolean {
    return this.#evicted.length > 0
  }

  /** The names of statements that are to be closed on the server; each is given once. */
  takeEvicted(): readonly string[] {
    const evicted = this.#evicted
    this.#evicted = []
    return evicted
  }
}
