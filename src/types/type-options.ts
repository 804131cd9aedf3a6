import type { Codec } from './codec.js'
import type { DateMode } from './codecs/date.js'
import type { Int8Mode } from './codecs/int8.js'
import type { IntervalMode } from './codecs/interval.js'
import type { JsonFunctions } from './codecs/json.js'
import type { LsnMode } from './codecs/system.js'
import type { TemporalMode } from './codecs/temporal.js'
import type { TimestampMode } from './codecs/timestamp.js'
import type { ValueCodec } from './value-codec.js'

/**
 * Functions to take the place of those of a type's codec.
 *
 * A decoder given for one format alone is the only one: with `decodeText` and no `decodeBinary`,
 * results are asked for as text. The same goes for the encoders. What is not given in either format
 * stays as it was.
 */
export type CodecOverride = Partial<Codec>

/** A codec of the user's own, by windows of bytes or by values. */
export type GivenCodec<T = unknown> =
  | (Partial<Codec<T>> & { readonly [Key in keyof ValueCodec]?: undefined })
  | ValueCodec<T>

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
  | LsnMode
  | TemporalMode
  | GivenCodec

/**
 * How values of types become JavaScript values and back. Keys are names (`pg_type.typname`) or OIDs of
 * types, and for types of your own `schema.name` where the name alone is not enough. An option holds
 * wherever the type is part of another: arrays, ranges, domains, composites.
 *
 * @example
 * { int8: 'bigint', json: { parse, stringify }, 'shop.price': { encode: String, decode: Money.parse } }
 */
export interface TypeOptions {
  /** Also for `xid8`, unless it is a codec. Default `'number'`: a value beyond ±(2^53 − 1) is a DecodeError. */
  readonly int8?: Int8Mode | GivenCodec
  /** Default `'string'`. `Number` as the function rounds; `'number'` refuses what it would have to round. */
  readonly numeric?: NumericMode | GivenCodec
  /** Default `'string'`. */
  readonly date?: DateMode | TemporalMode | GivenCodec
  /** Default `'string'`. */
  readonly time?: 'string' | TemporalMode | GivenCodec
  /** Default `'Date'`, a `Timestamp` where there are microseconds. */
  readonly timestamp?: TimestampMode | TemporalMode | GivenCodec
  /** Default `'Date'`, a `Timestamp` where there are microseconds. */
  readonly timestamptz?: TimestampMode | TemporalMode | GivenCodec
  /** Default `'Interval'`. */
  readonly interval?: IntervalMode | TemporalMode | GivenCodec
  /** Also for `jsonb`, unless it is a codec. Default `'parse'`. */
  readonly json?: JsonMode | GivenCodec
  /** Whether arrays get the lower bounds of their dimensions, as a property `lowerBounds`. Default `'drop'`. */
  readonly arrayLowerBounds?: 'drop' | 'keep'
  /** Default `'string'`. */
  readonly pg_lsn?: LsnMode | GivenCodec
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
