import type { Pool } from '../pool/pool.js'
import type { OtelMeter, OtelTracer } from './api.js'
import { observePools } from './pool-metrics.js'
import { observeQueries } from './query-telemetry.js'

/** Options of {@link instrument}. What is left out is not made. */
export interface InstrumentationOptions {
  /** Makes a span for each query, of those that a `tracerProvider.getTracer('sluice')` gives. */
  readonly tracer?: OtelTracer
  /** Takes the metrics, such as `metrics.getMeter('sluice')`. */
  readonly meter?: OtelMeter
  /** The pools to measure. Their `name` is `db.client.connection.pool.name`. */
  readonly pools?: readonly Pool[]
  /** Whether spans carry the text of the query, which holds no parameters, but may hold literals. Default true. */
  readonly queryText?: boolean
}

/** What {@link instrument} gives. */
export interface Instrumentation extends Disposable {
  /** Ends the spans and metrics. */
  disable(): void
}

/**
 * Reports to OpenTelemetry by its semantic conventions for databases: spans of queries, the duration of
 * operations, and the state of pools. Nothing is patched, and without it nothing is measured.
 *
 * ```ts
 * import { metrics, trace } from '@opentelemetry/api'
 * import { instrument } from 'sluice/otel'
 *
 * instrument({ tracer: trace.getTracer('sluice'), meter: metrics.getMeter('sluice'), pools: [pool] })
 * ```
 *
 * @see https://opentelemetry.io/docs/specs/semconv/database/
 */
export function instrument(options: InstrumentationOptions): Instrumentation {
  const { tracer, meter, pools = [], queryText = true } = options
  const stops: (() => void)[] = []
  if (tracer !== undefined || meter !== undefined) {
    stops.push(observeQueries(tracer, meter, queryText))
  }
  if (meter !== undefined) stops.push(observePools(meter, pools))
  const disable = () => {
    for (const stop of stops.splice(0)) stop()
  }
  return { disable, [Symbol.dispose]: disable }
}
