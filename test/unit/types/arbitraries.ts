import fc from 'fast-check'
import { Interval } from '../../../src/types/interval.js'
import { Timestamp } from '../../../src/types/timestamp.js'
import type { TypeOptions } from '../../../src/types/type-options.js'
import { codecOf, decode, encode } from './codec-calls.js'

/** A type, values that come back from it as they were, and the options under which they do. */
export type TypeValues = readonly [
  type: string,
  values: fc.Arbitrary<unknown>,
  options?: TypeOptions,
]

const TEXT: TypeOptions = {
  timestamp: 'string',
  timestamptz: 'string',
  interval: 'string',
  int8: 'string',
}

const bigints = (min: bigint, max: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min, max })
const ints = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max })
const texts = fc
  .string({ unit: 'binary' })
  .filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text))
const two = (n: number): string => String(n).padStart(2, '0')

/** A whole number of digits without a leading zero, and any number of them behind the point. */
const decimals = fc
  .tuple(
    fc.boolean(),
    fc.oneof(fc.constant('0'), fc.bigInt({ min: 1n, max: 10n ** 60n }).map(String)),
    fc.stringMatching(/^[0-9]{0,50}$/),
  )
  .map(([negative, whole, fraction]) => {
    const size = fraction === '' ? whole : `${whole}.${fraction}`
    return negative && /[1-9]/.test(size) ? `-${size}` : size
  })

/** Numbers that print without an exponent, as `numeric` does. */
const plainNumbers = fc
  .double({ noNaN: true, min: -(2 ** 53), max: 2 ** 53, minExcluded: true, maxExcluded: true })
  .filter((number) => !Object.is(number, -0) && !String(number).includes('e'))

const FIRST_TIMESTAMP = Date.UTC(-4713, 10, 24)
const LAST_TIMESTAMP = 8.64e15
const moments = fc
  .tuple(
    fc.oneof(ints(FIRST_TIMESTAMP, LAST_TIMESTAMP), ints(Date.UTC(1900, 0), Date.UTC(2100, 0))),
    ints(0, 999),
  )
  .map(([time, us]) => (us === 0 ? new Date(time) : new Timestamp(time, us)))

const days = ints(-2_440_588, 100_000_000 - 1).map((day) => new Date(day * 86_400_000))

const clocks = fc
  .tuple(ints(0, 23), ints(0, 59), ints(0, 59), ints(0, 999_999))
  .map(([hours, minutes, seconds, us]) => {
    const fraction = String(us).padStart(6, '0').replace(/0+$/, '')
    return `${two(hours)}:${two(minutes)}:${two(seconds)}${fraction && `.${fraction}`}`
  })
const zones = fc
  .tuple(fc.constantFrom('+', '-'), ints(1, 15), ints(0, 59), ints(0, 59))
  .map(([sign, hours, minutes, seconds]) => {
    const tail =
      seconds > 0 ? `:${two(minutes)}:${two(seconds)}` : minutes > 0 ? `:${two(minutes)}` : ''
    return `${sign}${two(hours)}${tail}`
  })

const intervals = fc
  .record({
    months: ints(-0x80000000, 0x7fffffff),
    days: ints(-0x80000000, 0x7fffffff),
    microseconds: fc.maxSafeInteger(),
  })
  .map((parts) => new Interval(parts))

/** jsonb has no NUL characters. */
const json = fc
  .jsonValue({ stringUnit: 'binary' })
  .map((value) => JSON.stringify(value))
  .filter((text) => !text.includes('\\u0000') && text !== 'null')
  .map((text): unknown => JSON.parse(text))

/** Values of every type whose values are more than a handful. */
export const typeValues: readonly TypeValues[] = [
  ['bool', fc.boolean()],
  ['int2', ints(-0x8000, 0x7fff)],
  ['int4', ints(-0x80000000, 0x7fffffff)],
  ['oid', ints(0, 0xffffffff)],
  ['xid', ints(0, 0xffffffff)],
  ['cid', ints(0, 0xffffffff)],
  ['int8', fc.maxSafeInteger()],
  ['int8', bigints(-(2n ** 63n), 2n ** 63n - 1n), { int8: 'bigint' }],
  ['int8', bigints(-(2n ** 63n), 2n ** 63n - 1n).map(String), TEXT],
  ['xid8', bigints(0n, 2n ** 64n - 1n), { int8: 'bigint' }],
  [
    'float4',
    fc
      .float()
      .map((single) =>
        decode(codecOf('float4'), encode(codecOf('float4'), single, 'binary'), 'binary'),
      ),
  ],
  ['float8', fc.double()],
  ['numeric', decimals],
  ['numeric', plainNumbers, { numeric: 'number' }],
  ['text', texts],
  ['bpchar', texts],
  ['bytea', fc.uint8Array().map((bytes) => Buffer.from(bytes))],
  ['uuid', fc.uuid()],
  ['json', json],
  ['jsonb', json],
  ['date', days, { date: 'Date' }],
  ['time', clocks],
  ['timetz', fc.tuple(clocks, zones).map(([clock, zone]) => clock + zone)],
  ['timestamp', moments],
  ['timestamptz', moments],
  ['interval', intervals],
]

/** Values of types that can also appear as text; these are what to make the texts from. */
export const stringValues: readonly TypeValues[] = [
  ['timestamp', moments],
  ['timestamptz', moments],
  ['interval', intervals],
  ['date', days],
]
