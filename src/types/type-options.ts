import type { Codec } from './codec.js'
import type { DateMode } from './codecs/date.js'
import type { Int8Mode } from './codecs/int8.js'
import type { IntervalMode } from './codecs/interval.js'
import type { JsonFunctions } from './codecs/json.js'
import type { TimestampMode } from './codecs/timestamp.js'

/**
 * Functions to take the place of those of a type's codec.
 *
 * A decoder given for one format alone is the only one: with `decodeText` and no `decodeBinary`,
 * results are asked for as text. The same goes for the encoders. What is not given in either format
 * stays as it was.
 */
export type CodecOverride = Partial<Codec>

/** How `numeric` appears in JavaScript: as exact text, as a number that must be exact, or by a function of the text. */
export type NumericMode = 'string' | 'number' | ((text: string) => unknown)

/** How `json` and `jsonb` appear in JavaScript: parsed, as text, or by functions. */
export type JsonMode = 'parse' | 'string' | JsonFunctions

/** All that can be given for a type. */
export type TypeOption =
  | Int8Mode
  | NumericMode
  | DateMode
  | TimestampMode
  | IntervalMode
  | JsonMode
  | 'drop'
  | 'keep'
  | CodecOverride

/**
 * How values of types become JavaScript values and back. Keys are names (`pg_type.typname`) or OIDs of
 * types; arrays follow the type of their elements.
 *
 * @example
 * { int8: 'bigint', json: { parse, stringify }, uuid: { decodeText, decodeBinary } }
 */
export interface TypeOptions {
  /** Also for `xid8`. Default `'number'`: a value beyond ±(2^53 − 1) is a DecodeError. */
  readonly int8?: Int8Mode | CodecOverride
  /** Default `'string'`. `Number` as the function rounds; `'number'` refuses what it would have to round. */
  readonly numeric?: NumericMode | CodecOverride
  /** Default `'string'`. */
  readonly date?: DateMode | CodecOverride
  /** Default `'Date'`, a `Timestamp` where there are microseconds. */
  readonly timestamp?: TimestampMode | CodecOverride
  /** Default `'Date'`, a `Timestamp` where there are microseconds. */
  readonly timestamptz?: TimestampMode | CodecOverride
  /** Default `'Interval'`. */
  readonly interval?: IntervalMode | CodecOverride
  /** Also for `jsonb`. Default `'parse'`. */
  readonly json?: JsonMode | CodecOverride
  /** Whether arrays get the lower bounds of their dimensions, as a property `lowerBounds`. Default `'drop'`. */
  readonly arrayLowerBounds?: 'drop' | 'keep'
  readonly [nameOrOid: string]: TypeOption | undefined
}

const FUNCTIONS = ['decodeText', 'decodeBinary', 'encodeText', 'encodeBinary'] as const

/** Whether an option is a {@link CodecOverride} with at least one function and nothing wrong. */
export function isCodecOverride(option: unknown): option is CodecOverride {
  if (typeof option !== 'object' || option === null) return false
  const given = FUNCTIONS.map((key) => (option as CodecOverride)[key])
  return (
    given.some((value) => value !== undefined) &&
    given.every((value) => value === undefined || typeof value === 'function')
  )
}

/** Whether an option is a pair of {@link JsonFunctions}. */
export function isJsonFunctions(option: unknown): option is JsonFunctions {
  if (typeof option !== 'object' || option === null) return false
  const { parse, stringify } = option as Partial<JsonFunctions>
  return typeof parse === 'function' && typeof stringify === 'function'
}
