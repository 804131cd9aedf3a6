import type { TraitedCodec } from '../codec-traits.js'

/**
 * Makes the codec of a domain: that of its base type under its own name. Columns of a domain are
 * described as their base type; its name is seen in arrays and composites of it.
 *
 * @param name `pg_type.typname`.
 */
export function domainCodec<T>(name: string, base: TraitedCodec<T>): TraitedCodec<T> {
  return { ...base, name }
}
