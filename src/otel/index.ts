export type {
  OtelAttributes,
  OtelHistogram,
  OtelMeter,
  OtelMetricOptions,
  OtelObservation,
  OtelSpan,
  OtelTracer,
} from './api.js'
export type { Instrumentation, InstrumentationOptions } from './instrument.js'
export { instrument } from './instrument.js'
