import { EncodeError } from '../base/errors.js'
import type { RecordValues } from '../types/record-values.js'
import { DomainLeftOutError, TableRows } from '../types/table-rows.js'
import { TypeMap } from '../types/type-map.js'
import { ExecuteManyRequest } from '../wire/requests/execute-many.js'
import { QueryRequest } from '../wire/requests/query.js'
import type { CommandResult } from '../wire/requests/simple-query.js'
import type { ChooseDecoder } from '../wire/requests/stream.js'
import { copyRecordsOfSource, type Records } from './copy-records.js'
import { columnList, qualifiedName } from './copy-statement.js'
import { ArrayItems, feed, firstOf, following, type Source, sourceOf } from './feed.js'
import { outcomeOfMany } from './many.js'
import type { LimitOptions } from './query-options.js'
import { quoteIdentifier } from './quote.js'
import { commandOnly } from './result.js'
import { continued, type Runner } from './run.js'
import { outcomeOfCommand } from './traced-query.js'

/** Options of `insertMany`. */
export interface InsertManyOptions extends LimitOptions {
  /** The columns, in the order of the rows. Default: those that the first row names, or all of the table for rows that are arrays. */
  readonly columns?: readonly string[]
  /** The schema of the table. Default: where the search path finds it. */
  readonly schemaName?: string
  /** Columns to give back of each row that was inserted or updated; `*` for all. */
  readonly returning?: readonly string[] | '*'
  /**
   * What to do with a row that is there already: `nothing` leaves it, whatever constraint it meets; with
   * `columns`, those of a unique index, `update` are set to the new values, by default all others.
   */
  readonly onConflict?:
    | 'nothing'
    | { readonly columns: readonly string[]; readonly update?: readonly string[] }
}

/** What `insertMany` did. */
export interface InsertManyResult<Row> {
  /** What `returning` asked for, in the order of the rows given. */
  readonly rows: Row[]
  /** Rows that were inserted or updated. */
  readonly rowCount: number
}

/**
 * So many rows go as one parameter. COPY costs the server more at its start and less for each row, and
 * takes rows while they come.
 */
const MAX_ROWS_AT_ONCE = 2_000

/** Inserts rows in the fastest way that does what is asked for; see {@link BulkQueryable.insertMany}. */
export async function insertMany<Row>(
  caller: Runner,
  table: string,
  records: Records,
  options: InsertManyOptions,
  chooseDecoder: ChooseDecoder<unknown>,
): Promise<InsertManyResult<Row>> {
  const { returning, onConflict, schemaName, ...limits } = options
  const source = sourceOf(records, 'the rows')
  const inAll = caller.limitsOf(limits)
  const next = firstOf(source, inAll)
  const first = 'then' in next ? await next : next
  const runner = 'then' in next ? continued(caller, inAll) : caller
  if (first.done === true) return { rows: [], rowCount: 0 }
  const columns = options.columns ?? columnsOf(first.value)
  let rest = source
  let overriding = ''
  if (returning === undefined && onConflict === undefined) {
    const target = {
      ...limits,
      ...(schemaName !== undefined && { schemaName }),
      ...(columns !== undefined && { columns }),
    }
    const isAsync = 'then' in next
    const rows = isAsync ? [first.value] : firstRows(first.value, source as Iterator<RecordValues>)
    const isWhole = !isAsync && rows.length <= MAX_ROWS_AT_ONCE
    const isAtOnce = isWhole && runner.usesStatements && hasRowType(table, schemaName)
    rest = behind(rows, source)
    const result = isAtOnce
      ? await insertAtOnce(runner, table, rows, target)
      : await copyRecordsOfSource(runner, table, first, rest, target)
    if (result !== undefined) return { rows: [], rowCount: result.rowCount ?? 0 }
    overriding = ' overriding system value'
  }
  const width = columns?.length ?? (first.value as readonly unknown[]).length
  const list = columns === undefined ? '' : ` (${columnList(columns)})`
  const values = Array.from({ length: width }, (_, i) => `$${i + 1}`).join(', ')
  const text =
    `insert into ${qualifiedName(table, schemaName)}${list}${overriding} values (${values})` +
    conflictClause(onConflict, columns) +
    returningClause(returning)
  const request = new ExecuteManyRequest(text, returning === undefined ? undefined : chooseDecoder)
  const runAll = async () => {
    const result = runner.run(request, limits)
    let index = 0
    await feed(following(first, rest), request, (row) => {
      request.add(valuesOf(row, columns, index))
      index += 1
    })
    return result
  }
  const newTrace = () => ({ text, parameterCount: 0 })
  const { rows, rowCount } = await runner.tell('query', newTrace, runAll, outcomeOfMany)
  return { rows: rows as Row[], rowCount }
}

