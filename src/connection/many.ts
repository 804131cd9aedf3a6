import { ExecuteManyRequest, type ExecuteManyResult } from '../wire/requests/execute-many.js'
import type { ChooseDecoder } from '../wire/requests/stream.js'
import { type StatementSource, textOf } from '../wire/statement-handle.js'
import { ArrayItems, feed, type Source, sourceOf } from './feed.js'
import { type LimitOptions, type QueryOptions, typesOf } from './query-options.js'
import type { Run, Runner } from './run.js'
import type { Outcome } from './traced-query.js'

/** Rows of parameters, one after the other. */
export type ParameterRows = Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>

/** What an {@link Connection.executemany} did. */
export interface ManyResult {
  /** The command, such as `INSERT`; empty when there was nothing to run. */
  readonly command: string
  /** Rows affected by all of it. */
  readonly rowCount: number
}

/** What counts for all rows of parameters. */
type ManyOptions = LimitOptions & Pick<QueryOptions, 'types'>

/** Runs a statement once for each row of parameters. */
export function executeMany(
  { run, tell }: Runner,
  statement: StatementSource,
  rows: ParameterRows,
  options: ManyOptions,
  chooseDecoder?: ChooseDecoder<unknown>,
): Promise<ExecuteManyResult> {
  const source = sourceOf(rows, 'the rows of parameters')
  const runAll = () => feedRows(run, statement, source, options, chooseDecoder)
  return tell(
    'query',
    () => ({ text: textOf(statement), parameterCount: 0 }),
    runAll,
    outcomeOfMany,
  )
}

/** What is told of a statement that was run many times. */
export function outcomeOfMany({ command, rowCount, batchSize }: ExecuteManyResult): Outcome {
  return { command, rowCount, batchSize }
}

async function feedRows(
  run: Run,
  statement: StatementSource,
  source: Source<readonly unknown[]>,
  options: ManyOptions,
  chooseDecoder: ChooseDecoder<unknown> | undefined,
): Promise<ExecuteManyResult> {
  const all = source instanceof ArrayItems ? source.items : undefined
  const request = new ExecuteManyRequest(statement, chooseDecoder, typesOf(options), all)
  const result = run(request, options)
  await feed(source, request, (parameters) => {
    if (!Array.isArray(parameters)) {
      throw new TypeError('each row of parameters must be an array, such as [id] for $1')
    }
    request.add(parameters)
  })
  return result
}
