/** What docs/types.md says of the values of a type; what it takes the codec says itself. */
export interface TypeNote {
  /** The JavaScript value without options. */
  readonly value: string
  /** What the words give that are options of the type, all but the default. */
  readonly modes?: Readonly<Record<string, string>>
}

const STRING: TypeNote = { value: 'string' }
const SERVER_TEXT: TypeNote = { value: 'string, as the server prints it' }
const NUMBER: TypeNote = { value: 'number' }
const FLOAT: TypeNote = { value: 'number, also NaN and ±Infinity' }
const BITS: TypeNote = { value: 'string of 0 and 1' }
const NUMBERS: TypeNote = { value: 'number[]' }
const WIDE: TypeNote = {
  value: 'number; a DecodeError outside ±(2^53 − 1)',
  modes: { bigint: 'bigint', string: 'decimal string' },
}
const JSON_NOTE: TypeNote = {
  value: 'what `JSON.parse` gives',
  modes: { string: 'the JSON text, both ways' },
}
const TIMESTAMP: TypeNote = {
  value: '`Date`, or `Timestamp` (a `Date` with `microseconds`) where there are any; ±Infinity',
  modes: { string: 'ISO text as `::text` gives it in UTC' },
}
const RANGE: TypeNote = { value: '`Range { lower, upper, bounds, empty }`; a null is no end' }
const MULTIRANGE: TypeNote = { value: '`Range[]`' }

/** What the words give that mean the same for every type. */
export const COMMON_MODES: Readonly<Record<string, string>> = {
  Temporal: 'an object of `Temporal`',
}

/** The values of each built-in type, by `pg_type.typname`. */
export const TYPE_NOTES: Readonly<Record<string, TypeNote>> = {
  bool: { value: 'boolean' },
  bytea: { value: '`Uint8Array`, in fact a `Buffer`' },
  char: { value: 'string of one byte, or empty' },
  name: STRING,
  int2: NUMBER,
  int4: NUMBER,
  int8: WIDE,
  oid: NUMBER,
  xid: NUMBER,
  cid: NUMBER,
  xid8: WIDE,
  text: STRING,
  varchar: STRING,
  bpchar: STRING,
  xml: STRING,
  unknown: STRING,
  float4: FLOAT,
  float8: FLOAT,
  numeric: {
    value: 'string, exact; `NaN`, `Infinity`, `-Infinity`',
    modes: { number: 'number; a DecodeError where it would be rounded' },
  },
  money: { value: 'string, as the server prints it by `lc_monetary`' },
  json: JSON_NOTE,
  jsonb: JSON_NOTE,
  jsonpath: SERVER_TEXT,
  uuid: STRING,
  date: {
    value: 'string `YYYY-MM-DD`; ±Infinity',
    modes: { Date: '`Date` at midnight UTC' },
  },
  time: STRING,
  timetz: STRING,
  timestamp: TIMESTAMP,
  timestamptz: TIMESTAMP,
  interval: {
    value: '`Interval { months, days, microseconds }`; ±Infinity',
    modes: { string: 'text as `::text` gives it' },
  },
  bit: BITS,
  varbit: BITS,
  inet: STRING,
  cidr: STRING,
  macaddr: STRING,
  macaddr8: STRING,
  point: { value: '`{ x, y }`' },
  line: { value: '`{ a, b, c }`' },
  lseg: { value: '`[Point, Point]`' },
  box: { value: '`{ high, low }`' },
  path: { value: '`{ closed, points }`' },
  polygon: { value: '`Point[]`' },
  circle: { value: '`{ center, radius }`' },
  tsvector: SERVER_TEXT,
  tsquery: SERVER_TEXT,
  int2vector: NUMBERS,
  oidvector: NUMBERS,
  tid: STRING,
  aclitem: SERVER_TEXT,
  refcursor: STRING,
  pg_lsn: { value: 'string such as `16/B374D848`', modes: { bigint: 'bigint' } },
  pg_snapshot: SERVER_TEXT,
  txid_snapshot: SERVER_TEXT,
  void: { value: 'null' },
  record: { value: 'array; of strings where it comes as text, which names no types' },
  int4range: RANGE,
  int8range: RANGE,
  numrange: RANGE,
  daterange: RANGE,
  tsrange: RANGE,
  tstzrange: RANGE,
  int4multirange: MULTIRANGE,
  int8multirange: MULTIRANGE,
  nummultirange: MULTIRANGE,
  datemultirange: MULTIRANGE,
  tsmultirange: MULTIRANGE,
  tstzmultirange: MULTIRANGE,
}

/** The values of names of objects, `regclass` and its kind. */
export const OBJECT_NAME_NOTE: TypeNote = { value: 'string: the name, as the server prints it' }

/** The values of types that extensions define, by name. */
export const EXTENSION_NOTES: Readonly<Record<string, TypeNote>> = {
  citext: STRING,
  hstore: { value: '`Map<string, string | null>`' },
  ltree: STRING,
  lquery: STRING,
  ltxtquery: STRING,
  vector: { value: '`Float32Array`' },
  halfvec: { value: '`Float32Array`' },
  sparsevec: { value: '`{ dimensions, indices, values }`' },
}
