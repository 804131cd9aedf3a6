import { BUILTIN_CONTAINERS } from './builtin-containers.js'
import { BUILTIN_TYPES } from './builtin-types.js'
import { OIDS } from './oid.js'
import { partsOf, type TypeDescription, type TypeStructure } from './type-description.js'

const BOX = 603

/**
 * What is known of the types of a database: the built-in ones, and what was read from its catalogue.
 *
 * It only grows. What a type is made of is known with it, so a codec made by it stays right for as long
 * as the catalogue says the same; when it may not, a new table takes the place of this one.
 */
export class TypeTable {
  /** The built-in types alone, the same in every database. Nothing is added to it. */
  static readonly builtin: TypeTable = new this(builtinDescriptions())

  readonly #types: Map<number, TypeDescription>
  readonly #builtin: ReadonlyMap<number, TypeDescription> | undefined
  readonly #missed = new Set<number>()

  private constructor(
    types: Map<number, TypeDescription>,
    builtin?: ReadonlyMap<number, TypeDescription>,
  ) {
    this.#types = types
    this.#builtin = builtin
  }

  /** A table of the built-in types, to add others to. */
  static forDatabase(): TypeTable {
    return new this(new Map(), TypeTable.builtin.#types)
  }

  /** The description of a type, or undefined while it is unknown. */
  get(typeOid: number): TypeDescription | undefined {
    return this.#builtin?.get(typeOid) ?? this.#types.get(typeOid)
  }

  isBuiltin(typeOid: number): boolean {
    return (this.#builtin ?? this.#types).has(typeOid)
  }

  /** Those of the types that have to be looked up, each once. */
  unknown(typeOids: Iterable<number>): readonly number[] {
    return [...new Set(typeOids)].filter((oid) => oid !== 0 && this.get(oid) === undefined)
  }

  /** Keeps in mind that a type should have been known. */
  miss(typeOid: number): void {
    this.#missed.add(typeOid)
  }

  /** Those of the missed types that are still not known. */
  get missed(): readonly number[] {
    return this.unknown(this.#missed)
  }

  /**
   * Adds types. Those of which a part is neither known nor among them are left out: the catalogue
   * changed while it was read.
   */
  add(types: readonly TypeDescription[]): void {
    const known = new Map(types.map((type) => [type.oid, type]))
    const isKnown = (oid: number): boolean => known.has(oid) || this.get(oid) !== undefined
    for (let before = -1; before !== known.size; ) {
      before = known.size
      for (const type of known.values()) {
        if (!partsOf(type).every(isKnown)) known.delete(type.oid)
      }
    }
    for (const [oid, type] of known) {
      if (this.get(oid) === undefined) this.#types.set(oid, type)
    }
  }
}

function builtinDescriptions(): Map<number, TypeDescription> {
  const types = new Map<number, TypeDescription>()
  const names = new Map<number, string>(Object.entries(OIDS).map(([name, oid]) => [oid, name]))
  const add = (oid: number, structure: TypeStructure): void => {
    types.set(oid, { oid, schema: 'pg_catalog', name: names.get(oid) ?? '', structure })
  }
  for (const { oid, arrayOid } of BUILTIN_TYPES) {
    add(oid, { kind: 'base' })
    // Of all types only box has elements that a comma would cut in two.
    const delimiter = oid === BOX ? ';' : ','
    if (arrayOid !== undefined) add(arrayOid, { kind: 'array', elementOid: oid, delimiter })
  }
  for (const { oid, arrayOid, structure } of BUILTIN_CONTAINERS) {
    add(oid, structure)
    add(arrayOid, { kind: 'array', elementOid: oid, delimiter: ',' })
  }
  return types
}
