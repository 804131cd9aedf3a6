import type { TypeDescription } from './type-description.js'
import { TypeMap } from './type-map.js'
import { TypeTable } from './type-table.js'

type Options = Readonly<Record<string, unknown>>

const NONE: Options = Object.freeze({})

/**
 * The types of one database, as all connections of a pool, or a connection of its own, know them: what
 * was read from its catalogue, and the options of the pool.
 */
export class TypeCatalogue {
  readonly #options: Options
  readonly #lookups = new Set<TypeLookup>()
  #codecs: Options = NONE
  #table = TypeTable.forDatabase()
  #types: TypeMap

  /** @throws {TypeError} if `options` (see `TypeOptions`) are wrong. */
  constructor(options: Options = NONE) {
    this.#options = options
    this.#types = TypeMap.builtin.on(this.#table).with(options)
  }

  /** What knows nothing yet and has other options, but the codecs that were set. */
  another(options?: Options): TypeCatalogue {
    const other = new TypeCatalogue(options)
    other.#codecs = this.#codecs
    other.#remake()
    return other
  }

  /** The codecs of all types. It is another map once anything is not as it was. */
  get types(): TypeMap {
    return this.#types
  }

  /** Where what is read from the catalogue goes, until {@link reload}. */
  get table(): TypeTable {
    return this.#table
  }

  /** Puts a codec above the options, for a type by `schema.name`. */
  setCodec(name: string, codec: unknown): void {
    this.#codecs = { ...this.#codecs, [name]: codec }
    this.#remake()
  }

  /** Takes back what {@link setCodec} did. */
  resetCodec(name: string): void {
    const { [name]: _, ...others } = this.#codecs
    this.#codecs = others
    this.#remake()
  }

  /** Forgets what was read from the catalogue; it is read anew when it is needed. */
  reload(): void {
    this.#table = TypeTable.forDatabase()
    this.#remake()
  }

  /**
   * A lookup under way that asks for all of the types, so that nobody else need ask: what it finds is
   * there once it has ended, unless it fails or its transaction sees other types than that of the caller.
   */
  lookupOf(typeOids: readonly number[]): TypeLookup | undefined {
    for (const lookup of this.#lookups) {
      if (lookup.table === this.#table && lookup.covers(typeOids)) return lookup
    }
    return undefined
  }

  /** Tells others that a lookup is under way. */
  begin(typeOids: readonly number[]): TypeLookup {
    const lookup = new TypeLookup(this.#table, typeOids)
    this.#lookups.add(lookup)
    return lookup
  }

  /** Ends a lookup with what it found, nothing if it failed. */
  end(lookup: TypeLookup, found: readonly TypeDescription[]): void {
    if (!this.#lookups.delete(lookup)) return
    lookup.table.add(found)
    lookup.tellListeners()
  }

  #remake(): void {
    this.#types = TypeMap.builtin.on(this.#table).with(this.#options).with(this.#codecs)
  }
}

/** A look into the catalogue that is under way. */
export class TypeLookup {
  /** Where what is found goes. */
  readonly table: TypeTable
  readonly #typeOids: ReadonlySet<number>
  readonly #listeners = new Set<() => void>()

  constructor(table: TypeTable, typeOids: readonly number[]) {
    this.table = table
    this.#typeOids = new Set(typeOids)
  }

  covers(typeOids: readonly number[]): boolean {
    return typeOids.every((oid) => this.#typeOids.has(oid))
  }

  /** Calls `listener` once when the lookup ends, unless what it gives back was called. */
  onEnd(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tellListeners(): void {
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }
}
