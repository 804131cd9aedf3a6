import { PostgresError } from '../base/errors.js'
import { channels, type QueryTrace } from '../base/telemetry.js'
import type { OtelAttributes, OtelMeter, OtelSpan, OtelTracer } from './api.js'

/** Values of enums of @opentelemetry/api, which is not loaded. */
const SPAN_KIND_CLIENT = 2
const STATUS_ERROR = 2

/** Bounds of durations that the semantic conventions advise, in s. */
export const DURATION_BOUNDS: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** Makes a span and a duration of each query. Gives what ends that. */
export function observeQueries(
  tracer: OtelTracer | undefined,
  meter: OtelMeter | undefined,
  withText: boolean,
): () => void {
  const spans = new WeakMap<QueryTrace, OtelSpan>()
  const duration = meter?.createHistogram('db.client.operation.duration', {
    unit: 's',
    description: 'Duration of database client operations.',
    advice: { explicitBucketBoundaries: [...DURATION_BOUNDS] },
  })
  const onStart = (message: unknown) => {
    if (tracer === undefined) return
    const trace = message as QueryTrace
    const operation = operationOf(trace)
    const attributes: OtelAttributes = {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      ...(withText && { 'db.query.text': trace.text }),
    }
    spans.set(trace, tracer.startSpan(operation, { kind: SPAN_KIND_CLIENT, attributes }))
  }
  const onEnd = (message: unknown) => {
    const trace = message as QueryTrace
    const failure = failureOf(trace.error)
    const attributes = {
      'db.system.name': 'postgresql',
      'db.operation.name': operationOf(trace),
      ...failure,
    }
    if (trace.duration !== undefined) duration?.record(trace.duration / 1000, attributes)
    const span = spans.get(trace)
    if (span === undefined) return
    span.setAttributes(failure)
    if (typeof trace.rowCount === 'number') {
      span.setAttribute('db.response.returned_rows', trace.rowCount)
    }
    if (trace.error !== undefined) span.setStatus({ code: STATUS_ERROR })
    span.end()
  }
  channels.query.start.subscribe(onStart)
  channels.query.asyncEnd.subscribe(onEnd)
  return () => {
    channels.query.start.unsubscribe(onStart)
    channels.query.asyncEnd.unsubscribe(onEnd)
  }
}

/** The first word of the text, of which there are few. */
function operationOf({ text }: QueryTrace): string {
  return /^[\s(]*([a-z]+)/i.exec(text)?.[1]?.toUpperCase() ?? 'QUERY'
}

function failureOf(error: unknown): OtelAttributes {
  if (error === undefined) return {}
  if (error instanceof PostgresError) {
    return { 'error.type': error.code, 'db.response.status_code': error.code }
  }
  // The reason of a signal is whatever its owner gave.
  const code = (error as { code?: unknown } | null)?.code
  return { 'error.type': typeof code === 'string' ? code : 'Error' }
}