/** The first row and those behind it, one more than go at once if there are. */
function firstRows(first: RecordValues, rest: Iterator<RecordValues>): RecordValues[] {
  const rows = [first]
  while (rows.length <= MAX_ROWS_AT_ONCE) {
    const next = rest.next()
    if (next.done === true) break
    rows.push(next.value)
  }
  return rows
}

/** The source of what comes behind the first of `rows`, which were taken from it. */
function behind(rows: readonly RecordValues[], source: Source<RecordValues>): Source<RecordValues> {
  if (source instanceof ArrayItems) {
    source.at = 1
    return source
  }
  let at = 1
  const next = () =>
    at < rows.length ? { done: false, value: rows[at++] as RecordValues } : source.next()
  // Of either kind, as the source is.
  return { next, return: () => source.return?.() } as Source<RecordValues>
}

/** Whether the name of a table means the type of its rows, too: a type that is built in goes before it. */
function hasRowType(table: string, schemaName: string | undefined): boolean {
  return schemaName !== undefined || TypeMap.builtin.find(table) === undefined
}

/**
 * Inserts rows as an array of the type of the table's rows: so they are read as binary values, columns
 * of any type among them, and the types of the columns need not be asked for before. Gives undefined, with
 * nothing inserted, if they cannot be: see {@link DomainLeftOutError}.
 */
async function insertAtOnce(
  { run, tell }: Runner,
  table: string,
  rows: readonly RecordValues[],
  options: LimitOptions & Pick<InsertManyOptions, 'columns' | 'schemaName'>,
): Promise<CommandResult | undefined> {
  const { columns, schemaName } = options
  const target = qualifiedName(table, schemaName)
  const list = columns === undefined ? undefined : columnList(columns)
  // A column that is always generated as an identity takes what COPY would put there.
  const text =
    `insert into ${target}${list === undefined ? '' : ` (${list})`} overriding system value ` +
    `select ${list ?? 'r.*'} from pg_catalog.unnest($1::${target}[]) as r`
  const newTrace = () => ({ text, parameterCount: 1 })
  const request = new QueryRequest(text, [new TableRows(rows, columns)], commandOnly)
  const runAll = () => run(request, options).catch(unlessDomainLeftOut)
  try {
    return await tell('query', newTrace, runAll, outcomeOfCommand)
  } catch (error) {
    const isOfRow = error instanceof EncodeError && error.cause instanceof EncodeError
    // That all rows are one parameter is no concern of the caller.
    throw isOfRow && (error.cause as EncodeError).row !== undefined ? error.cause : error
  }
}

function unlessDomainLeftOut(error: unknown): undefined {
  if (error instanceof EncodeError && error.cause instanceof DomainLeftOutError) return undefined
  throw error
}

function columnsOf(row: RecordValues): readonly string[] | undefined {
  return typeof row === 'object' && row !== null && !Array.isArray(row)
    ? Object.keys(row)
    : undefined
}

/** A row as parameters. */
function valuesOf(
  row: RecordValues,
  columns: readonly string[] | undefined,
  index: number,
): readonly unknown[] {
  if (Array.isArray(row)) return row
  if (typeof row !== 'object' || row === null || columns === undefined) {
    throw new EncodeError(`row ${index} is not an array, or an object whose columns are known`, {
      row: index,
    })
  }
  const values = row as { readonly [column: string]: unknown }
  return columns.map((column) => values[column])
}

function conflictClause(
  onConflict: InsertManyOptions['onConflict'],
  columns: readonly string[] | undefined,
): string {
  if (onConflict === undefined) return ''
  if (onConflict === 'nothing') return ' on conflict do nothing'
  if (typeof onConflict !== 'object' || onConflict === null) {
    throw new TypeError('the option "onConflict" must be "nothing" or { columns, update }')
  }
  const target = columnList(onConflict.columns, 'onConflict.columns')
  const keys = new Set(onConflict.columns)
  const update = onConflict.update ?? columns?.filter((column) => !keys.has(column)) ?? []
  if (update.length === 0) return ` on conflict (${target}) do nothing`
  columnList(update, 'onConflict.update')
  const set = update.map(quoteIdentifier).map((name) => `${name} = excluded.${name}`)
  return ` on conflict (${target}) do update set ${set.join(', ')}`
}

function returningClause(returning: InsertManyOptions['returning']): string {
  if (returning === undefined) return ''
  return ` returning ${returning === '*' ? '*' : columnList(returning, 'returning')}`
}
