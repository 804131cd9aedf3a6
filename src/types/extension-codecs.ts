import type { TraitedCodec } from './codec-traits.js'
import { hstore } from './codecs/hstore.js'
import { textCodec } from './codecs/text.js'
import { halfvec, sparsevec, vector } from './codecs/vector.js'
import { versionedTextCodec } from './codecs/versioned-text.js'

/**
 * Codecs of types that extensions define, by `pg_type.typname`: their OIDs differ between databases.
 *
 * A name alone proves nothing. They are for base types (`typtype` is `b`) that belong to the extension.
 */
export const EXTENSION_CODECS: Readonly<Record<string, TraitedCodec>> = {
  citext: textCodec('citext'),
  halfvec,
  hstore,
  lquery: versionedTextCodec('lquery'),
  ltree: versionedTextCodec('ltree'),
  ltxtquery: versionedTextCodec('ltxtquery'),
  sparsevec,
  vector,
}
