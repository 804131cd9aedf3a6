import { mayChangeSession, mayCopy, mayRedefine } from './session-state.js'
import type { StatementDescription } from './statement-description.js'

/** A statement that the server has not been told of, is reading, knows, or has refused. */
export type StatementState =
  | { readonly kind: 'new' }
  | { readonly kind: 'preparing' }
  | { readonly kind: 'ready'; readonly description: StatementDescription }
  | { readonly kind: 'refused'; readonly newError: () => unknown }

const NEW: StatementState = { kind: 'new' }
const PREPARING: StatementState = { kind: 'preparing' }

/** A statement on one connection, under a name of its own, or without one if it is parsed anew for each use. */
export class SessionStatement {
  /** Empty for an unnamed statement. */
  readonly name: string
  readonly text: string
  /** Whether a former statement of that name has to be closed first. */
  readonly replaces: boolean
  readonly changesSession: boolean
  readonly mayCopy: boolean
  readonly mayRedefine: boolean
  #state = NEW
  #isDropped = false

  constructor(name: string, text: string, replaces = false) {
    this.name = name
    this.text = text
    this.replaces = replaces
    this.changesSession = mayChangeSession(text)
    this.mayCopy = mayCopy(text)
    this.mayRedefine = mayRedefine(text)
  }

  get state(): StatementState {
    return this.#state
  }

  /** Whether it left its cache, so that it will be closed, or is gone already. */
  get isDropped(): boolean {
    return this.#isDropped
  }

  /** Its Parse was written. */
  onParseSent(): void {
    this.#state = PREPARING
  }

  /** The server has described it. */
  onDescribed(description: StatementDescription): void {
    this.#state = { kind: 'ready', description }
  }

  /** The server refused it, or it could not be sent. */
  onRefused(newError: () => unknown): void {
    this.#state = { kind: 'refused', newError }
  }

  /** The server has another statement of that name, so that this one is of no use. */
  onNameTaken(): void {
    this.#state = NEW
    this.#isDropped = true
  }

  /** Its cache gave it up. */
  drop(): void {
    this.#isDropped = true
  }
}
