import { InterfaceError } from '../base/errors.js'
import { withoutSemicolon } from '../wire/statement-text.js'
import type { LimitOptions } from './query-options.js'
import { quoteIdentifier, quoteLiteral } from './quote.js'
import { readText, Sql } from './sql.js'

/** The formats of COPY data. */
export type CopyFormat = 'text' | 'csv' | 'binary'

/** Which table and columns a COPY is about. */
export interface CopyTableOptions {
  /** The columns, in the order of the data. Default: all of the table. */
  readonly columns?: readonly string[]
  /** The schema of the table. Default: where the search path finds it. */
  readonly schemaName?: string
}

/** How the data look, for both directions. What is not given is the server's default. */
export interface CopyFormatOptions extends CopyTableOptions, LimitOptions {
  /** Default `text`. */
  readonly format?: CopyFormat
  /** Between values, one byte. Default: tab, or comma for csv. */
  readonly delimiter?: string
  /** What stands for NULL. Default `\N`, or nothing for csv. */
  readonly null?: string
  /** Whether the first line names the columns; `match` checks it on the way in. */
  readonly header?: boolean | 'match'
  /** Around values of csv, one byte. Default `"`. */
  readonly quote?: string
  /** Before a quote within a value of csv, one byte. Default: the quote. */
  readonly escape?: string
  /** UTF8 is the only one. */
  readonly encoding?: 'UTF8' | 'utf8' | 'utf-8' | 'UTF-8'
}

/** Options of a COPY out of the database. */
export interface CopyToOptions extends CopyFormatOptions {
  /** Columns whose values are always quoted in csv; true for all. */
  readonly forceQuote?: readonly string[] | true
}

/** Options of a COPY into a table. */
export interface CopyFromOptions extends CopyFormatOptions {
  /** Columns in which csv's NULL is an empty text when unquoted; true for all (PostgreSQL 17). */
  readonly forceNotNull?: readonly string[] | true
  /** Columns in which csv's NULL is NULL even when quoted; true for all (PostgreSQL 17). */
  readonly forceNull?: readonly string[] | true
  /** Writes the rows as already frozen; the table must be made or truncated in the same transaction. */
  readonly freeze?: boolean
  /** A condition, in SQL and as it is: rows that do not meet it are left out. */
  readonly where?: string
}

/** ` WHERE (…)`, or nothing. */
export function whereClause(where: string | undefined): string {
  // The line break ends a comment at the end of the condition.
  return where === undefined ? '' : ` WHERE (${text('where', where)}\n)`
}

/** A query whose result is copied, in the place of a table. */
export interface CopyQuery {
  readonly query: string
}

/** What no table is called, and a query begins with. */
const QUERY = /^\s*(?:select|with|values|table|insert|update|delete|merge|copy)\s/i

const FORMATS: readonly unknown[] = ['text', 'csv', 'binary']
const ENCODINGS: readonly unknown[] = ['UTF8', 'utf8', 'utf-8', 'UTF-8']

/** `COPY … TO STDOUT`. @throws {TypeError} if an option is of the wrong kind or unknown. */
export function copyToStatement(target: string | CopyQuery | Sql, options: CopyToOptions): string {
  checkKeys(options, ['forceQuote'])
  if (typeof target !== 'string') {
    if (options.columns !== undefined || options.schemaName !== undefined) {
      throw new InterfaceError('the options "columns" and "schemaName" are for tables, not queries')
    }
    return `COPY (${bare(Sql.is(target) ? readText(target) : target.query)}\n) TO STDOUT${withClause(options, forceQuoteOption(options))}`
  }
  if (QUERY.test(target) && options.schemaName === undefined) {
    throw new InterfaceError('a string is the name of a table; a query is given as { query }')
  }
  return `COPY ${tableName(target, options)} TO STDOUT${withClause(options, forceQuoteOption(options))}`
}

