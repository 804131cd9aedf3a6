import type { TraitedCodec } from './codec-traits.js'
import { bit, varbit } from './codecs/bit.js'
import { bool } from './codecs/bool.js'
import { bytea } from './codecs/bytea.js'
import { char } from './codecs/char.js'
import { date } from './codecs/date.js'
import { float4, float8 } from './codecs/float.js'
import { box, circle, line, lseg, path, point, polygon } from './codecs/geometric.js'
import { int8, xid8 } from './codecs/int8.js'
import { cid, int2, int4, oid, xid } from './codecs/integer.js'
import { interval } from './codecs/interval.js'
import { jsonAsString, jsonAsValue, jsonBy } from './codecs/json.js'
import { cidr, inet, macaddr, macaddr8 } from './codecs/network.js'
import { int2vector, oidvector } from './codecs/number-vector.js'
import { numericAsNumber, numericAsString, numericBy } from './codecs/numeric.js'
import { aclitem, money, objectNameCodec } from './codecs/server-text.js'
import { pgLsn, pgSnapshot, tid, txidSnapshot } from './codecs/system.js'
import { type TemporalType, temporalCodec } from './codecs/temporal.js'
import { bpchar, name, refcursor, text, unknown, varchar, xml } from './codecs/text.js'
import { tsquery, tsvector } from './codecs/text-search.js'
import { time, timetz } from './codecs/time.js'
import { timestamp, timestamptz } from './codecs/timestamp.js'
import { uuid } from './codecs/uuid.js'
import { jsonpath } from './codecs/versioned-text.js'
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
  return {
    oid,
    arrayOid,
    codec,
    modes: {},
    custom: undefined,
    follows: undefined,
    ...options,
  }
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

function byTemporal(type: TemporalType): CustomMode {
  return {
    description: "'Temporal' or { Temporal }, of a polyfill",
    codecFor: (option) => temporalCodec(type, option),
  }
}

type ObjectName = keyof typeof OIDS & `reg${string}`

function objectNameType(name: ObjectName): BuiltinType {
  return type(OIDS[name], OIDS[`_${name}`], objectNameCodec(name))
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
  type(OIDS.date, OIDS._date, date.string, { modes: date, custom: byTemporal('date') }),
  type(OIDS.time, OIDS._time, time, { modes: { string: time }, custom: byTemporal('time') }),
  type(OIDS.timetz, OIDS._timetz, timetz),
  type(OIDS.timestamp, OIDS._timestamp, timestamp.Date, {
    modes: timestamp,
    custom: byTemporal('timestamp'),
  }),
  type(OIDS.timestamptz, OIDS._timestamptz, timestamptz.Date, {
    modes: timestamptz,
    custom: byTemporal('timestamptz'),
  }),
  type(OIDS.interval, OIDS._interval, interval.Interval, {
    modes: interval,
    custom: byTemporal('interval'),
  }),
  type(OIDS.numeric, OIDS._numeric, numericAsString, {
    modes: { string: numericAsString, number: numericAsNumber },
    custom: NUMERIC_FUNCTION,
  }),
  type(OIDS.uuid, OIDS._uuid, uuid),
  type(OIDS.int2vector, OIDS._int2vector, int2vector),
  type(OIDS.oidvector, OIDS._oidvector, oidvector),
  type(OIDS.tid, OIDS._tid, tid),
  type(OIDS.point, OIDS._point, point),
  type(OIDS.line, OIDS._line, line),
  type(OIDS.lseg, OIDS._lseg, lseg),
  type(OIDS.box, OIDS._box, box),
  type(OIDS.path, OIDS._path, path),
  type(OIDS.polygon, OIDS._polygon, polygon),
  type(OIDS.circle, OIDS._circle, circle),
  type(OIDS.inet, OIDS._inet, inet),
  type(OIDS.cidr, OIDS._cidr, cidr),
  type(OIDS.macaddr, OIDS._macaddr, macaddr),
  type(OIDS.macaddr8, OIDS._macaddr8, macaddr8),
  type(OIDS.bit, OIDS._bit, bit),
  type(OIDS.varbit, OIDS._varbit, varbit),
  type(OIDS.money, OIDS._money, money),
  type(OIDS.aclitem, OIDS._aclitem, aclitem),
  type(OIDS.refcursor, OIDS._refcursor, refcursor),
  type(OIDS.tsvector, OIDS._tsvector, tsvector),
  type(OIDS.tsquery, OIDS._tsquery, tsquery),
  type(OIDS.jsonpath, OIDS._jsonpath, jsonpath),
  type(OIDS.pg_lsn, OIDS._pg_lsn, pgLsn.string, { modes: pgLsn }),
  type(OIDS.pg_snapshot, OIDS._pg_snapshot, pgSnapshot),
  type(OIDS.txid_snapshot, OIDS._txid_snapshot, txidSnapshot),
  objectNameType('regclass'),
  objectNameType('regcollation'),
  objectNameType('regconfig'),
  objectNameType('regdictionary'),
  objectNameType('regnamespace'),
  objectNameType('regoper'),
  objectNameType('regoperator'),
  objectNameType('regproc'),
  objectNameType('regprocedure'),
  objectNameType('regrole'),
  objectNameType('regtype'),
  type(OIDS.void, undefined, voidCodec),
]
