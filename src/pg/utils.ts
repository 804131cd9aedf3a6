import { escapeIdentifier, escapeLiteral } from './escape.js'
import { normalizeQueryConfig } from './query-config.js'
import { prepareValue } from './values.js'

/** `pg.utils` and `pg/lib/utils`, which pg-promise and pg-cursor use. */
export const utils: {
  readonly escapeIdentifier: typeof escapeIdentifier
  readonly escapeLiteral: typeof escapeLiteral
  readonly prepareValue: typeof prepareValue
  readonly normalizeQueryConfig: typeof normalizeQueryConfig
} = {
  escapeIdentifier: escapeIdentifier,
  escapeLiteral: escapeLiteral,
  prepareValue: prepareValue,
  normalizeQueryConfig: normalizeQueryConfig,
}
