import type { TraitedCodec } from './codec-traits.js'
import { bool } from './codecs/bool.js'
import { bytea } from './codecs/bytea.js'
import { char } from './codecs/char.js'
import { date } from './codecs/date.js'
import { float4, float8 } from './codecs/float.js'
import { int8, xid8 } from './codecs/int8.js'
import { cid, int2, int4, oid, xid } from './codecs/integer.js'
import { interval } from './codecs/interval.js'
import { jsonAsString, jsonAsValue, jsonBy } from './codecs/json.js'
import { numericAsNumber, numericAsString, numericBy } from './codecs/numeric.js'
import { bpchar, name, text, unknown, varchar, xml } from './codecs/text.js'
import { time, timetz } from './codecs/time.js'
import { timestamp, timestamptz } from './codecs/timestamp.js'
import { uuid } from './codecs/uuid.js'
import { voidCodec } from './codecs/void.js'
import { OIDS } from './oid.js'
import { isJsonFunctions } from './type-options.js'

/** A way to appear in JavaScript that the user's own functions make. */
export interface CustomMode {
  /** What is to be given, for messages. */
  readonly description: string
  /** The codec for an option; undefined if it is something else. */
  readonly codecFor: (option: unknown) => TraitedCodec | undefined
}

/** A built-in type and the ways in which it can appear in JavaScript. */
export interface BuiltinType {
  readonly oid: number
  /** Undefined for pseudo-types, which have no arrays. */
  readonly arrayOid: number | undefined
  readonly codec: TraitedCodec
  /** Codecs by the words that can be given as the type's option. */
  readonly modes: Readonly<Record<string, TraitedCodec>>
  /** The functions that can be given as the type's option. */
  readonly custom: CustomMode | undefined
  /** The type whose words and functions hold for this one too. */
  readonly follows: string | undefined
}

function type(
  oid: number,
  arrayOid: number | undefined,
  codec: TraitedCodec,
  options: Partial<Pick<BuiltinType, 'modes' | 'custom' | 'follows'>> = {},
): BuiltinType {
  return { oid, arrayOid, codec, modes: {}, custom: undefined, follows: undefined, ...options }
}

function jsonType(name: 'json' | 'jsonb', follows?: string): BuiltinType {
  const parsed = jsonAsValue(name)
  return type(OIDS[name], OIDS[`_${name}`], parsed, {
    modes: { parse: parsed, string: jsonAsString(name) },
    custom: {
      description: 'an object of the functions parse and stringify',
      codecFor: (option) => (isJsonFunctions(option) ? jsonBy(name, option) : undefined),
    },
    follows,
  })
}

const NUMERIC_FUNCTION: CustomMode = {
  description: 'a function of the text',
  codecFor: (option) =>
    typeof option === 'function' ? numericBy((digits) => option(digits)) : undefined,
}

/** Every type that needs no look into the catalogue. */
export const BUILTIN_TYPES: readonly BuiltinType[] = [
  type(OIDS.bool, OIDS._bool, bool),
  type(OIDS.bytea, OIDS._bytea, bytea),
  type(OIDS.char, OIDS._char, char),
  type(OIDS.name, OIDS._name, name),
  type(OIDS.int8, OIDS._int8, int8.number, { modes: int8 }),
  type(OIDS.int2, OIDS._int2, int2),
  type(OIDS.int4, OIDS._int4, int4),
  type(OIDS.text, OIDS._text, text),
  type(OIDS.oid, OIDS._oid, oid),
  type(OIDS.xid, OIDS._xid, xid),
  type(OIDS.cid, OIDS._cid, cid),
  type(OIDS.xid8, OIDS._xid8, xid8.number, { modes: xid8, follows: 'int8' }),
  jsonType('json'),
  jsonType('jsonb', 'json'),
  type(OIDS.xml, OIDS._xml, xml),
  type(OIDS.float4, OIDS._float4, float4),
  type(OIDS.float8, OIDS._float8, float8),
  type(OIDS.unknown, undefined, unknown),
  type(OIDS.bpchar, OIDS._bpchar, bpchar),
  type(OIDS.varchar, OIDS._varchar, varchar),
  type(OIDS.date, OIDS._date, date.string, { modes: date }),
  type(OIDS.time, OIDS._time, time),
  type(OIDS.timetz, OIDS._timetz, timetz),
  type(OIDS.timestamp, OIDS._timestamp, timestamp.Date, { modes: timestamp }),
  type(OIDS.timestamptz, OIDS._timestamptz, timestamptz.Date, { modes: timestamptz }),
  type(OIDS.interval, OIDS._interval, interval.Interval, { modes: interval }),
  type(OIDS.numeric, OIDS._numeric, numericAsString, {
    modes: { string: numericAsString, number: numericAsNumber },
    custom: NUMERIC_FUNCTION,
  }),
  type(OIDS.uuid, OIDS._uuid, uuid),
  type(OIDS.void, undefined, voidCodec),
]
