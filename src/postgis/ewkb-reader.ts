import { DecodeError } from '../base/errors.js'
import {
  GEOMETRY_COLLECTION,
  GEOMETRY_KINDS,
  type GeoJsonGeometry,
  HAS_M,
  HAS_SRID,
  HAS_Z,
  MAX_NESTING,
} from './geojson.js'

const LITTLE_ENDIAN = 1
const HEADER_BYTES = 5

const NAMES: ReadonlyMap<number, string> = new Map(
  [...GEOMETRY_KINDS].map(([name, { code }]) => [code, name]),
)
const KINDS = new Map([...GEOMETRY_KINDS.values()].map((kind) => [kind.code, kind]))

function malformed(what: string): DecodeError {
  return new DecodeError(`malformed geometry: ${what}`, { type: 'geometry' })
}

/**
 * Reads EWKB, the binary form of PostGIS: a byte for the order of bytes, uint32 for the kind with its
 * flags, int32 for the spatial reference if flagged, and what belongs to the kind, counts before parts.
 *
 * @throws {DecodeError} for kinds that GeoJSON does not have, such as curves.
 * @see doc/bnf-wkb.txt in the sources of PostGIS
 */
export function readEwkb(buf: Buffer, start: number, end: number): GeoJsonGeometry {
  const reader = new EwkbReader(buf.subarray(start, end))
  const geometry = reader.readGeometry(0)
  reader.expectEnd()
  return geometry
}

class EwkbReader {
  readonly #view: DataView
  #at = 0
  #isLittle = false
  #dimensions = 2

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  readGeometry(nesting: number): GeoJsonGeometry {
    if (nesting > MAX_NESTING) throw malformed('collections too deep in one another')
    this.#need(HEADER_BYTES)
    this.#isLittle = this.#view.getUint8(this.#at) === LITTLE_ENDIAN
    this.#at += 1
    const flagged = this.#uint32()
    const srid = (flagged & HAS_SRID) === 0 ? 0 : this.#uint32()
    const hasZ = (flagged & HAS_Z) !== 0
    if (!hasZ && (flagged & HAS_M) !== 0) {
      throw new DecodeError('GeoJSON has no place for m without z; take the geometry as EWKB', {
        type: 'geometry',
      })
    }
    this.#dimensions = hasZ ? ((flagged & HAS_M) !== 0 ? 4 : 3) : 2
    const code = flagged & 0x1fffffff
    const reference = srid === 0 ? {} : { srid }
    if (code === GEOMETRY_COLLECTION) {
      const geometries = this.#list(HEADER_BYTES, () => this.readGeometry(nesting + 1))
      return { type: 'GeometryCollection', geometries, ...reference }
    }
    const type = NAMES.get(code)
    if (type === undefined) {
      throw new DecodeError(`GeoJSON has no geometry of kind ${code}; take it as EWKB`, {
        type: 'geometry',
      })
    }
    return { type, coordinates: this.#coordinates(code), ...reference } as GeoJsonGeometry
  }

  expectEnd(): void {
    if (this.#at !== this.#view.byteLength) throw malformed('bytes behind its end')
  }

  #coordinates(code: number): unknown {
    const kind = KINDS.get(code)
    if (kind?.of !== undefined) {
      const part = kind.of
      return this.#list(HEADER_BYTES, () => this.#part(part))
    }
    return kind?.depth === 0 ? this.#point() : this.#positions(kind?.depth ?? 1)
  }

  /** A part of a multi-geometry, which has a header of its own. */
  #part(expected: number): unknown {
    this.#need(HEADER_BYTES)
    this.#isLittle = this.#view.getUint8(this.#at) === LITTLE_ENDIAN
    this.#at += 1
    const flagged = this.#uint32()
    if ((flagged & HAS_SRID) !== 0) this.#uint32()
    if ((flagged & 0x1fffffff) !== expected) throw malformed('a part of another kind')
    return this.#coordinates(expected)
  }

  #positions(depth: number): unknown[] {
    if (depth === 1) return this.#list(8 * this.#dimensions, () => this.#position())
    return this.#list(4, () => this.#positions(depth - 1))
  }

  #position(): number[] {
    this.#need(8 * this.#dimensions)
    const position: number[] = []
    for (let i = 0; i < this.#dimensions; i++) {
      position.push(this.#view.getFloat64(this.#at, this.#isLittle))
      this.#at += 8
    }
    return position
  }

  /** A point without coordinates has NaN for each. */
  #point(): number[] {
    const position = this.#position()
    return position.every(Number.isNaN) ? [] : position
  }

  /** The parts behind their count, each of at least `bytes`, which bounds what is allocated. */
  #list<T>(bytes: number, read: () => T): T[] {
    const count = this.#uint32()
    if (count * bytes > this.#view.byteLength - this.#at) throw malformed(`${count} parts`)
    const parts: T[] = []
    for (let i = 0; i < count; i++) parts.push(read())
    return parts
  }

  #uint32(): number {
    this.#need(4)
    const value = this.#view.getUint32(this.#at, this.#isLittle)
    this.#at += 4
    return value
  }

  #need(bytes: number): void {
    if (this.#view.byteLength - this.#at < bytes) throw malformed('it ends too early')
  }
}
