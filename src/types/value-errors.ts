import { types } from 'node:util'
import { DecodeError, EncodeError } from '../base/errors.js'

/** Says what kind of value this is, without giving the value away: `a string`, `an integer`, `a Map`. */
export function valueKind(value: unknown): string {
  switch (typeof value) {
    case 'object':
      return value === null ? 'null' : objectKind(value)
    case 'number':
      return numberKind(value)
    case 'undefined':
      return 'undefined'
    default:
      return `a ${typeof value}`
  }
}

function numberKind(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : 'an infinite number'
  if (!Number.isInteger(value)) return 'a number with a fraction'
  return Number.isSafeInteger(value) ? 'an integer' : 'an integer number beyond ±(2^53 − 1)'
}

function objectKind(value: object): string {
  if (Array.isArray(value)) return 'an array'
  if (types.isDate(value) && Number.isNaN(value.getTime())) return 'an invalid Date'
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  if (typeof name !== 'string' || name === '' || name === 'Object') return 'an object'
  return `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name}`
}

/**
 * Makes the error for a value that a type does not take.
 * @param takes what the type takes, to end the sentence "… cannot be sent as int4, which takes …".
 */
export function cannotEncode(type: string, value: unknown, takes: string): EncodeError {
  return new EncodeError(`${valueKind(value)} cannot be sent as ${type}, which takes ${takes}`, {
    type,
  })
}

/** Makes the error for bytes or text that are no value of the type. `what` must not contain them. */
export function malformed(type: string, what: string): DecodeError {
  return new DecodeError(`malformed ${type}: ${what}`, { type })
}

/** Checks the length of a binary value. @throws {DecodeError} if it is another one. */
export function expectLength(type: string, start: number, end: number, length: number): void {
  if (end - start !== length) throw malformed(type, `${end - start} bytes instead of ${length}`)
}
