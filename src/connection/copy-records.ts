import { InterfaceError } from '../base/errors.js'
import { RecordReader, RecordWriter } from '../types/copy-rows.js'
import type { RecordValues } from '../types/record-values.js'
import type { RowDecoder } from '../types/row-decoder.js'
import { CopyCommand } from '../wire/requests/copy-command.js'
import { CopyInRequest } from '../wire/requests/copy-in.js'
import { CopyOutRequest } from '../wire/requests/copy-out.js'
import type { CommandResult } from '../wire/requests/simple-query.js'
import type { StatementPlan } from '../wire/statement-plan.js'
import { withoutSemicolon } from '../wire/statement-text.js'
import {
  type CopyTableOptions,
  columnList,
  qualifiedName,
  tableName,
  whereClause,
} from './copy-statement.js'
import { feed, firstOf, following, type Source, sourceOf } from './feed.js'
import { type LimitOptions, type QueryOptions, rowModeOf, typesOf } from './query-options.js'
import { RowReader } from './row-reader.js'
import { continued, type Run, type Runner } from './run.js'
import { outcomeOfCommand, unlessLeft } from './traced-query.js'

/** Options of `copyRecordsTo`. */
export interface CopyRecordsOptions extends CopyTableOptions, LimitOptions {
  /** A condition, in SQL and as it is: rows that do not meet it are left out. */
  readonly where?: string
}

/** Rows one after the other, as values in the order of the columns or as objects by their names. */
export type Records = Iterable<RecordValues> | AsyncIterable<RecordValues>

/** So much goes into one message, in bytes: less costs more messages, more only memory. */
const MESSAGE_BYTES = 64 * 1024

/** Copies typed rows into a table. The types are those of its columns, asked for before. */
export async function copyRecordsInto(
  runner: Runner,
  table: string,
  records: Records,
  options: CopyRecordsOptions,
): Promise<CommandResult> {
  const source = sourceOf(records, 'the rows')
  const limits = runner.limitsOf(options)
  const next = firstOf(source, limits)
  // A source that has its first row at once keeps the place of the call among those around it.
  const first = 'then' in next ? await next : next
  return copyRecordsOfSource(continued(runner, limits), table, first, source, options)
}

/** As {@link copyRecordsInto}, for a source whose first row was taken. */
export function copyRecordsOfSource(
  { run, tell }: Runner,
  table: string,
  first: IteratorResult<RecordValues>,
  rest: Source<RecordValues>,
  options: CopyRecordsOptions,
): Promise<CommandResult> {
  const target = tableName(table, options)
  const condition = whereClause(options.where)
  const newTrace = () => ({ text: `COPY ${target} FROM STDIN${condition}`, parameterCount: 0 })
  const runAll = () => feedRecords(run, table, first, rest, options)
  return tell('copy', newTrace, runAll, outcomeOfCommand)
}

async function feedRecords(
  run: Run,
  table: string,
  first: IteratorResult<RecordValues>,
  rest: Source<RecordValues>,
  options: CopyRecordsOptions,
): Promise<CommandResult> {
  const { columns, schemaName, where } = options
  const list = columns === undefined ? '*' : columnList(columns)
  const described = `select ${list} from ${qualifiedName(table, schemaName)} limit 0`
  const condition = whereClause(where)
  let writer: RecordWriter | undefined
  const command = CopyCommand.describing(described, (plan) => {
    writer = new RecordWriter(plan.columns, first.done === true ? undefined : first.value)
    return `COPY ${tableName(table, options)} FROM STDIN WITH (FORMAT ${writer.format})${condition}`
  })
  const request = new CopyInRequest(command)
  const result = run(request, options)
  await feed(
    following(first, rest),
    request,
    (row) => {
      if (writer === undefined) return
      writer.write(row)
      if (writer.data.length >= MESSAGE_BYTES) request.addAll(writer.data)
    },
    () => {
      if (writer === undefined) return
      writer.end()
      request.addAll(writer.data)
    },
  )
  return result
}

/** Copies the rows of a query out, typed as those of `fetch`. */
export function copyRecordsOf<Row>(
  { run, tell }: Runner,
  query: string,
  options: QueryOptions,
): RowReader<Row> {
  const mode = rowModeOf(options)
  const types = typesOf(options)
  return new RowReader(() => {
    const reader = new RecordReader<Row>()
    const command = CopyCommand.describing(
      query,
      (plan) => {
        const decoder = mode === 'array' ? plan.arrayDecoder : plan.objectDecoder
        reader.decoder = decoder as RowDecoder<Row>
        return `COPY (${copiedQuery(query, plan)}) TO STDOUT WITH (FORMAT binary)`
      },
      types,
    )
    const request = new CopyOutRequest(command, reader)
    const newTrace = () => ({ text: `COPY (${query}) TO STDOUT`, parameterCount: 0 })
    const runAll = () => unlessLeft(run(request, options))
    tell('copy', newTrace, runAll, outcomeOfCommand).catch(() => {})
    return request
  })
}

/**
 * The query; values of types that are read as text here become text on the server, as binary COPY knows no other.
 *
 * A cast to text would give another one for some types: `true` for a bool, an inet with its netmask, no blanks
 * at the end of a char(n). `format` gives what a result in text has, but for NULL.
 */
function copiedQuery(query: string, { columns }: StatementPlan): string {
  const bare = `${withoutSemicolon(query)}\n`
  if (columns.length === 0) {
    throw new InterfaceError('the query gives no columns that could be copied')
  }
  if (columns.every(({ format }) => format === 1)) return bare
  const names = columns.map((_, i) => `c${i}`)
  const values = columns.map(({ format }, i) =>
    format === 1
      ? names[i]
      : `CASE WHEN c${i} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', c${i}) END`,
  )
  return `SELECT ${values.join(', ')} FROM (${bare}) AS q (${names.join(', ')})`
}
