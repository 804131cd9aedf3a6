/** An attribute of a composite type: a row of `pg_attribute` that is not dropped. */
export interface TypeAttribute {
  readonly name: string
  readonly typeOid: number
}

/** What a type is made of. */
export type TypeStructure =
  | { readonly kind: 'base' }
  | { readonly kind: 'pseudo' }
  | { readonly kind: 'enum' }
  | { readonly kind: 'array'; readonly elementOid: number; readonly delimiter: ',' | ';' }
  | { readonly kind: 'domain'; readonly baseOid: number }
  | { readonly kind: 'range'; readonly subtypeOid: number }
  | { readonly kind: 'multirange'; readonly rangeOid: number }
  /** The attributes are in the order of `attnum`. */
  | { readonly kind: 'composite'; readonly attributes: readonly TypeAttribute[] }

/** A type, as the catalogue describes it. */
export interface TypeDescription {
  readonly oid: number
  /** `pg_namespace.nspname`. */
  readonly schema: string
  /** `pg_type.typname`. */
  readonly name: string
  readonly structure: TypeStructure
}

/** The OIDs of the types that a type is made of, not of those that they are made of in turn. */
export function partsOf({ structure }: TypeDescription): readonly number[] {
  switch (structure.kind) {
    case 'array':
      return [structure.elementOid]
    case 'domain':
      return [structure.baseOid]
    case 'range':
      return [structure.subtypeOid]
    case 'multirange':
      return [structure.rangeOid]
    case 'composite':
      return structure.attributes.map(({ typeOid }) => typeOid)
    default:
      return []
  }
}

/** `schema.name`, as an option for the type is keyed. */
export function qualifiedName({ schema, name }: TypeDescription): string {
  return `${schema}.${name}`
}
