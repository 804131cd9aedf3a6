import { suggestion } from '../base/suggestion.js'
import { describeValue, optionError } from './option-error.js'
import type { OptionParser, OptionPlace } from './option-table.js'

/** Timers of Node.js fire at once beyond this. */
const MAX_TIMER_MS = 2_147_483_647

/** The smallest and the largest number allowed, both included. */
export interface NumberRange {
  readonly min: number
  /** Default: none. */
  readonly max?: number
}

/** A number, for what is no count: a share, a factor. */
export function number({ min, max = Number.MAX_VALUE }: NumberRange): OptionParser<number> {
  return numberParser('a number', { min, max }, Number.isFinite)
}

/** A whole number. */
export function integer({ min, max = Number.MAX_SAFE_INTEGER }: NumberRange): OptionParser<number> {
  return numberParser('a whole number', { min, max }, Number.isInteger)
}

function numberParser(
  kind: string,
  { min, max }: Required<NumberRange>,
  isOfKind: (value: number) => boolean,
): OptionParser<number> {
  const fromValue = (value: unknown, place: OptionPlace): number => {
    if (typeof value !== 'number') throw wrongType(place, 'a number', value)
    if (!isOfKind(value) || value < min || value > max) {
      throw optionError(
        RangeError,
        place.option,
        `${place.label} must be ${kind} from ${min} to ${max}, not ${value}`,
      )
    }
    return value
  }
  return { fromValue, fromText: (text, place) => fromValue(readWholeNumber(text, place), place) }
}

/** A time in milliseconds; in texts in `textUnit`, and there a negative one means 0, as in libpq. */
export function milliseconds({
  min = 0,
  max = MAX_TIMER_MS,
  textUnit = 'ms',
}: Partial<NumberRange> & { readonly textUnit?: 'ms' | 's' } = {}): OptionParser<number> {
  const { fromValue } = integer({ min, max })
  const factor = textUnit === 's' ? 1000 : 1
  return {
    fromValue,
    fromText: (text, place) => fromValue(Math.max(0, readWholeNumber(text, place)) * factor, place),
  }
}

/** A text that PostgreSQL can take: without NUL. */
export function string(): OptionParser<string> {
  const check = (value: unknown, place: OptionPlace): string => {
    if (typeof value !== 'string') throw wrongType(place, 'a string', value)
    return withoutNul(value, place)
  }
  return { fromValue: check, fromText: check }
}

/** True or false; in texts 1, on, true, yes and their opposites. */
export function boolean(): OptionParser<boolean> {
  const texts: Readonly<Record<string, boolean>> = {
    '1': true,
    on: true,
    true: true,
    yes: true,
    '0': false,
    off: false,
    false: false,
    no: false,
  }
  return {
    fromValue: (value, place) => {
      if (typeof value !== 'boolean') throw wrongType(place, 'true or false', value)
      return value
    },
    fromText: (text, place) => {
      const value = Object.hasOwn(texts, text) ? texts[text] : undefined
      if (value === undefined) {
        throw optionError(
          TypeError,
          place.option,
          `${place.label} must be 1 or 0, or true or false`,
        )
      }
      return value
    },
  }
}

/** One of some words. */
export function choice<T extends string>(words: readonly T[]): OptionParser<T> {
  const check = (value: unknown, place: OptionPlace): T => {
    const word = words.find((known) => known === value)
    if (word !== undefined) return word
    const all = words.map((known) => `"${known}"`).join(', ')
    if (typeof value !== 'string') throw wrongType(place, `one of ${all}`, value)
    throw optionError(
      TypeError,
      place.option,
      `${place.label} must be one of ${all}${suggestion(value, words)}`,
    )
  }
  return { fromValue: check, fromText: check }
}

/**
 * One value, or an array of them; in texts separated by commas, where an empty part stands for `whenEmpty`.
 * The array given is copied.
 */
export function list<T>(item: OptionParser<T>, whenEmpty: T): OptionParser<readonly T[]> {
  const splitText = (text: string, place: OptionPlace): readonly T[] =>
    Object.freeze(
      text.split(',').map((part) => (part === '' ? whenEmpty : item.fromText(part, place))),
    )
  return {
    fromText: splitText,
    fromValue: (value, place) => {
      if (Array.isArray(value)) {
        if (value.length === 0) {
          throw optionError(RangeError, place.option, `${place.label} must not be an empty array`)
        }
        return Object.freeze(value.map((part: unknown) => item.fromValue(part, place)))
      }
      const single = item.fromValue(value, place)
      return typeof single === 'string' ? splitText(single, place) : Object.freeze([single])
    },
  }
}

/** A value that only an option object can hold. `expected` names it for messages. */
export function valueOnly<T>(
  expected: string,
  isValid: (value: unknown) => value is T,
): OptionParser<T> {
  return {
    fromValue: (value, place) => {
      if (!isValid(value)) throw wrongType(place, expected, value)
      return value
    },
    fromText: (text, place) => {
      throw wrongType(place, expected, text)
    },
  }
}

/** A function. */
export function callback<T extends (...args: never[]) => unknown>(): OptionParser<T> {
  return valueOnly('a function', (value): value is T => typeof value === 'function')
}

/** Gives `text`, or refuses it when it contains a NUL, which would end it early in the protocol. */
export function withoutNul(text: string, place: OptionPlace): string {
  if (text.includes('\0')) {
    throw optionError(TypeError, place.option, `${place.label} must not contain a NUL character`)
  }
  return text
}

/** The error for a value of the wrong type. */
export function wrongType(place: OptionPlace, expected: string, value: unknown): TypeError {
  return optionError(
    TypeError,
    place.option,
    `${place.label} must be ${expected}, not ${describeValue(value)}`,
  )
}

// libpq allows white space around numbers (parse_int_param). The text is not shown: what stands where the
// port belongs in a URI is part of the password, when that contains a "/" that should have been %2F.
function readWholeNumber(text: string, place: OptionPlace): number {
  if (!/^[ \t\r\n\f\v]*[+-]?[0-9]{1,15}[ \t\r\n\f\v]*$/.test(text)) {
    throw optionError(TypeError, place.option, `${place.label} is not a whole number`)
  }
  return Number(text)
}

/** Whether a value is an object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
