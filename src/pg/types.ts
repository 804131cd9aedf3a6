import type { Any } from './any.js'
import { parseArrayText } from './array-text.js'
import { asText, TEXT_PARSERS, type TextParser } from './text-parsers.js'

/** How a value travels. */
export type TypeFormat = 'text' | 'binary'

/** Makes a JavaScript value of a text, or of a Buffer where the format is binary. */
export type TypeParser = (value: Any) => Any

/** The parsers in force, by format and OID. */
const parsers: Record<TypeFormat, Map<number, TypeParser>> = {
  text: new Map(TEXT_PARSERS as ReadonlyMap<number, TypeParser>),
  binary: new Map(),
}

/** The parser of a type; for one that has none it gives the text (or the Buffer) itself. */
function getTypeParser(oid: number, format: TypeFormat = 'text'): TypeParser {
  return parsers[format]?.get(Number(oid)) ?? (format === 'text' ? asText : asItIs)
}

function setTypeParser(oid: number, format: TypeFormat | TypeParser, parse?: TypeParser): void {
  const [where, parser] =
    typeof format === 'function' ? (['text', format] as const) : [format, parse]
  if (typeof parser !== 'function') throw new TypeError('the parser of a type must be a function')
  parsers[where].set(Number(oid), parser)
}

/** Whether the parser of a type's text is another than the one that was there at first. */
export function isSetByUser(oid: number): boolean {
  return parsers.text.get(oid) !== (TEXT_PARSERS.get(oid) as TypeParser | undefined)
}

const asItIs: TypeParser = (value) => value

const INT8 = 20
const INT8_ARRAY = 1016
const INT4 = 23
const INT4_ARRAY = 1007

/** For `defaults.parseInt8`: whether `int8` and its arrays are numbers. */
export function parseInt8AsNumber(isNumber: boolean): void {
  const parserOf = (oid: number): TypeParser => TEXT_PARSERS.get(oid) as TypeParser
  setTypeParser(INT8, 'text', parserOf(isNumber ? INT4 : INT8))
  setTypeParser(INT8_ARRAY, 'text', parserOf(isNumber ? INT4_ARRAY : INT8_ARRAY))
}

/** Reads the text of an array; `parse` takes its elements, null for NULL. */
const arrayParser: PgTypes['arrayParser'] = {
  create(text: string, parse: (element: string | null) => unknown = asText as TextParser as never) {
    return {
      parse: (): unknown[] => withNulls(parseArrayText(text, parse), parse),
    }
  },
}

/** Parsers given to `arrayParser` are asked about NULL too. */
function withNulls(array: unknown[], parse: (element: null) => unknown): unknown[] {
  return array.map((item) => {
    if (Array.isArray(item)) return withNulls(item, parse)
    return item === null && parse !== (asText as unknown) ? parse(null) : item
  })
}

/** OIDs of the built-in types by name. */
const builtins = {
  BOOL: 16,
  BYTEA: 17,
  CHAR: 18,
  INT8: 20,
  INT2: 21,
  INT4: 23,
  REGPROC: 24,
  TEXT: 25,
  OID: 26,
  TID: 27,
  XID: 28,
  CID: 29,
  JSON: 114,
  XML: 142,
  PG_NODE_TREE: 194,
  SMGR: 210,
  PATH: 602,
  POLYGON: 604,
  CIDR: 650,
  FLOAT4: 700,
  FLOAT8: 701,
  ABSTIME: 702,
  RELTIME: 703,
  TINTERVAL: 704,
  CIRCLE: 718,
  MACADDR8: 774,
  MONEY: 790,
  MACADDR: 829,
  INET: 869,
  ACLITEM: 1033,
  BPCHAR: 1042,
  VARCHAR: 1043,
  DATE: 1082,
  TIME: 1083,
  TIMESTAMP: 1114,
  TIMESTAMPTZ: 1184,
  INTERVAL: 1186,
  TIMETZ: 1266,
  BIT: 1560,
  VARBIT: 1562,
  NUMERIC: 1700,
  REFCURSOR: 1790,
  REGPROCEDURE: 2202,
  REGOPER: 2203,
  REGOPERATOR: 2204,
  REGCLASS: 2205,
  REGTYPE: 2206,
  UUID: 2950,
  TXID_SNAPSHOT: 2970,
  PG_LSN: 3220,
  PG_NDISTINCT: 3361,
  PG_DEPENDENCIES: 3402,
  TSVECTOR: 3614,
  TSQUERY: 3615,
  GTSVECTOR: 3642,
  REGCONFIG: 3734,
  REGDICTIONARY: 3769,
  JSONB: 3802,
  REGNAMESPACE: 4089,
  REGROLE: 4096,
} as const

/** What `pg.types` offers. */
export interface PgTypes {
  getTypeParser(oid: number, format?: TypeFormat): TypeParser
  setTypeParser(oid: number, parse: (value: string) => Any): void
  setTypeParser(oid: number, format: 'binary', parse: (value: Buffer) => Any): void
  setTypeParser(oid: number, format: TypeFormat, parse: (value: string) => Any): void
  readonly builtins: typeof builtins
  readonly arrayParser: {
    create(text: string, parse?: (element: string | null) => unknown): { parse(): unknown[] }
  }
}

/** `pg.types`: the parsers of the whole process. */
export const types: PgTypes = {
  getTypeParser: getTypeParser,
  setTypeParser: setTypeParser,
  builtins: builtins,
  arrayParser: arrayParser,
}
