import { boolean, valueOnly, wrongType } from './option-parsers.js'
import { type OptionParser, resolveOptions } from './option-table.js'

/** Where a trace goes: every writable stream of Node.js will do. */
export interface TraceStream {
  write(text: string): unknown
}

/** The option `trace` with all it can say. */
export interface TraceOptions {
  readonly stream: TraceStream
  /** A local time before each line. Default true. */
  readonly timestamps?: boolean | undefined
  /** Leaves out what differs from run to run. Default false. */
  readonly regress?: boolean | undefined
  /** Shows passwords, data of SASL and GSSAPI, and cancel keys. Default false. */
  readonly secrets?: boolean | undefined
}

/** {@link TraceOptions} with every default filled in. */
export type TraceConfig = {
  readonly [K in keyof Required<TraceOptions>]: NonNullable<TraceOptions[K]>
}

const TRACE_OPTIONS = {
  stream: { parse: valueOnly('a writable stream', isStream) },
  timestamps: { parse: boolean(), default: true },
  regress: { parse: boolean(), default: false },
  secrets: { parse: boolean(), default: false },
}

/** The option `trace`: a stream, or {@link TraceOptions}. */
export const trace: OptionParser<TraceConfig> = {
  fromText: (text, place) => {
    throw wrongType(place, 'in an option object', text)
  },
  fromValue: (value, place) => {
    if (isStream(value)) return { stream: value, timestamps: true, regress: false, secrets: false }
    if (typeof value !== 'object' || value === null) {
      throw wrongType(place, 'a writable stream or an object with one', value)
    }
    const { stream, ...style } = resolveOptions(TRACE_OPTIONS, value, {}, `${place.option}.`)
    if (stream === undefined) throw wrongType(place, 'an object with a "stream"', value)
    return { stream, ...style }
  },
}

function isStream(value: unknown): value is TraceStream {
  return (
    typeof value === 'object' &&
    value !== null &&
    'write' in value &&
    typeof value.write === 'function'
  )
}
