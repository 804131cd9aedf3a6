import { Interval } from '../../../src/types/interval.js'
import { Timestamp } from '../../../src/types/timestamp.js'
import type { TypeOptions } from '../../../src/types/type-options.js'

const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: NOT_A_NUMBER, MAX_SAFE_INTEGER } = Number

/** Values at the limits of their types, which come back from the server as they were. */
export const edgeValues: readonly (readonly [
  type: string,
  values: readonly unknown[],
  options?: TypeOptions,
])[] = [
  ['bool', [true, false]],
  ['int2', [-0x8000, 0, 0x7fff]],
  ['int4', [-0x80000000, -1, 0, 0x7fffffff]],
  ['int8', [-MAX_SAFE_INTEGER, -(2 ** 32), -1, 0, 2 ** 32, MAX_SAFE_INTEGER]],
  ['int8', [-(2n ** 63n), 2n ** 63n - 1n], { int8: 'bigint' }],
  ['xid8', [0n, 2n ** 63n, 2n ** 64n - 1n], { int8: 'bigint' }],
  ['oid', [0, 0xffffffff]],
  ['xid', [0, 0xffffffff]],
  ['cid', [0, 0xffffffff]],
  ['float4', [0, -0, 1e-45, 3.4028235e38, 0.1, NOT_A_NUMBER, POSITIVE_INFINITY, NEGATIVE_INFINITY]],
  ['float8', [0, -0, 5e-324, 1.7976931348623157e308, 0.1, NOT_A_NUMBER, POSITIVE_INFINITY]],
  ['numeric', ['0', '0.000', '-0.0001', 'NaN', 'Infinity', '-Infinity', '1'.repeat(200)]],
  ['numeric', [`0.${'0'.repeat(100)}1`, `1${'0'.repeat(1000)}`, '10000', '9999.9999']],
  ['text', ['', ' ', '"', '\\', '\u{10ffff}', '\ufeff', 'NULL', '{}', "'", '\n\r\t']],
  ['bpchar', ['', 'a ']],
  ['name', ['', 'x'.repeat(63)]],
  ['char', ['', 'a', '\\377']],
  ['bytea', [Buffer.alloc(0), Buffer.from([0, 1, 0x5c, 0x27, 0xff])]],
  ['uuid', ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']],
  ['json', [{}, [], '', 0, true, { a: null, é: ['"\\'] }]],
  ['jsonb', [{}, [], '', -0.5, false, { a: { b: [1, 2, { c: null }] } }, 1e300]],
  ['json', ['{"a": 1}', ' [1]'], { json: 'string' }],
  ['date', ['4714-11-24 BC', '0001-12-31 BC', '0001-01-01', '2000-02-29', '5874897-12-31']],
  ['date', [POSITIVE_INFINITY, NEGATIVE_INFINITY]],
  ['date', [new Date(0), new Date(Date.UTC(-4712, 0)), new Date(8.64e15)], { date: 'Date' }],
  ['time', ['00:00:00', '23:59:59.999999', '24:00:00', '12:00:00.1']],
  ['timetz', ['00:00:00+15:59:59', '24:00:00-15:59', '12:30:00.000001+00']],
  ['timestamp', [new Date(0), new Date(8.64e15), new Timestamp(-1, 999), POSITIVE_INFINITY]],
  ['timestamptz', [new Date(-1), new Timestamp(Date.UTC(-4712, 0), 1), NEGATIVE_INFINITY]],
  [
    'timestamp',
    ['294276-12-31 23:59:59.999999', '4714-11-24 00:00:00 BC', '1999-12-31 23:59:59.999999'],
    { timestamp: 'string' },
  ],
  [
    'timestamptz',
    ['294276-12-31 23:59:59.999999+00', '4714-11-24 00:00:00+00 BC', '2016-12-31 23:59:59+00'],
    { timestamptz: 'string' },
  ],
  [
    'interval',
    [
      new Interval(),
      new Interval({ months: -0x80000000 + 1, days: 0x7fffffff, microseconds: -MAX_SAFE_INTEGER }),
      new Interval({ months: -1, days: 1, microseconds: -1 }),
    ],
  ],
  [
    'interval',
    ['-178000000 years', '00:00:00.000001', '1 mon -1 days', '-2562047788:00:54.775807'],
    { interval: 'string' },
  ],
  ['bit', ['1', '0'.repeat(83)]],
  ['varbit', ['', '1'.repeat(64)]],
  ['inet', ['0.0.0.0/0', '::', '::1', '::ffff:1.2.3.4', '1:2::/17', 'ffff::', '1:0:0:2::3']],
  ['cidr', ['0.0.0.0/0', '10.0.0.0/8', '::/0', '::1/128', 'fe80::/10']],
  ['pg_lsn', ['0/0', 'FFFFFFFF/FFFFFFFF', '16/B374D848']],
  ['tid', ['(0,0)', '(4294967295,65535)']],
  ['int2vector', [[], [1], [-0x8000, 0x7fff]]],
  ['oidvector', [[], [0xffffffff]]],
  [
    'point',
    [
      { x: NOT_A_NUMBER, y: NEGATIVE_INFINITY },
      { x: -0, y: 5e-324 },
    ],
  ],
]
