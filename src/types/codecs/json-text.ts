import { types } from 'node:util'
import { EncodeError } from '../../base/errors.js'
import { cannotEncode } from '../value-errors.js'

const TAKES =
  'JSON values: null, booleans, finite numbers, bigints, strings, and arrays and objects of these'

/**
 * Writes a value as JSON. Unlike `JSON.stringify` it loses nothing silently: bigints are written
 * exactly, and what JSON has no form for is refused instead of becoming `null`, `{}` or nothing.
 * `toJSON` methods are called as there, and a property that is undefined counts as absent.
 *
 * @throws {EncodeError} for undefined (also as an array element or hole), NaN, infinities,
 * functions, symbols, invalid Dates, Maps, Sets, promises, binary data, and for cycles.
 */
export function jsonText(type: string, value: unknown): string {
  return write(type, value, '', [])
}

function write(type: string, given: unknown, key: string, ancestors: object[]): string {
  const value = hasToJson(given) ? serializable(type, given).toJSON(key) : given
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'number':
      if (Number.isFinite(value)) return String(value)
      break
    case 'object':
      if (value === null) return 'null'
      return writeObject(type, serializable(type, value), ancestors)
  }
  throw cannotEncode(type, value, TAKES)
}

function writeObject(type: string, value: object, ancestors: object[]): string {
  if (types.isBoxedPrimitive(value)) return write(type, value.valueOf(), '', ancestors)
  if (ancestors.includes(value)) {
    throw new EncodeError(`an object that contains itself cannot be sent as ${type}`, { type })
  }
  ancestors.push(value)
  const text = Array.isArray(value)
    ? `[${writeElements(type, value, ancestors)}]`
    : `{${writeProperties(type, value, ancestors)}}`
  ancestors.pop()
  return text
}

function writeElements(type: string, array: readonly unknown[], ancestors: object[]): string {
  let text = ''
  // By index, because the array's own iteration methods pass over holes.
  for (let i = 0; i < array.length; i++) {
    if (i > 0) text += ','
    text += write(type, array[i], String(i), ancestors)
  }
  return text
}

function writeProperties(type: string, object: object, ancestors: object[]): string {
  let text = ''
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue
    if (text !== '') text += ','
    text += `${JSON.stringify(key)}:${write(type, value, key, ancestors)}`
  }
  return text
}

function hasToJson(value: unknown): value is { toJSON(key: string): unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'toJSON' in value &&
    typeof value.toJSON === 'function'
  )
}

/** Refuses the objects of which JSON would keep nothing, or nothing that can be read back. */
function serializable<T extends object>(type: string, value: T): T {
  const isLost =
    types.isMap(value) ||
    types.isSet(value) ||
    types.isPromise(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value) ||
    (types.isDate(value) && Number.isNaN(value.getTime()))
  if (isLost) throw cannotEncode(type, value, TAKES)
  return value
}
