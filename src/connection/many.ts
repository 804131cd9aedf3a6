import { ExecuteManyRequest, type ExecuteManyResult } from '../wire/requests/execute-many.js'
import type { ChooseDecoder } from '../wire/requests/stream.js'
import { feed, sourceOf } from './feed.js'
import type { LimitOptions } from './query-options.js'
import type { Run } from './run.js'

/** Rows of parameters, one after the other. */
export type ParameterRows = Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>

/** Runs a statement once for each row of parameters. */
export async function executeMany(
  run: Run,
  query: string,
  rows: ParameterRows,
  options: LimitOptions,
  chooseDecoder?: ChooseDecoder<unknown>,
): Promise<ExecuteManyResult> {
  const source = sourceOf(rows, 'the rows of parameters')
  const request = new ExecuteManyRequest(query, chooseDecoder)
  const result = run(request, options)
  await feed(source, request, (parameters) => {
    if (!Array.isArray(parameters)) {
      throw new TypeError('each row of parameters must be an array, such as [id] for $1')
    }
    request.add(parameters)
  })
  return result
}
