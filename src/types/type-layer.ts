import { suggestion } from '../base/suggestion.js'
import { BUILTIN_TYPES, type BuiltinType } from './builtin-types.js'
import { overrideCodec } from './codec-override.js'
import type { TraitedCodec } from './codec-traits.js'
import { OIDS } from './oid.js'
import { qualifiedName, type TypeDescription } from './type-description.js'
import { isCodecOverride } from './type-options.js'
import { isValueCodec } from './value-codec.js'
import { asOverride } from './value-codec-override.js'

const TYPE_BY_OID: ReadonlyMap<number, BuiltinType> = new Map(
  BUILTIN_TYPES.map((type) => [type.oid, type]),
)
const OID_BY_NAME: ReadonlyMap<string, number> = new Map(Object.entries(OIDS))
const NAME_BY_OID: ReadonlyMap<number, string> = new Map(
  Object.entries(OIDS).map(([name, oid]) => [oid, name]),
)
const MAX_OID = 0xffffffff
const BUILTIN_SCHEMA = 'pg_catalog.'

/** The options of one layer of a type map, by type. */
export class TypeLayer {
  readonly #byOid = new Map<number, unknown>()
  /** Of types that are not built in, by name or `schema.name`: they are known once they are seen. */
  readonly #byName = new Map<string, unknown>()

  /** Whether arrays tell their lower bounds; undefined if the layer says nothing about it. */
  readonly arrayLowerBounds: 'drop' | 'keep' | undefined

  /**
   * @param options as of `TypeOptions`.
   * @throws {TypeError} for a name that looks like a mistyped one of a built-in type, naming that one,
   * and for an option that the type does not have.
   */
  constructor(options: Readonly<Record<string, unknown>>) {
    const { arrayLowerBounds, ...types } = options
    this.arrayLowerBounds = checkedLowerBounds(arrayLowerBounds)
    for (const [key, option] of Object.entries(types)) {
      if (option === undefined) continue
      const oid = oidOf(key)
      if (oid === undefined) {
        this.#byName.set(checkedName(key, option), option)
      } else {
        const type = TYPE_BY_OID.get(oid)
        if (type === undefined || !codecFor(type, option)) {
          checkedCodec(NAME_BY_OID.get(oid) ?? key, option, type)
        }
        this.#byOid.set(oid, option)
      }
    }
  }

  get isEmpty(): boolean {
    return this.#byOid.size === 0 && this.#byName.size === 0 && this.arrayLowerBounds === undefined
  }

  /** What the layer makes of the codec of a type. */
  apply(type: TypeDescription, codec: TraitedCodec): TraitedCodec {
    const builtin = TYPE_BY_OID.get(type.oid)
    const own = this.#optionOf(type)
    if (own !== undefined) {
      return (builtin && codecFor(builtin, own)) ?? overridden(codec, own, type)
    }
    const leader = builtin?.follows === undefined ? undefined : OID_BY_NAME.get(builtin.follows)
    const followed = leader === undefined ? undefined : this.#byOid.get(leader)
    return (builtin && followed !== undefined && codecFor(builtin, followed)) || codec
  }

  /** What the layer makes of the codec of a type of which no more is known than its OID. */
  applyToUnknown(typeOid: number, codec: TraitedCodec): TraitedCodec {
    return overridden(codec, this.#byOid.get(typeOid), undefined)
  }

  #optionOf(type: TypeDescription): unknown {
    return (
      this.#byOid.get(type.oid) ??
      this.#byName.get(qualifiedName(type)) ??
      (OID_BY_NAME.has(type.name) ? undefined : this.#byName.get(type.name))
    )
  }
}

function overridden(
  codec: TraitedCodec,
  option: unknown,
  type: TypeDescription | undefined,
): TraitedCodec {
  if (isCodecOverride(option)) {
    // A codec may be given for several types, and names one of them or none.
    const name = type === undefined ? option.name : codec.name
    return overrideCodec(name ?? codec.name, codec, option)
  }
  const override = isValueCodec(option) ? asOverride(option, type, codec) : undefined
  return override === undefined ? codec : overrideCodec(codec.name, codec, override)
}

/** Whether an option is a codec, of whichever form. */
export function isCodecOption(option: unknown): boolean {
  return isCodecOverride(option) || isValueCodec(option)
}

/** The OID that a key stands for; undefined for the name of a type that is not built in. */
function oidOf(key: string): number | undefined {
  if (/^\d{1,10}$/.test(key) && Number(key) <= MAX_OID) return Number(key)
  const name = key.startsWith(BUILTIN_SCHEMA) ? key.slice(BUILTIN_SCHEMA.length) : key
  return OID_BY_NAME.get(name)
}

function checkedLowerBounds(option: unknown): 'drop' | 'keep' | undefined {
  if (option === undefined || option === 'drop' || option === 'keep') return option
  throw new TypeError("option types.arrayLowerBounds must be 'drop' or 'keep'")
}

/**
 * A type of the user's own may have any name, but one that is a letter away from that of a built-in
 * type is a mistake, and so is one for which no codec is given.
 */
function checkedName(key: string, option: unknown): string {
  const names = [...OID_BY_NAME.keys()]
  const isQualified = key.includes('.')
  const hint = isQualified ? '' : suggestion(key, names, 1)
  if (/\D/.test(key) && hint === '' && isCodecOption(option)) return key
  const isMistake = hint !== '' || !/\D/.test(key)
  const what = isMistake
    ? `there is no type ${JSON.stringify(key)}${hint}`
    : `${JSON.stringify(key)} is no built-in type, so it must be a codec${suggestion(key, names)}`
  throw new TypeError(`option types: ${what}`)
}

function checkedCodec(name: string, option: unknown, type?: BuiltinType): unknown {
  if (isCodecOption(option)) return option
  const choices = Object.keys(type?.modes ?? {}).map((word) => `'${word}'`)
  if (type?.custom) choices.push(type.custom.description)
  throw new TypeError(`option types.${name} must be ${[...choices, 'a codec'].join(' or ')}`)
}

/** The codec for a word, function or object that only this type takes. */
function codecFor(type: BuiltinType, option: unknown): TraitedCodec | undefined {
  if (typeof option === 'string' && Object.hasOwn(type.modes, option)) return type.modes[option]
  return type.custom?.codecFor(option)
}
