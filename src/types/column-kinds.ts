import { type TraitedCodec, traitsOf } from './codec-traits.js'
import { POSTGRES_EPOCH_MS } from './codecs/calendar.js'
import { MICROSECONDS_PER_DAY, type Moment } from './codecs/datetime-text.js'
import { int8 } from './codecs/int8.js'
import { timestampBy } from './codecs/timestamp.js'

/** The arrays that columns of plain types become. */
export type TypedColumn =
  | Uint8Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array

/** What timestamps become: milliseconds in a Float64Array or microseconds in a BigInt64Array, since 1970. */
export type TimestampUnit = 'milliseconds' | 'microseconds'

/** What is read of a value; the codes are dense, so that they can be switched on. */
export const Kind = {
  Value: 0,
  Utf8: 1,
  Bool: 2,
  Int2: 3,
  Int4: 4,
  Uint4: 5,
  Int8: 6,
  Float4: 7,
  Float8: 8,
  Milliseconds: 9,
  Microseconds: 10,
} as const

export type KindCode = (typeof Kind)[keyof typeof Kind]

const CODES = {
  bool: Kind.Bool,
  int2: Kind.Int2,
  int4: Kind.Int4,
  uint4: Kind.Uint4,
  int8: Kind.Int8,
  float4: Kind.Float4,
  float8: Kind.Float8,
} as const

/** What the columns of a codec become. */
export function kindOf(
  codec: TraitedCodec,
  timestamps: TimestampUnit,
  strings: 'array' | 'utf8',
): KindCode {
  const { layout } = codec
  switch (layout) {
    case undefined:
      return strings === 'utf8' && traitsOf(codec).printer !== undefined ? Kind.Utf8 : Kind.Value
    case 'text':
    case 'json':
    case 'jsonb':
      return strings === 'utf8' ? Kind.Utf8 : Kind.Value
    case 'timestamp':
      return timestamps === 'microseconds' ? Kind.Microseconds : Kind.Milliseconds
    default:
      return CODES[layout]
  }
}

/** An array for so many rows. For {@link Kind.Utf8} it holds where the texts begin, and where the last ends. */
export function makeColumn(kind: KindCode, rows: number): TypedColumn | unknown[] {
  switch (kind) {
    case Kind.Value:
      return []
    case Kind.Bool:
      return new Uint8Array(rows)
    case Kind.Int2:
      return new Int16Array(rows)
    case Kind.Utf8:
      return new Int32Array(rows + 1)
    case Kind.Int4:
      return new Int32Array(rows)
    case Kind.Uint4:
      return new Uint32Array(rows)
    case Kind.Float4:
      return new Float32Array(rows)
    case Kind.Int8:
    case Kind.Microseconds:
      return new BigInt64Array(rows)
    default:
      return new Float64Array(rows)
  }
}

const EPOCH_US = BigInt(POSTGRES_EPOCH_MS) * 1000n
const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)

/** Whether values are 64-bit integers in binary. */
export function isInt64(kind: KindCode): boolean {
  return kind === Kind.Int8 || kind === Kind.Milliseconds || kind === Kind.Microseconds
}

/** What belongs into the array for a 64-bit integer in binary. */
export function int64At(kind: KindCode, view: DataView, at: number): number | bigint {
  const value = view.getBigInt64(at)
  if (kind === Kind.Int8) return value
  const isInfinite = value === MAX_INT64 || value === MIN_INT64
  if (kind === Kind.Microseconds) return isInfinite ? value : value + EPOCH_US
  if (isInfinite) return value > 0n ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  return Number(value + EPOCH_US) / 1000
}

/** Reads text of a kind whose arrays hold more than the values of `codec` do; undefined for other kinds. */
export function textDecoderOf(kind: KindCode, codec: TraitedCodec): Decode | undefined {
  if (kind === Kind.Int8) return int8.bigint.decodeText
  if (kind !== Kind.Milliseconds && kind !== Kind.Microseconds) return undefined
  return codec.name === 'timestamptz' ? textOfTimestamptz : textOfTimestamp
}

type Decode = TraitedCodec['decodeText']

const textOfTimestamp = timestampBy('timestamp', microsecondsOf).decodeText
const textOfTimestamptz = timestampBy('timestamptz', microsecondsOf).decodeText

/** Microseconds since 1970. */
function microsecondsOf({ days, microseconds }: Moment): bigint {
  return BigInt(days) * BigInt(MICROSECONDS_PER_DAY) + BigInt(microseconds) + EPOCH_US
}

/** What belongs into the array for a value that came as text and was decoded. */
export function numberOf(kind: KindCode, value: unknown): number | bigint {
  if (kind === Kind.Int8) return value as bigint
  if (kind === Kind.Milliseconds)
    return typeof value === 'bigint' ? Number(value) / 1000 : Number(value)
  if (kind !== Kind.Microseconds) return Number(value)
  if (typeof value === 'bigint') return value
  return Number(value) > 0 ? MAX_INT64 : MIN_INT64
}
