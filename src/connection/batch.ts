import { type BatchItem, BatchRequest } from '../wire/requests/batch.js'
import { type QueryOptions, rowModeOf, typesOf } from './query-options.js'
import { type QueryResult, wholeResult } from './result.js'
import type { Runner } from './run.js'
import type { Outcome } from './traced-query.js'

type Result = QueryResult<Record<string, unknown>>

/** Runs different statements with one Sync. It is told of as one query, its texts one below the other. */
export function runBatch(
  { run, tell }: Runner,
  items: readonly BatchItem[],
  options: QueryOptions,
): Promise<Result[]> {
  const request = new BatchRequest(items, wholeResult(rowModeOf(options)), typesOf(options))
  const runAll = () => run(request, options) as Promise<Result[]>
  return tell('query', () => traceOf(items), runAll, outcomeOf)
}

function traceOf(items: readonly BatchItem[]): { text: string; parameterCount: number } {
  let parameterCount = 0
  for (const { parameters } of items) parameterCount += parameters.length
  return { text: items.map(({ text }) => text).join(';\n'), parameterCount }
}

function outcomeOf(results: readonly Result[]): Outcome {
  let rowCount = 0
  for (const result of results) rowCount += result.rowCount ?? 0
  return { rowCount, batchSize: results.length }
}
