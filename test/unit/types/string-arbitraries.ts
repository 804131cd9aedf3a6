import fc from 'fast-check'
import { printAddress } from '../../../src/types/codecs/network-text.js'
import type { TypeValues } from './arbitraries.js'

/** Values of types that are strings in JavaScript, in the form in which the server prints them. */

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    // Rows of zeros, which addresses of IPv6 leave out.
    fc
      .array(fc.constantFrom(0, 0, 0, 1, 0xff), { minLength: length, maxLength: length })
      .map((array) => Uint8Array.from(array)),
  )

const addressBytes = fc.oneof(bytes(4), bytes(16))

const addresses = addressBytes.chain((address) =>
  fc.integer({ min: 0, max: address.length * 8 }).map((bits) => {
    const suffix = bits === address.length * 8 ? '' : `/${bits}`
    return `${printAddress(address)}${suffix}`
  }),
)

const networks = addressBytes.chain((address) =>
  fc.integer({ min: 0, max: address.length * 8 }).map((bits) => {
    const masked = address.map(
      (byte, i) => byte & (0xff00 >> Math.max(0, Math.min(8, bits - 8 * i))),
    )
    return `${printAddress(masked)}/${bits}`
  }),
)

const hardware = (length: number): fc.Arbitrary<string> =>
  bytes(length).map((address) => [...address].map((b) => b.toString(16).padStart(2, '0')).join(':'))

const bits = fc.stringMatching(/^[01]{1,70}$/)
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 60 })
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

const lsns = uint64.map((lsn) =>
  `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase(),
)

const tids = fc
  .tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 0xffff }))
  .map(([block, offset]) => `(${block},${offset})`)

/** Where the low half is 0 it is no id (TransactionIdIsValid). */
const transactionIds = fc
  .bigInt({ min: 1n, max: 2n ** 62n })
  .filter((id) => (id & 0xffffffffn) !== 0n)

/** Ids in ascending order, of which the first is the least running and the last not yet begun. */
const snapshots = fc.uniqueArray(transactionIds, { minLength: 2, maxLength: 8 }).map((ids) => {
  const sorted = ids.sort((a, b) => (a < b ? -1 : 1))
  return `${sorted[0]}:${sorted.at(-1)}:${sorted.slice(1, -1).join(',')}`
})

const chars = fc
  .integer({ min: 0, max: 255 })
  .map((byte) =>
    byte === 0 ? '' : byte < 128 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`,
  )

export const stringTypeValues: readonly TypeValues[] = [
  ['name', ascii],
  ['varchar', ascii],
  ['xml', fc.stringMatching(/^<a b="[a-z é]*">[a-zé\n ]*<\/a>$/)],
  ['refcursor', ascii],
  ['char', chars],
  ['bit', bits],
  ['varbit', fc.oneof(bits, fc.constant(''))],
  ['inet', addresses],
  ['cidr', networks],
  ['macaddr', hardware(6)],
  ['macaddr8', hardware(8)],
  ['pg_lsn', lsns],
  ['pg_lsn', uint64, { pg_lsn: 'bigint' }],
  ['tid', tids],
  ['pg_snapshot', snapshots],
  ['txid_snapshot', snapshots],
]

const words = fc.stringMatching(/^[a-z '\\é]{1,8}$/)
const quoted = (word: string): string => `'${word.replace(/['\\]/g, '$&$&')}'`

const lexemes = fc
  .tuple(words, fc.array(fc.tuple(fc.integer({ min: 1, max: 16383 }), fc.constantFrom(...'ABCD'))))
  .map(([word, positions]) => {
    const list = positions.map((position) => position.join('')).join(',')
    return list === '' ? quoted(word) : `${quoted(word)}:${list}`
  })

const queries = fc.letrec<{ query: string; term: string }>((tie) => ({
  term: fc
    .tuple(words, fc.constantFrom('', ':*', ':A', ':*BCD'))
    .map(([word, suffix]) => `${quoted(word)}${suffix}`),
  query: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('term'),
    tie('query').map((query) => `!(${query})`),
    fc
      .tuple(tie('query'), fc.constantFrom('&', '|', '<->', '<7>'), tie('query'))
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
  ),
}))

/** Texts that the server takes and prints in a form of its own. */
export const serverTexts: readonly (readonly [type: string, texts: fc.Arbitrary<string>])[] = [
  ['tsvector', fc.array(lexemes, { maxLength: 6 }).map((array) => array.join(' '))],
  ['tsquery', fc.oneof(queries.query, fc.constant(''))],
  ['jsonpath', fc.constantFrom('$', '$.a[*] ? (@.b > 1)', 'strict $.* like_regex "^a"')],
  ['money', fc.integer().map((cents) => (cents / 100).toFixed(2))],
  ['aclitem', fc.constantFrom('=r/pg_monitor', 'pg_monitor=arwd/pg_monitor')],
  ['regproc', fc.constantFrom('pg_sleep', '-')],
  ['regprocedure', fc.constantFrom('abs(integer)')],
  ['regoper', fc.constantFrom('pg_catalog.||/')],
  ['regoperator', fc.constantFrom('+(integer,integer)')],
  ['regclass', fc.constantFrom('pg_class', 'pg_catalog.pg_type')],
  ['regtype', fc.constantFrom('integer', 'text[]', 'int8range')],
  ['regrole', fc.constantFrom('pg_monitor')],
  ['regnamespace', fc.constantFrom('pg_catalog', 'public')],
  ['regconfig', fc.constantFrom('english', 'simple')],
  ['regdictionary', fc.constantFrom('simple')],
  ['regcollation', fc.constantFrom('"C"')],
]
