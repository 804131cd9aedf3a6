import { expect, test } from 'vitest'
import { saslprep } from '../../../src/auth/saslprep.js'

const cases: readonly (readonly [name: string, input: string, expected: string])[] = [
  // RFC 4013, section 3
  ['soft hyphen is mapped to nothing', 'I\u00adX', 'IX'],
  ['ASCII stays', 'user', 'user'],
  ['case is kept', 'USER', 'USER'],
  ['NFKC of a feminine ordinal', '\u00aa', 'a'],
  ['NFKC of a roman numeral', '\u2168', 'IX'],
  ['ASCII control characters stay, as PostgreSQL skips ASCII', '\u0007', '\u0007'],
  ['right-to-left text that ends otherwise is left as it is', '\u06271', '\u06271'],
  // mapping
  ['no-break space becomes a space', 'a\u00a0b', 'a b'],
  ['zero width space becomes a space', 'a\u200bb', 'a b'],
  ['variation selector is mapped to nothing', 'a\ufe0fb', 'ab'],
  ['nothing left: as it is', '\u00ad', '\u00ad'],
  ['empty stays', '', ''],
  // normalisation
  ['composes', 'u\u0308', 'ü'],
  ['full width becomes ASCII', '\uff41\uff42', 'ab'],
  ['beyond the basic plane', '\u{1d400}é', 'Aé'],
  // refused: as it is, not even normalised
  ['control character beyond ASCII', '\u0085\u00aa', '\u0085\u00aa'],
  ['unassigned in Unicode 3.2', '\u{1f600}\u00aa', '\u{1f600}\u00aa'],
  ['private use', '\ue000\u00aa', '\ue000\u00aa'],
  ['private use, last plane', '\u{10fffd}\u00aa', '\u{10fffd}\u00aa'],
  ['non-character', '\ufdd0\u00aa', '\ufdd0\u00aa'],
  ['tag', '\u{e0001}\u00aa', '\u{e0001}\u00aa'],
  ['object replacement', '\ufffc\u00aa', '\ufffc\u00aa'],
  ['lone surrogate', '\ud800\u00aa', '\ud800\u00aa'],
  // A strict reading would normalise first and accept; PostgreSQL looks at the text before.
  ['deprecated combining mark, checked before normalisation', 'a\u0340', 'a\u0340'],
  // bidirectional text
  ['right-to-left alone is normalised', '\ufe8e\u0628', '\u0627\u0628'],
  ['digits inside right-to-left', '\u06271\ufe8e', '\u06271\u0627'],
  ['left-to-right within right-to-left', '\u0627a\ufe8e', '\u0627a\ufe8e'],
  ['left-to-right at the end', '\ufe8ea', '\ufe8ea'],
  ['neutral at the start', '!\ufe8e', '!\ufe8e'],
]

for (const [name, input, expected] of cases) {
  test(`saslprep: ${name}`, () => {
    expect(saslprep(input)).toBe(expected)
  })
}
