import type { TypeCatalogue } from './type-catalogue.js'
import type { TypeMap } from './type-map.js'
import { TypeTable } from './type-table.js'

type Options = Readonly<Record<string, unknown>>

/**
 * The first words of commands after which a type that is known may be another. `CREATE TABLE` is none
 * of them, since nobody knows its type before; `CREATE VIEW` may replace one.
 */
const CHANGES_TYPES =
  /^(?:(?:ALTER|DROP) (?:TYPE|DOMAIN|TABLE|VIEW|MATERIALIZED VIEW|FOREIGN TABLE|EXTENSION|SCHEMA|OWNED)|CREATE (?:TYPE|DOMAIN|VIEW|EXTENSION|SCHEMA)|DO)\b/

/**
 * The types as one session sees them: those of its pool, with the codecs set on the connection itself.
 *
 * After a command that may change types it looks into the catalogue for itself, until its transaction
 * has ended: what it sees until then nobody else does. Then the pool forgets what it knew.
 */
export class SessionTypes {
  readonly #shared: TypeCatalogue
  #codecs: Options | undefined
  /** What the session alone sees, while its changes of types are not committed. */
  #uncommitted: TypeTable | undefined
  #map: TypeMap
  #mapOf: TypeMap

  constructor(shared: TypeCatalogue) {
    this.#shared = shared
    this.#map = shared.types
    this.#mapOf = shared.types
  }

  /** The codecs of all types. It is another map once anything is not as it was. */
  get map(): TypeMap {
    const { types } = this.#shared
    if (this.#mapOf !== types) this.#remake()
    return this.#map
  }

  /** Where what the session reads from the catalogue goes. */
  get table(): TypeTable {
    return this.#uncommitted ?? this.#shared.table
  }

  /** What others know too; undefined while the session sees what others do not. */
  get shared(): TypeCatalogue | undefined {
    return this.#uncommitted === undefined ? this.#shared : undefined
  }

  /** The codecs set on this connection, to be given back to {@link restore}. */
  get codecs(): Options | undefined {
    return this.#codecs
  }

  /** Puts a codec above those of the pool, for a type by `schema.name`. */
  setCodec(name: string, codec: unknown): void {
    this.restore({ ...this.#codecs, [name]: codec })
  }

  /** Takes back what {@link setCodec} did, on this connection. */
  resetCodec(name: string): void {
    const { [name]: _, ...others } = this.#codecs ?? {}
    this.restore(others)
  }

  /** Makes `codecs` those of this connection. */
  restore(codecs: Options | undefined): void {
    if (codecs === this.#codecs) return
    this.#codecs = codecs
    this.#remake()
  }

  /** Forgets what was read from the catalogue, for all that share it. */
  reload(): void {
    if (this.#uncommitted !== undefined) this.#uncommitted = TypeTable.forDatabase()
    this.#shared.reload()
    this.#remake()
  }

  /** Follows a command, by its tag. */
  onCommand(tag: string): void {
    if (!CHANGES_TYPES.test(tag)) return
    this.#uncommitted = TypeTable.forDatabase()
    this.#remake()
  }

  /** No transaction is open any more, or the session has ended. */
  onTransactionEnd(): void {
    if (this.#uncommitted === undefined) return
    this.#uncommitted = undefined
    this.#shared.reload()
    this.#remake()
  }

  #remake(): void {
    const { types } = this.#shared
    const base = this.#uncommitted === undefined ? types : types.on(this.#uncommitted)
    this.#map = base.with(this.#codecs)
    this.#mapOf = types
  }
}
