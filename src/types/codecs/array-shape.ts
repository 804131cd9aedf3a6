import { EncodeError } from '../../base/errors.js'
import { cannotEncode, valueKind } from '../value-errors.js'
import { MAX_DIMENSIONS } from './array-text.js'

/** What an array parameter is made of: a plain array or a typed one. */
export type ArrayValue = ArrayLike<unknown>

/** Tells the arrays that are dimensions from those that are elements. */
export type IsDimension = (value: unknown, depth: number) => value is ArrayValue

/** Whether a value is an array or typed array. */
export function isArrayValue(value: unknown): value is ArrayValue {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}

/**
 * Finds the length of each dimension, from the first element of each; `[[], []]` has none, as the
 * empty array. {@link checkLength} then holds the others to it.
 *
 * @throws {EncodeError} if the value is no array or has more than six dimensions.
 */
export function dimensionsOf(type: string, value: unknown, isDimension: IsDimension): number[] {
  const lengths: number[] = []
  let level: unknown = value
  while (isDimension(level, lengths.length)) {
    if (lengths.length === MAX_DIMENSIONS) {
      throw new EncodeError(`an array sent as ${type} has at most ${MAX_DIMENSIONS} dimensions`, {
        type,
      })
    }
    lengths.push(level.length)
    level = level[0]
  }
  if (lengths.length === 0) throw cannotEncode(type, value, 'arrays and typed arrays')
  return lengths
}

/**
 * Gives a sub-array that is as long as the others of its dimension.
 * @throws {EncodeError} otherwise.
 */
export function checkLength(
  type: string,
  value: unknown,
  depth: number,
  length: number,
  isDimension: IsDimension,
): ArrayValue {
  if (isDimension(value, depth) && value.length === length) return value
  const found = isDimension(value, depth) ? 'one of another length' : valueKind(value)
  throw new EncodeError(
    `an array sent as ${type} has ${found} where a sub-array of length ${length} belongs`,
    { type },
  )
}

/** Makes the error for an element that is missing, or an array deeper than its neighbours. */
export function badElement(type: string, value: unknown): EncodeError {
  const what = value === undefined ? 'undefined or a hole' : `${valueKind(value)} beside elements`
  return new EncodeError(`an array sent as ${type} has ${what}; null is the element NULL`, { type })
}
