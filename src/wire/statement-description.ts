import type { FieldDescription } from '../protocol/messages.js'
import type { TypeMap } from '../types/type-map.js'
import { StatementPlan } from './statement-plan.js'

/** What the server tells of a statement: the types of its parameters and the columns of its rows. */
export class StatementDescription {
  readonly parameterTypeOids: readonly number[]
  readonly fields: readonly FieldDescription[]
  #plan: StatementPlan | undefined
  #types: TypeMap | undefined
  /** For queries with options of their own. */
  readonly #plans = new WeakMap<TypeMap, StatementPlan>()

  constructor(parameterTypeOids: readonly number[], fields: readonly FieldDescription[]) {
    this.parameterTypeOids = parameterTypeOids
    this.fields = fields
  }

  /** The types of its parameters and columns. */
  get typeOids(): readonly number[] {
    return [...this.parameterTypeOids, ...this.fields.map(({ typeOid }) => typeOid)]
  }

  /** Whether there is a plan by these codecs, so that all types are known. */
  hasPlanFor(types: TypeMap): boolean {
    return this.#types === types || this.#plans.has(types)
  }

  /** The plan by the codecs of `types`. It is kept unless types are unknown, which may become known. */
  planFor(types: TypeMap): StatementPlan {
    if (this.#plan !== undefined && this.#types === types) return this.#plan
    const plan = this.#plans.get(types) ?? this.#newPlan(types)
    if (types.unknown(this.typeOids).length > 0) return plan
    this.#plans.set(types, plan)
    this.#plan = plan
    this.#types = types
    return plan
  }

  #newPlan(types: TypeMap): StatementPlan {
    const isSame = this.#types?.hasOptionsOf(types) && types.areBuiltin(this.typeOids)
    if (isSame && this.#plan !== undefined) return this.#plan
    return StatementPlan.of(this.parameterTypeOids, this.fields, types)
  }

  /** Whether a statement so described can be used by the plans of this one. */
  equals(other: StatementDescription): boolean {
    return (
      this.parameterTypeOids.length === other.parameterTypeOids.length &&
      this.fields.length === other.fields.length &&
      this.parameterTypeOids.every((oid, i) => oid === other.parameterTypeOids[i]) &&
      this.fields.every((field, i) => isSameField(field, other.fields[i]))
    )
  }
}

function isSameField(a: FieldDescription, b: FieldDescription | undefined): boolean {
  return (
    b !== undefined &&
    a.name === b.name &&
    a.typeOid === b.typeOid &&
    a.typeModifier === b.typeModifier &&
    a.tableOid === b.tableOid &&
    a.columnNumber === b.columnNumber
  )
}

/** Enough for the statements of a few connections. */
const MAX_DESCRIPTIONS = 1_000

/**
 * Descriptions by the text of their statement, those used last. The connections of a pool share them,
 * so that a statement which one of them has prepared the others need not ask about.
 */
export class DescriptionCache {
  /** Whether the names of statements were found not to hold; see `StatementCache.onPooler`. */
  isBehindPooler = false
  readonly #capacity: number
  readonly #descriptions = new Map<string, StatementDescription>()

  /** @param capacity how many to keep */
  constructor(capacity: number = MAX_DESCRIPTIONS) {
    this.#capacity = capacity
  }

  get(text: string): StatementDescription | undefined {
    return this.#descriptions.get(text)
  }

  set(text: string, description: StatementDescription): void {
    this.#descriptions.delete(text)
    this.#descriptions.set(text, description)
    if (this.#descriptions.size <= this.#capacity) return
    for (const oldest of this.#descriptions.keys()) {
      this.#descriptions.delete(oldest)
      return
    }
  }

  delete(text: string): void {
    this.#descriptions.delete(text)
  }

  clear(): void {
    this.#descriptions.clear()
  }
}
