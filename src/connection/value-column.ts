import { DecodeError } from '../base/errors.js'
import type { TraitedCodec } from '../types/codec-traits.js'
import { OIDS } from '../types/oid.js'
import type { ResultShape } from '../wire/requests/query.js'
import type { QueryOptions } from './query-options.js'

/** The typed arrays that columns of numbers become. */
export type NumberArray =
  | Int16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array

/** Options of `fetchcol`. */
export interface FetchcolOptions extends Omit<QueryOptions, 'rowMode'> {
  /** Which column, the first being 0. Default 0. */
  readonly column?: number
  /** Gives a typed array: for int2, int4, int8, oid, float4 and float8, and without NULLs. */
  readonly typedArray?: boolean
}

/** The values of one column. */
export function valuesOfColumn(options: FetchcolOptions): ResultShape<unknown> {
  const { column = 0, typedArray = false } = options
  if (!Number.isInteger(column) || column < 0) {
    throw new TypeError('the option "column" must be an integer of at least 0')
  }
  if (typeof typedArray !== 'boolean') {
    throw new TypeError('the option "typedArray" must be true or false')
  }
  return {
    maxRows: 0,
    needsColumns: true,
    decoder: (plan) => plan.valueDecoder(column),
    result(values, _tag, { columns }) {
      const field = columns[column]
      return typedArray && field !== undefined
        ? numbers(values, field.typeOid, field.codec)
        : values
    },
  }
}

function numbers(values: readonly unknown[], typeOid: number, codec: TraitedCodec): NumberArray {
  const { name: type, layout } = codec
  const length = values.length
  for (let i = 0; i < length; i++) {
    if (values[i] === null) throw noNumbers(type, `value ${i} is NULL`)
  }
  // What a codec of the user's own gives may be anything; it has no layout.
  switch (layout && typeOid) {
    case OIDS.int2:
      return Int16Array.from(values as number[])
    case OIDS.int4:
      return Int32Array.from(values as number[])
    case OIDS.oid:
      return Uint32Array.from(values as number[])
    case OIDS.float4:
      return Float32Array.from(values as number[])
    case OIDS.float8:
      return Float64Array.from(values as number[])
    case OIDS.int8:
      return BigInt64Array.from(values as (number | bigint)[], (value) => BigInt(value))
    default:
      throw noNumbers(type, 'its type, or the codec given for it, has none')
  }
}

function noNumbers(type: string, why: string): DecodeError {
  return new DecodeError(`a column of ${type} cannot become a typed array: ${why}`, { type })
}
