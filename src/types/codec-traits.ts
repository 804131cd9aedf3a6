import type { BinaryLayout } from './binary-layout.js'
import type { Codec } from './codec.js'

/** What must be known about a codec where its values are put into arrays and parameters. */
export interface CodecTraits {
  /**
   * Whether a value is, or has somewhere in it, a string that only the server reads in full
   * (`'tomorrow'` is a date). A parameter that does goes as text. Absent: none does.
   */
  readonly goesAsText?: (value: unknown) => boolean
  /**
   * Whether a JavaScript array is a single value of the type (two points are an lseg) and so never a
   * dimension of an array of it. Absent: none is.
   */
  readonly isElement?: (value: object) => boolean
  /** Writes the text that `decodeBinary` makes, where that is ASCII, without making a string of it. */
  readonly printer?: Printer
  /** The attributes of a composite type, in their order. */
  readonly attributes?: readonly CompositeAttribute[]
}

/** See {@link CodecTraits.printer}. */
export interface Printer {
  /** The most bytes that {@link print} writes. The value may be malformed. */
  room(buf: Buffer, start: number, end: number): number
  /** Writes the text at `at` and gives the position behind it. Throws what `decodeBinary` does. */
  print(buf: Buffer, start: number, end: number, out: Uint8Array, at: number): number
}

/** An attribute of a composite type: a row of `pg_attribute` that is not dropped. */
export interface CompositeAttribute {
  readonly name: string
  readonly typeOid: number
  readonly codec: TraitedCodec
  /** Whether it is of a domain, which looks at NULL, too. */
  readonly isDomain?: boolean
}

/** A {@link Codec} that states its {@link CodecTraits}. */
export interface TraitedCodec<T = unknown> extends Codec<T> {
  readonly traits?: CodecTraits
  /** The form of its binary values, where others may write and read them without it. */
  readonly layout?: BinaryLayout
}

/** Whether a value is a string. */
export function isString(value: unknown): value is string {
  return typeof value === 'string'
}

/** The traits of types whose text only the server reads in full. */
export const STRINGS_GO_AS_TEXT: CodecTraits = { goesAsText: isString }

const NO_TRAITS: CodecTraits = {}

/** The traits that a codec states, or none. */
export function traitsOf(codec: TraitedCodec): CodecTraits {
  return codec.traits ?? NO_TRAITS
}
