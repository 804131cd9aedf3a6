import { suggestion } from '../base/suggestion.js'
import { BUILTIN_TYPES, type BuiltinType } from './builtin-types.js'
import type { Codec } from './codec.js'
import { overrideCodec } from './codec-override.js'
import type { TraitedCodec } from './codec-traits.js'
import { arrayCodec } from './codecs/array.js'
import { fallback } from './codecs/text.js'
import { OIDS } from './oid.js'
import { isCodecOverride } from './type-options.js'

type Codecs = ReadonlyMap<number, TraitedCodec>
type OidsByName = ReadonlyMap<string, number>

const TYPE_BY_OID: ReadonlyMap<number, BuiltinType> = new Map(
  BUILTIN_TYPES.map((type) => [type.oid, type]),
)

/**
 * Which codec serves which type. A map never changes: options give a new one, so a codec that was
 * taken from a map stays right for as long as the map is in use.
 */
export class TypeMap {
  /** The codecs of the built-in types as they are without options. */
  static readonly builtin: TypeMap = new this(builtinCodecs(), new Map(Object.entries(OIDS)))

  readonly #codecs: Codecs
  readonly #oids: OidsByName
  readonly #layers = new WeakMap<object, TypeMap>()

  private constructor(codecs: Codecs, oids: OidsByName) {
    this.#codecs = codecs
    this.#oids = oids
  }

  /** The codec of a type; for an unknown type one that reads and sends text. */
  get(typeOid: number): Codec {
    return this.#codecs.get(typeOid) ?? fallback
  }

  /** The codec of a type by its name (`pg_type.typname`), or undefined. */
  find(name: string): Codec | undefined {
    const oid = this.#oids.get(name)
    return oid === undefined ? undefined : this.#codecs.get(oid)
  }

  /**
   * Gives a map in which the options (see `TypeOptions`) hold, and this one for all else. The same
   * object gives the same map, so it must not be changed after.
   *
   * @throws {TypeError} for a name that is not known, naming the nearest one that is, and for an
   * option that the type does not have.
   */
  with(types: Readonly<Record<string, unknown>> | undefined): TypeMap {
    if (types === undefined) return this
    let layer = this.#layers.get(types)
    if (layer === undefined) {
      layer = this.#layer(types)
      this.#layers.set(types, layer)
    }
    return layer
  }

  #layer(types: Readonly<Record<string, unknown>>): TypeMap {
    const codecs = new Map(this.#codecs)
    const given = new Map<number, unknown>()
    for (const [key, option] of Object.entries(types)) {
      if (option !== undefined) given.set(this.#oidOf(key), option)
    }
    if (given.size === 0) return this
    for (const follower of BUILTIN_TYPES) {
      const leader = follower.follows === undefined ? undefined : this.#oids.get(follower.follows)
      const option = leader === undefined ? undefined : given.get(leader)
      if (option === undefined || given.has(follower.oid)) continue
      const codec = codecFor(follower, option)
      if (codec) setWithArray(codecs, follower.oid, codec)
    }
    // Arrays last: an option for an array type is more than what follows from its elements.
    const byArrays = (oid: number): number => (TYPE_BY_OID.has(oid) ? 0 : 1)
    const ordered = [...given].sort(([a], [b]) => byArrays(a) - byArrays(b))
    for (const [oid, option] of ordered) {
      setWithArray(codecs, oid, this.#codecByOption(oid, option))
    }
    return new TypeMap(codecs, this.#oids)
  }

  #oidOf(key: string): number {
    if (/^\d{1,10}$/.test(key) && Number(key) <= 0xffffffff) return Number(key)
    const oid = this.#oids.get(key)
    if (oid !== undefined) return oid
    const hint = suggestion(key, this.#oids.keys())
    throw new TypeError(`option types: there is no type ${JSON.stringify(key)}${hint}`)
  }

  #codecByOption(oid: number, option: unknown): TraitedCodec {
    const current = this.#codecs.get(oid)
    const type = TYPE_BY_OID.get(oid)
    const codec = type && codecFor(type, option)
    if (codec) return codec
    if (isCodecOverride(option)) return overrideCodec(current ?? fallback, option)
    const name = current?.name ?? String(oid)
    const choices = Object.keys(type?.modes ?? {}).map((word) => `'${word}'`)
    if (type?.custom) choices.push(type.custom.description)
    throw new TypeError(`option types.${name} must be ${[...choices, 'a codec'].join(' or ')}`)
  }
}

/** The codec for a word, function or object that only this type takes. */
function codecFor(type: BuiltinType, option: unknown): TraitedCodec | undefined {
  if (typeof option === 'string' && Object.hasOwn(type.modes, option)) return type.modes[option]
  return type.custom?.codecFor(option)
}

function setWithArray(codecs: Map<number, TraitedCodec>, oid: number, codec: TraitedCodec): void {
  codecs.set(oid, codec)
  const arrayOid = TYPE_BY_OID.get(oid)?.arrayOid
  if (arrayOid !== undefined) codecs.set(arrayOid, arrayCodec(oid, codec))
}

function builtinCodecs(): Codecs {
  const codecs = new Map<number, TraitedCodec>()
  for (const { oid, codec } of BUILTIN_TYPES) setWithArray(codecs, oid, codec)
  return codecs
}
