import { arrayCodec } from './codecs/array.js'
import { bool } from './codecs/bool.js'
import { oid } from './codecs/integer.js'
import { text } from './codecs/text.js'
import { OIDS } from './oid.js'
import { compileArrayDecoder, type RowDecoder } from './row-decoder.js'
import type { TypeAttribute, TypeDescription, TypeStructure } from './type-description.js'

/** The columns of {@link catalogQuery}, in text. */
const COLUMNS = [
  { name: 'oid', codec: oid },
  { name: 'schema', codec: text },
  { name: 'name', codec: text },
  { name: 'type', codec: text },
  { name: 'delimiter', codec: text },
  { name: 'part', codec: oid },
  { name: 'attribute_names', codec: arrayCodec(OIDS.text, text) },
  { name: 'attribute_types', codec: arrayCodec(OIDS.oid, oid) },
]

/** Multiranges are in the catalogue since version 14. */
const FIRST_WITH_MULTIRANGES = 14

/**
 * The query that describes types and all that they are made of, however deep.
 *
 * It stands alone, without parameters, so that it can go as a simple query: one round trip in every
 * mode of a pooler, and no statement to prepare. Nothing in it hangs on `search_path`, which may put
 * anybody's operators before those of `pg_catalog`.
 *
 * Each row is found by index, however many types there are: the planner takes an array of unknown
 * content for one of ten elements, which also keeps its estimate far below `jit_above_cost`.
 *
 * @param typeOids unsigned integers of 32 bits.
 * @param serverMajor the major version of the server.
 */
export function catalogQuery(typeOids: readonly number[], serverMajor: number): string {
  const hasMultiranges = serverMajor >= FIRST_WITH_MULTIRANGES
  return `
with recursive wanted(oid) as (
    select seed.oid
    from pg_catalog.unnest((select '{${typeOids.join()}}'::pg_catalog.oid[])) as seed(oid)
  union
    select part.oid
    from wanted
    cross join lateral (
      select t.oid, t.typtype, t.typelem, t.typbasetype, t.typrelid
      from pg_catalog.pg_type as t
      where t.oid operator(pg_catalog.=) wanted.oid
      offset 0
    ) as t
    cross join lateral (
        ${partQueries(hasMultiranges).join('\n      union all\n        ')}
      union all
        select a.atttypid ${ATTRIBUTES}
    ) as part(oid)
)
select t.oid,
  (select n.nspname from pg_catalog.pg_namespace as n
   where n.oid operator(pg_catalog.=) t.typnamespace)::pg_catalog.text,
  t.typname::pg_catalog.text,
  t.typtype::pg_catalog.text,
  t.typdelim::pg_catalog.text,
  (${partQueries(hasMultiranges).join('\n    union all ')}),
  array(select a.attname::pg_catalog.text ${ATTRIBUTES} order by a.attnum),
  array(select a.atttypid ${ATTRIBUTES} order by a.attnum)
from pg_catalog.pg_type as t
where t.oid operator(pg_catalog.=) any (array(select wanted.oid from wanted))`
}

/** Finds the one type that a type is made of, unless it is a composite. Only one of them gives a row. */
function partQueries(hasMultiranges: boolean): readonly string[] {
  return [
    // Other types have an element too, such as name and point; those are no arrays.
    `select e.oid from pg_catalog.pg_type as e
         where e.oid operator(pg_catalog.=) t.typelem and e.typarray operator(pg_catalog.=) t.oid`,
    "select t.typbasetype where t.typtype operator(pg_catalog.=) 'd'",
    `select r.rngsubtype from pg_catalog.pg_range as r
         where r.rngtypid operator(pg_catalog.=) t.oid`,
    ...(hasMultiranges
      ? [
          `select r.rngtypid from pg_catalog.pg_range as r
         where r.rngmultitypid operator(pg_catalog.=) t.oid`,
        ]
      : []),
  ]
}

