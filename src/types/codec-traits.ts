import type { Codec } from './codec.js'

/** What must be known about a codec where its values are put into arrays and parameters. */
export interface CodecTraits {
  /**
   * Strings of the type are the server's to read (`'tomorrow'` is a date), so a parameter that is or
   * contains one goes as text.
   */
  readonly stringsGoAsText?: true
  /**
   * JavaScript arrays that are single values of the type and so never a dimension of an array of it:
   * `'views'` are typed arrays (bytea), `'all'` are those and plain arrays (json).
   */
  readonly takesArrays?: 'views' | 'all'
}

/** A {@link Codec} that states its {@link CodecTraits}. */
export interface TraitedCodec<T = unknown> extends Codec<T> {
  readonly traits?: CodecTraits
}

/** The traits of types whose text only the server reads in full. */
export const STRINGS_GO_AS_TEXT: CodecTraits = { stringsGoAsText: true }

const NO_TRAITS: CodecTraits = {}

/** The traits that a codec states, or none. */
export function traitsOf(codec: TraitedCodec): CodecTraits {
  return codec.traits ?? NO_TRAITS
}
