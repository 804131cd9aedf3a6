/**
 * Functions between the values of a type and what they are in JavaScript, for who has no need for the
 * windows and writers of a {@link Codec}. What is left out stays as it was.
 *
 * - `'text'` (the default): PostgreSQL's text of the value.
 * - `'binary'`: the bytes of its binary form, which `decode` may keep.
 * - `'tuple'`, for composite types: an array of the attributes' values in their order.
 *
 * NULL reaches neither function.
 */
export type ValueCodec<T = unknown> = TextCodec<T> | BinaryCodec<T> | TupleCodec<T>

/** A {@link ValueCodec} by way of text. */
export interface TextCodec<T> {
  readonly format?: 'text'
  encode?(value: T): string
  decode?(text: string): T
}

/** A {@link ValueCodec} by way of bytes. */
export interface BinaryCodec<T> {
  readonly format: 'binary'
  encode?(value: T): Uint8Array
  decode?(bytes: Uint8Array): T
}

/** A {@link ValueCodec} by way of the values of attributes. */
export interface TupleCodec<T> {
  readonly format: 'tuple'
  encode?(value: T): readonly unknown[]
  decode?(attributes: unknown[]): T
}

const FORMATS: readonly unknown[] = [undefined, 'text', 'binary', 'tuple']

/** Whether an option is a {@link ValueCodec} with at least one function and nothing wrong. */
export function isValueCodec(option: unknown): option is ValueCodec {
  if (typeof option !== 'object' || option === null) return false
  const { format, encode, decode } = option as ValueCodec
  return (
    FORMATS.includes(format) &&
    (encode !== undefined || decode !== undefined) &&
    [encode, decode].every((given) => given === undefined || typeof given === 'function')
  )
}
