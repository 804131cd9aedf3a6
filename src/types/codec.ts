import type { MessageWriter } from '../protocol/message-writer.js'

/**
 * How values of one PostgreSQL type become JavaScript values and back.
 *
 * Decoders get a window `[start, end)` of a buffer that is valid only during the call: what they keep
 * they copy. They read nothing outside the window and throw {@link DecodeError} when its content is
 * not a value of the type. NULL never reaches a codec.
 *
 * Encoders append the value, without its length, to `out`. They throw {@link EncodeError}, with the
 * name of the type and the kind of the value but never the value itself.
 */
export interface Codec<T = unknown> {
  /** `pg_type.typname`, for messages and for overrides by name. */
  readonly name: string
  readonly decodeText: (buf: Buffer, start: number, end: number) => T
  /** Absent: results of the type are asked for as text. */
  readonly decodeBinary?: (buf: Buffer, start: number, end: number) => T
  readonly encodeText: (value: unknown, out: MessageWriter) => void
  /** Absent: parameters of the type are sent as text. */
  readonly encodeBinary?: (value: unknown, out: MessageWriter) => void
}
