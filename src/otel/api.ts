/*
 * What is used of @opentelemetry/api, whose objects fit: declared here, so that the package need not be
 * installed where nobody uses it, in whatever version it is.
 */

/** Names and values that spans and measurements carry. */
export type OtelAttributes = Record<string, string | number | boolean>

/** `Span` of @opentelemetry/api. */
export interface OtelSpan {
  setAttribute(name: string, value: string | number | boolean): unknown
  setAttributes(attributes: OtelAttributes): unknown
  setStatus(status: { code: number }): unknown
  end(): void
}

/** `Tracer` of @opentelemetry/api. */
export interface OtelTracer {
  startSpan(name: string, options?: { kind?: number; attributes?: OtelAttributes }): OtelSpan
}

/** `MetricOptions` of @opentelemetry/api. */
export interface OtelMetricOptions {
  unit?: string
  description?: string
  advice?: { explicitBucketBoundaries?: number[] }
}

/** `Histogram` of @opentelemetry/api. */
export interface OtelHistogram {
  record(value: number, attributes?: OtelAttributes): void
}

/** `BatchObservableResult` of @opentelemetry/api. */
export interface OtelObservation {
  observe(instrument: never, value: number, attributes?: OtelAttributes): void
}

/** `Meter` of @opentelemetry/api. */
export interface OtelMeter {
  createHistogram(name: string, options?: OtelMetricOptions): OtelHistogram
  createObservableUpDownCounter(name: string, options?: OtelMetricOptions): object
  createObservableCounter(name: string, options?: OtelMetricOptions): object
  addBatchObservableCallback(
    callback: (result: OtelObservation) => void,
    instruments: never[],
  ): void
  removeBatchObservableCallback(
    callback: (result: OtelObservation) => void,
    instruments: never[],
  ): void
}
