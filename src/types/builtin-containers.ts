import { OIDS } from './oid.js'
import type { TypeStructure } from './type-description.js'

/** A built-in type that is made of others. */
export interface BuiltinContainer {
  readonly oid: number
  readonly arrayOid: number
  readonly structure: TypeStructure
}

type Name = keyof typeof OIDS

function range(name: Name & `${string}range`, array: Name, subtype: Name): BuiltinContainer {
  return {
    oid: OIDS[name],
    arrayOid: OIDS[array],
    structure: { kind: 'range', subtypeOid: OIDS[subtype] },
  }
}

function multirange(name: Name & `${string}multirange`, array: Name, of: Name): BuiltinContainer {
  return {
    oid: OIDS[name],
    arrayOid: OIDS[array],
    structure: { kind: 'multirange', rangeOid: OIDS[of] },
  }
}

/** The built-in types that are made of others, besides arrays. */
export const BUILTIN_CONTAINERS: readonly BuiltinContainer[] = [
  { oid: OIDS.record, arrayOid: OIDS._record, structure: { kind: 'pseudo' } },
  range('int4range', '_int4range', 'int4'),
  range('int8range', '_int8range', 'int8'),
  range('numrange', '_numrange', 'numeric'),
  range('tsrange', '_tsrange', 'timestamp'),
  range('tstzrange', '_tstzrange', 'timestamptz'),
  range('daterange', '_daterange', 'date'),
  multirange('int4multirange', '_int4multirange', 'int4range'),
  multirange('int8multirange', '_int8multirange', 'int8range'),
  multirange('nummultirange', '_nummultirange', 'numrange'),
  multirange('tsmultirange', '_tsmultirange', 'tsrange'),
  multirange('tstzmultirange', '_tstzmultirange', 'tstzrange'),
  multirange('datemultirange', '_datemultirange', 'daterange'),
]
