import { channels, type QueryListener, type QueryTrace, traced } from '../base/telemetry.js'
import { type CommandTag, parseCommandTag } from '../protocol/command-tag.js'
import { ReaderLeftError } from '../wire/reader-left-error.js'

/** A request that can be told of. */
export interface TraceableRequest<T> {
  readonly promise: Promise<T>
  readonly text: string
  readonly parameterCount: number
  /** The command tag, once it is over. */
  readonly tag: string
}

/** What is told of an operation when it is over. */
export type Outcome = Pick<QueryTrace, 'command' | 'rowCount' | 'batchSize'>

/**
 * Runs an operation, and tells of it whoever wants to know: the channel, and the listener of the
 * connection or pool. Where nobody does it runs, and that is all.
 *
 * @param newTrace what is told of it at its start
 * @param outcomeOf what is told of its result
 */
export type Tell = <T>(
  channel: 'query' | 'copy',
  newTrace: () => Pick<QueryTrace, 'text' | 'parameterCount'>,
  run: () => Promise<T>,
  outcomeOf: (result: T) => Outcome,
) => Promise<T>

/** Submits a query, and publishes it on the channel of queries. */
export function tracedQuery<T>(
  request: TraceableRequest<T>,
  submit: () => void,
  listener: QueryListener | undefined,
): Promise<T> {
  const { text, parameterCount } = request
  const context: QueryTrace = { text, parameterCount }
  return traced(
    channels.query,
    context,
    () => {
      submit()
      return request.promise
    },
    () => Object.assign(context, outcomeOfTag(request.tag)),
    listener,
  )
}

/** Runs an operation that may consist of several requests, and publishes it. See {@link Tell}. */
export function tracedOperation<T>(
  channel: 'query' | 'copy',
  context: QueryTrace,
  run: () => Promise<T>,
  outcomeOf: (result: T) => Outcome,
  listener: QueryListener | undefined,
): Promise<T> {
  return traced(
    channels[channel],
    context,
    run,
    (_, result) => Object.assign(context, outcomeOf(result)),
    listener,
  )
}

/** What a tag tells; nothing if there is none, as when fewer rows were fetched than there are. */
export function outcomeOfTag(tag: string): Outcome {
  return tag === '' ? {} : outcomeOfCommand(parseCommandTag(tag))
}

/** What the result of a command tells; nothing if there is none. */
export function outcomeOfCommand(result: CommandTag | undefined): Outcome {
  return result === undefined ? {} : { command: result.command, rowCount: result.rowCount }
}

/** Settles as `result` does; without a result when whoever read it has left, which is no failure. */
export function unlessLeft<T>(result: Promise<T>): Promise<T | undefined> {
  return result.catch((error: unknown) => {
    if (error instanceof ReaderLeftError) return undefined
    throw error
  })
}
