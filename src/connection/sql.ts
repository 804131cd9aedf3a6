import { jsonText } from '../types/codecs/json-text.js'
import { quoteIdentifier } from './quote.js'

/**
 * A query, or a part of one, with the values of its parameters. Made by {@link sql} alone: nothing that
 * comes from outside, such as JSON, can pass for one.
 */
export class Sql {
  /** Text between the parameters: one piece more than there are values. */
  readonly #pieces: readonly string[]
  readonly #values: readonly unknown[]
  #text: string | undefined

  /** @internal */
  constructor(pieces: readonly string[], values: readonly unknown[], text?: string) {
    this.#pieces = pieces
    this.#values = values
    this.#text = text
  }

  /** The text, with `$1`, `$2`, … for the values. */
  get text(): string {
    this.#text ??= numbered(this.#pieces)
    return this.#text
  }

  /** The values, in the order of their numbers. */
  get values(): readonly unknown[] {
    return this.#values
  }

  /** @internal */
  static is(value: unknown): value is Sql {
    return typeof value === 'object' && value !== null && #pieces in value
  }

  /** @internal Texts and, between them, values or parts, as one. */
  static compose(texts: readonly string[], parts: readonly unknown[]): Sql {
    const pieces: string[] = []
    const values: unknown[] = []
    let piece = texts[0] ?? ''
    parts.forEach((part, i) => {
      if (Sql.is(part)) {
        const [first = '', ...rest] = part.#pieces
        piece += first
        for (const next of rest) {
          pieces.push(piece)
          piece = next
        }
        values.push(...part.#values)
      } else {
        pieces.push(piece)
        values.push(part)
        piece = ''
      }
      piece += texts[i + 1] ?? ''
    })
    pieces.push(piece)
    return new Sql(pieces, values)
  }
}

/** The tag, and what makes parts that are no values. */
export interface SqlTag {
  /**
   * A query whose interpolated values become parameters, always: their text never becomes SQL. Values
   * that are {@link Sql} themselves become parts of it.
   *
   * ```ts
   * const active = sql`deleted_at is null`
   * await conn.fetch(sql`select * from users where ${active} and id = ${id}`)
   * ```
   */
  (strings: TemplateStringsArray, ...values: readonly unknown[]): Sql
  /** A quoted name; of several, those of a schema, a table, a column, with dots between. */
  identifier(...names: readonly string[]): Sql
  /** Values or parts in a row, `, ` or the separator between them: `` sql`id in (${sql.join(ids)})` ``. */
  join(parts: Iterable<unknown>, separator?: Sql): Sql
  /** An array as one parameter, cast to an array of `type` if that is given: `` sql`id = any(${sql.array(ids, 'int4')})` ``. */
  array(values: readonly unknown[], type?: string): Sql
  /** A value as one parameter of type jsonb; null is the null of JSON, not NULL. */
  json(value: unknown): Sql
}

/** Texts of templates without parts, so that a template that is used again is not put together again. */
const texts = new WeakMap<TemplateStringsArray, string>()

/** Builds queries of templates: see {@link SqlTag}. */
export const sql: SqlTag = Object.assign(tag, { identifier, join, array, json })

/**
 * The text and the parameters of a query given either way.
 *
 * @throws {TypeError} when an argument is of the wrong kind, or parameters come with an {@link Sql}
 */
export function readQuery(
  query: string | Sql,
  params: readonly unknown[] | undefined,
): [text: string, params: readonly unknown[]] {
  if (Sql.is(query)) {
    if (params !== undefined && !(Array.isArray(params) && params.length === 0)) {
      throw new TypeError('a query made by sql`…` has its parameters in it and takes no others')
    }
    return [query.text, query.values]
  }
  if (typeof query !== 'string') {
    throw new TypeError('the query must be a string, or made by sql`…`')
  }
  if (params !== undefined && !Array.isArray(params)) {
    throw new TypeError('the parameters of a query must be an array, such as [id] for $1')
  }
  return [query, params ?? []]
}

/**
 * The text of a query that takes no parameters here, or those of many rows.
 *
 * @throws {TypeError} when it is of the wrong kind, or an {@link Sql} with values
 */
export function readText(query: string | Sql): string {
  const [text, values] = readQuery(query, undefined)
  if (values.length === 0) return text
  throw new TypeError('a query without parameters is needed; this one has some in it')
}

function tag(strings: TemplateStringsArray, ...values: readonly unknown[]): Sql {
  // A call with an array that came from outside would make SQL of it; only templates have `raw`.
  if (!Array.isArray(strings) || !Array.isArray(strings.raw) || !Object.isFrozen(strings)) {
    throw new TypeError('sql is a tag of templates: sql`…`')
  }
  if (strings.some((each) => each === undefined)) {
    throw new TypeError('the template has a backslash that JavaScript cannot read; write \\\\')
  }
  if (values.some(Sql.is)) return Sql.compose(strings, values)
  const known = texts.get(strings) ?? numbered(strings)
  texts.set(strings, known)
  return new Sql(strings, values, known)
}

function identifier(...names: readonly string[]): Sql {
  if (names.length === 0) throw new TypeError('sql.identifier needs a name')
  for (const name of names) {
    if (typeof name !== 'string') throw new TypeError('a name must be a string')
    if (name === '') throw new TypeError('a name cannot be empty')
    if (name.includes('\0')) throw new TypeError('a name cannot contain NUL')
  }
  return new Sql([names.map(quoteIdentifier).join('.')], [])
}

function join(parts: Iterable<unknown>, separator: Sql = comma): Sql {
  if (typeof parts === 'string') throw new TypeError('sql.join takes a list, not a string')
  if (!Sql.is(separator)) throw new TypeError('the separator of sql.join must be made by sql`…`')
  const list = [...parts]
  if (list.length === 0) throw new TypeError('sql.join was given nothing to join')
  const all = list.flatMap((part, i) => (i === 0 ? [part] : [separator, part]))
  return Sql.compose(
    Array.from({ length: all.length + 1 }, () => ''),
    all,
  )
}

function array(values: readonly unknown[], type?: string): Sql {
  if (!Array.isArray(values)) throw new TypeError('sql.array takes an array')
  return new Sql(['', type === undefined ? '' : `::${typeText(type)}[]`], [values])
}

function json(value: unknown): Sql {
  return new Sql(['', '::text::jsonb'], [jsonText('jsonb', value)])
}

/** Names of types that are several words. */
const LONG_TYPES: ReadonlySet<string> = new Set([
  'double precision',
  'character varying',
  'bit varying',
  'timestamp with time zone',
  'timestamp without time zone',
  'time with time zone',
  'time without time zone',
])

function typeText(type: string): string {
  if (LONG_TYPES.has(type) || /^[a-z_]\w*(\.[a-z_]\w*)?$/i.test(type)) return type
  throw new TypeError('the type of sql.array must be the name of a type, such as "int4"')
}

function numbered(pieces: readonly string[]): string {
  let text = pieces[0] ?? ''
  for (let i = 1; i < pieces.length; i++) text += `$${i}${pieces[i]}`
  return text
}

const comma = new Sql([', '], [])
