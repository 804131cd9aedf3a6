import type { Codec } from './codec.js'
import type { TraitedCodec } from './codec-traits.js'
import { fallback } from './codecs/text.js'
import { OIDS } from './oid.js'
import { RecursiveCodecs } from './recursive-codecs.js'
import { staleType } from './stale-type.js'
import { type CodecParts, structuralCodec } from './structural-codec.js'
import { TypeLayer } from './type-layer.js'
import { TypeTable } from './type-table.js'

/**
 * Which codec serves which type: the codec of the type itself, made of those of its parts, with the
 * options of each layer on top, the last one winning.
 *
 * A map never changes its mind: options give another map, so a codec that was taken from a map stays
 * right for as long as the map is in use. An unknown type may become known.
 */
export class TypeMap {
  /** The built-in types as they are without options. */
  static readonly builtin: TypeMap = new this(TypeTable.builtin, [])

  readonly #table: TypeTable
  readonly #layers: readonly TypeLayer[]
  readonly #codecs: RecursiveCodecs
  readonly #parts: CodecParts
  readonly #upper = new WeakMap<object, TypeMap>()
  #ofBuiltins: TypeMap | undefined

  private constructor(table: TypeTable, layers: readonly TypeLayer[]) {
    this.#table = table
    this.#layers = layers
    this.#codecs = new RecursiveCodecs((oid) => this.#make(oid))
    const bounds = layers.map((layer) => layer.arrayLowerBounds)
    this.#parts = {
      table,
      codecOf: (oid) => this.get(oid),
      codecOfColumn: (oid) => this.#columnCodec(oid),
      lowerBounds: bounds.findLast((option) => option !== undefined) ?? 'drop',
    }
  }

  /** The codec of a type; for an unknown type one that reads and sends text. */
  get(typeOid: number): TraitedCodec {
    if (this.#table.get(typeOid) !== undefined) return this.#codecs.get(typeOid)
    let codec: TraitedCodec = fallback
    for (const layer of this.#layers) codec = layer.applyToUnknown(typeOid, codec)
    return codec
  }

  /** The codec of a built-in type by its name (`pg_type.typname`), or undefined. */
  find(name: string): Codec | undefined {
    return Object.hasOwn(OIDS, name) ? this.get(OIDS[name as keyof typeof OIDS]) : undefined
  }

  /** Those of the types that have to be looked up in the catalogue, each once. */
  unknown(typeOids: Iterable<number>): readonly number[] {
    return this.#table.unknown(typeOids)
  }

  /** Whether all of the types are built in, and made of such, so that no change of the catalogue concerns them. */
  areBuiltin(typeOids: readonly number[]): boolean {
    return typeOids.every(
      (oid) => this.#table.isBuiltin(oid) && oid !== OIDS.record && oid !== OIDS._record,
    )
  }

  /** Whether the options are those of `other`, so that built-in types have the same codecs. */
  hasOptionsOf(other: TypeMap): boolean {
    const layers = this.#layers
    return (
      layers.length === other.#layers.length &&
      layers.every((layer, i) => layer === other.#layers[i])
    )
  }

  /**
   * Gives a map in which the options (see `TypeOptions`) hold, and this one for all else. The same
   * object gives the same map, so it must not be changed after.
   *
   * @throws {TypeError} for a name that looks like a mistyped one of a built-in type, naming that one,
   * and for an option that the type does not have.
   */
  with(types: Readonly<Record<string, unknown>> | undefined): TypeMap {
    if (types === undefined) return this
    let upper = this.#upper.get(types)
    if (upper === undefined) {
      const layer = layerOf(types)
      upper = layer.isEmpty ? this : new TypeMap(this.#table, [...this.#layers, layer])
      this.#upper.set(types, upper)
    }
    return upper
  }

  /** Gives a map with the same options and other knowledge of the catalogue. */
  on(table: TypeTable): TypeMap {
    return new TypeMap(table, this.#layers)
  }

  /** A map with the same options that knows nothing of the catalogue, whatever is read from it. */
  get ofBuiltins(): TypeMap {
    this.#ofBuiltins ??= this.on(TypeTable.forDatabase())
    return this.#ofBuiltins
  }

  /** A record tells the types of its columns only with its values, too late to look them up. */
  #columnCodec(typeOid: number): TraitedCodec {
    if (this.#table.get(typeOid) !== undefined) return this.get(typeOid)
    this.#table.miss(typeOid)
    throw staleType('record', `the type with OID ${typeOid} of a column is not known`)
  }

  #make(typeOid: number): TraitedCodec {
    const type = this.#table.get(typeOid)
    if (type === undefined) return fallback
    let codec = structuralCodec(type, this.#parts)
    for (const layer of this.#layers) codec = layer.apply(type, codec)
    return codec
  }
}

const LAYERS = new WeakMap<object, TypeLayer>()

/** An object of options is read once, for whichever maps it is laid upon. */
function layerOf(types: Readonly<Record<string, unknown>>): TypeLayer {
  let layer = LAYERS.get(types)
  if (layer === undefined) {
    layer = new TypeLayer(types)
    LAYERS.set(types, layer)
  }
  return layer
}
