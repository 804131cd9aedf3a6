import { hex } from '../../support/bytes.js'

/** A backend message, laid out by hand after the protocol documentation, and what it says. */
export type BackendCase = readonly [name: string, bytes: string, expected: unknown]

/** Messages whose body tells where it ends, so that one byte more or less is an error. */
export const closedMessages: readonly BackendCase[] = [
  ['AuthenticationOk', 'R 00000008 00000000', { kind: 'ok' }],
  ['AuthenticationCleartextPassword', 'R 00000008 00000003', { kind: 'cleartext' }],
  [
    'AuthenticationMD5Password',
    'R 0000000c 00000005 00ff1080',
    { kind: 'md5', salt: hex('00ff1080') },
  ],
  [
    'AuthenticationSASL',
    "R 0000002a 0000000a 'SCRAM-SHA-256-PLUS' 00 'SCRAM-SHA-256' 00 00",
    { kind: 'sasl', mechanisms: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] },
  ],
  [
    'AuthenticationSASL: nothing on offer',
    'R 00000009 0000000a 00',
    { kind: 'sasl', mechanisms: [] },
  ],
  ['AuthenticationGSS', 'R 00000008 00000007', { kind: 'gss' }],
  ['BindComplete', '2 00000004', undefined],
  ['CloseComplete', '3 00000004', undefined],
  ['CommandComplete', "C 0000000f 'INSERT 0 5' 00", 'INSERT 0 5'],
  ['CommandComplete: no tag', 'C 00000005 00', ''],
  ['CopyBothResponse: no columns', 'W 00000007 00 0000', { format: 0, columnFormats: [] }],
  ['CopyDone', 'c 00000004', undefined],
  [
    'CopyInResponse: text',
    'G 0000000d 00 0003 0000 0000 0000',
    { format: 0, columnFormats: [0, 0, 0] },
  ],
  ['CopyOutResponse: binary', 'H 0000000b 01 0002 0001 0001', { format: 1, columnFormats: [1, 1] }],
  ['DataRow: no columns', 'D 00000006 0000', []],
  [
    'DataRow: a value, NULL, an empty value',
    "D 00000015 0003 00000003 'abc' ffffffff 00000000",
    [hex("'abc'"), null, hex('')],
  ],
  ['EmptyQueryResponse', 'I 00000004', undefined],
  [
    'ErrorResponse: every field',
    `E 000000bb
     S 'FEHLER' 00 V 'ERROR' 00 C '23505' 00 M 'duplicate key' 00 D 'Key (id)=(1) exists.' 00
     H 'Try 2.' 00 P '8' 00 p '17' 00 q 'SELECT f()' 00 W 'PL/pgSQL function f()' 00 s 'public' 00
     t 'users' 00 c 'id' 00 d 'int4' 00 n 'users_pkey' 00 F 'nbtinsert.c' 00 L '666' 00
     R '_bt_check_unique' 00 00`,
    {
      severity: 'ERROR',
      code: '23505',
      message: 'duplicate key',
      detail: 'Key (id)=(1) exists.',
      hint: 'Try 2.',
      position: 8,
      internalPosition: 17,
      internalQuery: 'SELECT f()',
      where: 'PL/pgSQL function f()',
      schema: 'public',
      table: 'users',
      column: 'id',
      dataType: 'int4',
      constraint: 'users_pkey',
      file: 'nbtinsert.c',
      line: 666,
      routine: '_bt_check_unique',
    },
  ],
  ['ErrorResponse: no fields', 'E 00000005 00', {}],
  [
    'ErrorResponse: the localised severity where there is no other, as before 9.6',
    "E 0000000d S 'FEHLER' 00 00",
    { severity: 'FEHLER' },
  ],
  [
    'ErrorResponse: the severity that is never localised, in any order',
    "E 00000014 V 'ERROR' 00 S 'FEHLER' 00 00",
    { severity: 'ERROR' },
  ],
  [
    'ErrorResponse: a field of the future',
    "E 0000000f x 'new' 00 M 'old' 00 00",
    { message: 'old' },
  ],
  ['FunctionCallResponse: NULL', 'V 00000008 ffffffff', null],
  ['FunctionCallResponse: empty', 'V 00000008 00000000', hex('')],
  ['FunctionCallResponse: a value', 'V 0000000c 00000004 0000002a', hex('0000002a')],
  [
    'NegotiateProtocolVersion: the whole version, as servers send it',
    "v 0000001b 00030002 00000002 '_pq_.a' 00 '_pq_.b2' 00",
    { minorVersion: 2, unknownOptions: ['_pq_.a', '_pq_.b2'] },
  ],
  [
    'NegotiateProtocolVersion: the minor version alone, as the documentation has it',
    'v 0000000c 00000000 00000000',
    { minorVersion: 0, unknownOptions: [] },
  ],
  ['NoData', 'n 00000004', undefined],
  [
    'NoticeResponse',
    "N 0000001c S 'NOTICE' 00 C '00000' 00 M 'naïve' 00 00",
    { severity: 'NOTICE', code: '00000', message: 'naïve' },
  ],
  [
    'NotificationResponse',
    "A 00000017 00003039 'jobs' 00 'done 🎉' 00",
    { processId: 12345, channel: 'jobs', payload: 'done 🎉' },
  ],
  [
    'NotificationResponse: no payload',
    "A 0000000e 00003039 'jobs' 00 00",
    { processId: 12345, channel: 'jobs', payload: '' },
  ],
  ['ParameterDescription: none', 't 00000006 0000', []],
  [
    'ParameterDescription: OIDs are unsigned',
    't 0000000e 0002 00000017 ffffffff',
    [23, 4_294_967_295],
  ],
  [
    'ParameterStatus',
    "S 00000018 'server_version' 00 '18.4' 00",
    { name: 'server_version', value: '18.4' },
  ],
  ['ParseComplete', '1 00000004', undefined],
  ['PortalSuspended', 's 00000004', undefined],
  ['ReadyForQuery: idle', 'Z 00000005 49', 'idle'],
  ['ReadyForQuery: transaction', 'Z 00000005 54', 'transaction'],
  ['ReadyForQuery: failed', 'Z 00000005 45', 'failed'],
  ['RowDescription: no columns', 'T 00000006 0000', []],
  [
    'RowDescription: the shortest field',
    'T 00000019 0001 00 00000000 0000 00000017 0004 ffffffff 0000',
    [field('', 0, 0, 23, 4, -1, 0)],
  ],
  [
    'RowDescription: a column of a table, an expression, a binary one',
    `T 00000049 0003
     'id' 00 00004001 0001 00000014 0008 ffffffff 0000
     '?column?' 00 00000000 0000 00000413 ffff 00000024 0000
     00 ffffffff fff9 fffffffe fffe 7fffffff 0001`,
    [
      field('id', 16_385, 1, 20, 8, -1, 0),
      field('?column?', 0, 0, 1043, -1, 36, 0),
      field('', 4_294_967_295, -7, 4_294_967_294, -2, 2_147_483_647, 1),
    ],
  ],
]

