import { BUILTIN_TYPES } from './builtin-types.js'
import type { TraitedCodec } from './codec-traits.js'
import { type ArrayCodecOptions, arrayCodec } from './codecs/array.js'
import { compositeCodec } from './codecs/composite.js'
import { domainCodec } from './codecs/domain.js'
import { enumCodec } from './codecs/enum.js'
import { multirangeCodec } from './codecs/multirange.js'
import { rangeCodec } from './codecs/range.js'
import { recordCodec } from './codecs/record.js'
import { fallback } from './codecs/text.js'
import { EXTENSION_CODECS } from './extension-codecs.js'
import { OIDS } from './oid.js'
import type { TypeDescription } from './type-description.js'
import type { TypeTable } from './type-table.js'

const BUILTIN_CODECS: ReadonlyMap<number, TraitedCodec> = new Map(
  BUILTIN_TYPES.map(({ oid, codec }) => [oid, codec]),
)

/** What the codec of a type is made with. */
export interface CodecParts {
  readonly table: TypeTable
  /** Gives the codec of a part. */
  readonly codecOf: (typeOid: number) => TraitedCodec
  /** Gives the codec of a column of a record, which may be of any type. */
  readonly codecOfColumn: (typeOid: number) => TraitedCodec
  readonly lowerBounds: NonNullable<ArrayCodecOptions['lowerBounds']>
}

/** Makes the codec of a type from its structure and the codecs of its parts. */
export function structuralCodec(type: TypeDescription, parts: CodecParts): TraitedCodec {
  const { oid, name, structure } = type
  const { codecOf } = parts
  switch (structure.kind) {
    case 'array': {
      const { elementOid, delimiter } = structure
      const { lowerBounds } = parts
      return arrayCodec(elementOid, codecOf(elementOid), { lowerBounds, delimiter })
    }
    case 'domain':
      return ofDomain(type, structure.baseOid, parts)
    case 'range':
      return rangeCodec(name, codecOf(structure.subtypeOid))
    case 'multirange':
      // The codec given for a range may be any, so what it makes need not be ranges.
      return multirangeCodec(name, codecOf(structure.rangeOid) as ReturnType<typeof rangeCodec>)
    case 'composite':
      return compositeCodec(
        name,
        structure.attributes.map((attribute) => ({
          ...attribute,
          codec: codecOf(attribute.typeOid),
          isDomain: parts.table.get(attribute.typeOid)?.structure.kind === 'domain',
        })),
      )
    case 'enum':
      return enumCodec(name)
    case 'pseudo':
      return oid === OIDS.record ? recordCodec(parts.codecOfColumn) : textOf(name)
    case 'base':
      return BUILTIN_CODECS.get(oid) ?? extensionCodec(name) ?? textOf(name)
  }
}

/** A domain over arrays is one value in an array of the domain, and never a dimension of it. */
function ofDomain({ name }: TypeDescription, baseOid: number, parts: CodecParts): TraitedCodec {
  const codec = domainCodec(name, parts.codecOf(baseOid))
  if (!isArray(parts.table, baseOid)) return codec
  return { ...codec, traits: { ...codec.traits, isElement: () => true } }
}

function isArray(table: TypeTable, typeOid: number): boolean {
  const structure = table.get(typeOid)?.structure
  if (structure?.kind === 'domain') return isArray(table, structure.baseOid)
  return structure?.kind === 'array'
}

function extensionCodec(name: string): TraitedCodec | undefined {
  return Object.hasOwn(EXTENSION_CODECS, name) ? EXTENSION_CODECS[name] : undefined
}

/** For a type of which nothing but its name is known: its binary form could be anything. */
function textOf(name: string): TraitedCodec {
  return { ...fallback, name }
}