/** `COPY … FROM STDIN`. @throws {TypeError} if an option is of the wrong kind or unknown. */
export function copyFromStatement(table: string, options: CopyFromOptions): string {
  checkKeys(options, ['forceNotNull', 'forceNull', 'freeze', 'where'])
  const more = [
    ...columnsOption('FORCE_NOT_NULL', 'forceNotNull', options.forceNotNull),
    ...columnsOption('FORCE_NULL', 'forceNull', options.forceNull),
    ...(flag('freeze', options.freeze) ? ['FREEZE true'] : []),
  ]
  return `COPY ${tableName(table, options)} FROM STDIN${withClause(options, more)}${whereClause(options.where)}`
}

/** The quoted name of a table, and its columns in parentheses if they are given. */
export function tableName(table: string, options: CopyTableOptions): string {
  const { schemaName, columns } = options
  const name = qualifiedName(table, schemaName)
  return columns === undefined ? name : `${name} (${columnList(columns)})`
}

/** The quoted name of a table. */
export function qualifiedName(table: string, schemaName: string | undefined): string {
  if (typeof table !== 'string') throw new TypeError('the name of the table must be a string')
  if (schemaName === undefined) return quoteIdentifier(table)
  return `${quoteIdentifier(text('schemaName', schemaName))}.${quoteIdentifier(table)}`
}

/** Quoted names with commas between. */
export function columnList(columns: readonly string[], option = 'columns'): string {
  if (!Array.isArray(columns) || columns.some((column) => typeof column !== 'string')) {
    throw new TypeError(`the option "${option}" must be an array of names`)
  }
  if (columns.length === 0) throw new TypeError(`the option "${option}" names no column`)
  return columns.map(quoteIdentifier).join(', ')
}

function withClause(options: CopyFormatOptions, more: readonly string[]): string {
  const { format, header, encoding } = options
  if (format !== undefined && !FORMATS.includes(format)) {
    throw new TypeError('the option "format" must be "text", "csv" or "binary"')
  }
  if (encoding !== undefined && !ENCODINGS.includes(encoding)) {
    throw new TypeError('the option "encoding" must be "UTF8"')
  }
  const parts = [
    ...(format === undefined ? [] : [`FORMAT ${format}`]),
    ...literalOption('DELIMITER', 'delimiter', options.delimiter),
    ...literalOption('NULL', 'null', options.null),
    ...(header === 'match' ? ['HEADER match'] : flag('header', header) ? ['HEADER true'] : []),
    ...literalOption('QUOTE', 'quote', options.quote),
    ...literalOption('ESCAPE', 'escape', options.escape),
    ...more,
  ]
  return parts.length === 0 ? '' : ` WITH (${parts.join(', ')})`
}

function forceQuoteOption({ forceQuote }: CopyToOptions): string[] {
  return columnsOption('FORCE_QUOTE', 'forceQuote', forceQuote)
}

function columnsOption(
  word: string,
  option: string,
  columns: readonly string[] | true | undefined,
): string[] {
  if (columns === undefined) return []
  return [columns === true ? `${word} *` : `${word} (${columnList(columns, option)})`]
}

function literalOption(word: string, option: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${word} ${quoteLiteral(text(option, value))}`]
}

function flag(option: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    throw new TypeError(`the option "${option}" must be true or false`)
  }
  return value === true
}

function text(option: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`the option "${option}" must be a string`)
  return value
}

/** Without the semicolon that could end it and a comment that would swallow what follows. */
function bare(query: unknown): string {
  if (typeof query !== 'string') throw new TypeError('the query must be a string')
  return withoutSemicolon(query)
}

const COMMON_KEYS = [
  'columns',
  'schemaName',
  'format',
  'delimiter',
  'null',
  'header',
  'quote',
  'escape',
  'encoding',
  'signal',
  'timeout',
]

function checkKeys(options: object, more: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (COMMON_KEYS.includes(key) || more.includes(key)) continue
    throw new TypeError(`COPY has no option "${key}" in this direction`)
  }
}