/**
 * Messages whose last field goes on to the end of the body, whatever its length. Cut short, they say
 * something else; `shortest` is the length below which they say nothing.
 */
export const openMessages: readonly (readonly [...BackendCase, shortest: number])[] = [
  [
    'AuthenticationSASLContinue',
    "R 00000014 0000000b 'r=abc,s=QSXC'",
    { kind: 'sasl-continue', data: hex("'r=abc,s=QSXC'") },
    4,
  ],
  [
    'AuthenticationSASLContinue: empty',
    'R 00000008 0000000b',
    { kind: 'sasl-continue', data: hex('') },
    4,
  ],
  [
    'AuthenticationSASLFinal',
    "R 0000000e 0000000c 'v=rmF9'",
    { kind: 'sasl-final', data: hex("'v=rmF9'") },
    4,
  ],
  [
    'AuthenticationKerberosV5',
    'R 00000008 00000002',
    { kind: 'unsupported', name: 'Kerberos V5' },
    4,
  ],
  [
    'AuthenticationSCMCredential',
    'R 00000008 00000006',
    { kind: 'unsupported', name: 'method 6' },
    4,
  ],
  [
    'AuthenticationGSSContinue',
    'R 0000000b 00000008 010203',
    { kind: 'gss-continue', data: hex('010203') },
    4,
  ],
  ['AuthenticationSSPI', 'R 00000008 00000009', { kind: 'unsupported', name: 'SSPI' }, 4],
  [
    'Authentication: unheard of',
    'R 00000008 ffffffff',
    { kind: 'unsupported', name: 'method -1' },
    4,
  ],
  [
    'BackendKeyData: protocol 3.0',
    'K 0000000c 00003039 499602d2',
    { processId: 12_345, secretKey: hex('499602d2') },
    8,
  ],
  [
    'BackendKeyData: protocol 3.2',
    `K 00000028 7fffffff ${'a5'.repeat(32)}`,
    { processId: 2_147_483_647, secretKey: Buffer.alloc(32, 0xa5) },
    8,
  ],
  [
    'BackendKeyData: the longest key',
    `K 00000108 00000001 ${'5a'.repeat(256)}`,
    { processId: 1, secretKey: Buffer.alloc(256, 0x5a) },
    8,
  ],
]

/** Every message above. */
export const backendMessages: readonly BackendCase[] = [
  ...closedMessages,
  ...openMessages.map(([name, bytes, expected]): BackendCase => [name, bytes, expected]),
]

function field(
  name: string,
  tableOid: number,
  columnNumber: number,
  typeOid: number,
  typeSize: number,
  typeModifier: number,
  format: number,
): unknown {
  return { name, tableOid, columnNumber, typeOid, typeSize, typeModifier, format }
}
