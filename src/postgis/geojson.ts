/** A place: x and y, then z where there is one, then m where there is one behind z. */
export type Position = readonly number[]

interface Simple<Type extends string, Coordinates> {
  readonly type: Type
  readonly coordinates: Coordinates
  /** The spatial reference of EWKB, where it is not 0. GeoJSON has no place for it. */
  readonly srid?: number
}

/**
 * A geometry of GeoJSON (RFC 7946, section 3.1). Empty geometries have empty arrays for coordinates.
 */
export type GeoJsonGeometry =
  | Simple<'Point', Position>
  | Simple<'LineString' | 'MultiPoint', readonly Position[]>
  | Simple<'Polygon' | 'MultiLineString', readonly (readonly Position[])[]>
  | Simple<'MultiPolygon', readonly (readonly (readonly Position[])[])[]>
  | {
      readonly type: 'GeometryCollection'
      readonly geometries: readonly GeoJsonGeometry[]
      readonly srid?: number
    }

/** A kind of geometry: its number in EWKB and how deep its positions are in `coordinates`. */
export interface GeometryKind {
  readonly code: number
  readonly depth: number
  /** The kind of which it is several, if it is. */
  readonly of?: number
}

/** By the names of GeoJSON. */
export const GEOMETRY_KINDS: ReadonlyMap<string, GeometryKind> = new Map([
  ['Point', { code: 1, depth: 0 }],
  ['LineString', { code: 2, depth: 1 }],
  ['Polygon', { code: 3, depth: 2 }],
  ['MultiPoint', { code: 4, depth: 1, of: 1 }],
  ['MultiLineString', { code: 5, depth: 2, of: 2 }],
  ['MultiPolygon', { code: 6, depth: 3, of: 3 }],
])

export const GEOMETRY_COLLECTION = 7

/** Flags in the number of a kind: there is a z, an m, a spatial reference. */
export const HAS_Z = 0x80000000
export const HAS_M = 0x40000000
export const HAS_SRID = 0x20000000

/** How deep collections may be in one another. */
export const MAX_NESTING = 32