const ATTRIBUTES = `from pg_catalog.pg_attribute as a
         where t.typtype operator(pg_catalog.=) 'c' and a.attrelid operator(pg_catalog.=) t.typrelid
           and a.attnum operator(pg_catalog.>) 0 and not a.attisdropped`

/** What a type is made of, in a word. */
export type TypeKind = TypeStructure['kind']

/** A type of the name that {@link typesByNameQuery} asked for. */
export interface TypeOfName {
  readonly schema: string
  readonly kind: TypeKind
  /** Whether its bare name means it in SQL, by the session's `search_path`. */
  readonly isVisible: boolean
}

/** The query for all types of a name, in whatever schema, for {@link readTypeOfName}. */
export function typesByNameQuery(name: string): string {
  // A literal of this form means the same whatever standard_conforming_strings says.
  const literal = `E'${name.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
  return `
select n.nspname::pg_catalog.text,
  t.typtype::pg_catalog.text,
  (${partQueries(false)[0]}),
  pg_catalog.pg_type_is_visible(t.oid)
from pg_catalog.pg_type as t
join pg_catalog.pg_namespace as n on n.oid operator(pg_catalog.=) t.typnamespace
where t.typname operator(pg_catalog.=) ${literal}::pg_catalog.name
order by n.nspname`
}

/** Reads a row of {@link typesByNameQuery}: the body of a DataRow, in text. */
export function readTypeOfName(buf: Buffer, start: number, end: number): TypeOfName {
  const [schema, type, elementOid, isVisible] = decodeTypeOfName(buf, start, end)
  const kind = kindOf(type, elementOid !== null)
  return { schema: String(schema), kind, isVisible: isVisible === true }
}

const decodeTypeOfName: RowDecoder<unknown[]> = compileArrayDecoder(
  [
    { name: 'schema', codec: text },
    { name: 'type', codec: text },
    { name: 'element', codec: oid },
    { name: 'is_visible', codec: bool },
  ].map((column) => ({ ...column, format: 0 })),
)

const decodeRow: RowDecoder<unknown[]> = compileArrayDecoder(
  COLUMNS.map((column) => ({ ...column, format: 0 })),
)

/** Reads a row of {@link catalogQuery}: the body of a DataRow, in text. */
export function readTypeDescription(buf: Buffer, start: number, end: number): TypeDescription {
  const [typeOid, schema, name, type, delimiter, part, names, types] = decodeRow(buf, start, end)
  return {
    oid: Number(typeOid),
    schema: String(schema),
    name: String(name),
    structure: structureOf(kindOf(type, part !== null), Number(part), delimiter, names, types),
  }
}

function attributesOf(names: unknown, types: unknown): readonly TypeAttribute[] {
  if (!Array.isArray(names) || !Array.isArray(types)) return []
  return names.map((name, i) => ({ name: String(name), typeOid: Number(types[i]) }))
}

/**
 * @param type `pg_type.typtype`
 * @param isArray whether it is the array type of another; only of base types is that asked
 */
function kindOf(type: unknown, isArray: boolean): TypeKind {
  switch (type) {
    case 'c':
      return 'composite'
    case 'd':
      return 'domain'
    case 'e':
      return 'enum'
    case 'm':
      return 'multirange'
    case 'p':
      return 'pseudo'
    case 'r':
      return 'range'
    default:
      return isArray ? 'array' : 'base'
  }
}

function structureOf(
  kind: TypeKind,
  part: number,
  delimiter: unknown,
  names: unknown,
  types: unknown,
): TypeStructure {
  switch (kind) {
    case 'array':
      return { kind, elementOid: part, delimiter: delimiter === ';' ? ';' : ',' }
    case 'domain':
      return { kind, baseOid: part }
    case 'range':
      return { kind, subtypeOid: part }
    case 'multirange':
      return { kind, rangeOid: part }
    case 'composite':
      return { kind, attributes: attributesOf(names, types) }
    default:
      return { kind }
  }
}
