import { EncodeError } from '../base/errors.js'
import type { MessageWriter } from '../protocol/message-writer.js'
import { cannotEncode } from '../types/value-errors.js'
import {
  GEOMETRY_COLLECTION,
  GEOMETRY_KINDS,
  HAS_M,
  HAS_SRID,
  HAS_Z,
  MAX_NESTING,
} from './geojson.js'

const BIG_ENDIAN = 0
const MAX_SRID = 999_999

function refusal(value: unknown): EncodeError {
  return cannotEncode(
    'geometry',
    value,
    'geometries of GeoJSON whose positions all have two, three or four numbers',
  )
}

/**
 * Appends a geometry of GeoJSON as EWKB, its bytes in network order.
 * @throws {EncodeError} if it is none.
 */
export function writeEwkb(value: unknown, out: MessageWriter): void {
  new EwkbWriter(out, dimensionsOf(value, 0) ?? 2).write(value, true, 0)
}

/** How many numbers the first position has; undefined if there is no position. */
function dimensionsOf(value: unknown, depth: number): number | undefined {
  if (depth > 2 * MAX_NESTING || typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) {
    const { coordinates, geometries } = value as { coordinates?: unknown; geometries?: unknown }
    return dimensionsOf(coordinates ?? geometries, depth + 1)
  }
  if (typeof value[0] === 'number') return value.length
  for (const item of value) {
    const dimensions = dimensionsOf(item, depth + 1)
    if (dimensions !== undefined) return dimensions
  }
  return undefined
}

class EwkbWriter {
  readonly #out: MessageWriter
  readonly #dimensions: number

  constructor(out: MessageWriter, dimensions: number) {
    this.#out = out
    this.#dimensions = dimensions
  }

  write(value: unknown, isOutermost: boolean, nesting: number): void {
    if (typeof value !== 'object' || value === null || nesting > MAX_NESTING) throw refusal(value)
    const { type, coordinates, geometries, srid = 0 } = value as Record<string, unknown>
    if (typeof srid !== 'number' || !Number.isInteger(srid) || srid < 0 || srid > MAX_SRID) {
      throw new EncodeError(`srid of a geometry must be an integer from 0 to ${MAX_SRID}`, {
        type: 'geometry',
      })
    }
    // Parts have the spatial reference of the whole.
    const reference = isOutermost ? srid : 0
    if (type === 'GeometryCollection') {
      this.#header(GEOMETRY_COLLECTION, reference)
      for (const part of this.#list(geometries)) this.write(part, false, nesting + 1)
      return
    }
    const kind = typeof type === 'string' ? GEOMETRY_KINDS.get(type) : undefined
    if (!kind) throw refusal(value)
    this.#header(kind.code, reference)
    if (kind.of === undefined) {
      this.#coordinates(coordinates, kind.depth)
      return
    }
    for (const part of this.#list(coordinates)) {
      this.#header(kind.of, 0)
      this.#coordinates(part, kind.depth - 1)
    }
  }

  #header(code: number, srid: number): void {
    const flags = (this.#dimensions > 2 ? HAS_Z : 0) + (this.#dimensions > 3 ? HAS_M : 0)
    this.#out.int8(BIG_ENDIAN)
    this.#out.int32(code + flags + (srid === 0 ? 0 : HAS_SRID))
    if (srid !== 0) this.#out.int32(srid)
  }

  /** Appends the count of what is in an array, and gives the array. */
  #list(value: unknown): readonly unknown[] {
    if (!Array.isArray(value)) throw refusal(value)
    this.#out.int32(value.length)
    return value
  }

  #coordinates(value: unknown, depth: number): void {
    if (depth === 0) {
      const isEmpty = Array.isArray(value) && value.length === 0
      this.#position(isEmpty ? Array(this.#dimensions).fill(Number.NaN) : value)
      return
    }
    for (const item of this.#list(value)) {
      if (depth === 1) this.#position(item)
      else this.#coordinates(item, depth - 1)
    }
  }

  #position(value: unknown): void {
    if (!Array.isArray(value) || value.length !== this.#dimensions || value.length > 4) {
      throw refusal(value)
    }
    if (value.length < 2) throw refusal(value)
    for (const number of value) {
      if (typeof number !== 'number') throw refusal(value)
      this.#out.float64(number)
    }
  }
}
