import { channels, type QueryTrace, traced } from '../base/telemetry.js'
import { parseCommandTag } from '../protocol/command-tag.js'

/** A request that can be told of. */
export interface TraceableRequest<T> {
  readonly promise: Promise<T>
  readonly text: string
  readonly parameterCount: number
  /** The command tag, once it is over. */
  readonly tag: string
}

/** Submits a query, and publishes it on the channel of queries. */
export function tracedQuery<T>(request: TraceableRequest<T>, submit: () => void): Promise<T> {
  const { text, parameterCount } = request
  const context: QueryTrace = { text, parameterCount }
  return traced(
    channels.query,
    context,
    () => {
      submit()
      return request.promise
    },
    () => {
      if (request.tag === '') return
      const { command, rowCount } = parseCommandTag(request.tag)
      context.command = command
      context.rowCount = rowCount
    },
  )
}
