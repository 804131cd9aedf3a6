import { describe, expect, test } from 'vitest'
import { EncodeError, InterfaceError } from '../../../src/base/errors.js'
import * as frontend from '../../../src/protocol/index.js'
import { MessageWriter } from '../../../src/protocol/index.js'
import { concat, hex } from '../../support/bytes.js'

type Write = (out: MessageWriter) => void

/** Frontend messages, laid out by hand after the protocol documentation. */
const messages: readonly (readonly [name: string, write: Write, bytes: string])[] = [
  [
    'StartupMessage',
    (out) => frontend.writeStartup(out, frontend.PROTOCOL_3_0, { user: 'ada', database: 'böse' }),
    "00000021 00030000 'user' 00 'ada' 00 'database' 00 'böse' 00 00",
  ],
  [
    'StartupMessage: no parameters, version 3.2',
    (out) => frontend.writeStartup(out, frontend.PROTOCOL_3_2, {}),
    '00000009 00030002 00',
  ],
  ['SSLRequest', frontend.writeSslRequest, '00000008 04d2162f'],
  ['GSSENCRequest', frontend.writeGssEncRequest, '00000008 04d21630'],
  ['GSSResponse', (out) => frontend.writeGssResponse(out, hex('6001')), 'p 00000006 6001'],
  [
    'FunctionCall',
    (out) => frontend.writeFunctionCall(out, 1598, [hex('0000002a'), null, hex('')], 1),
    'F 00000020 0000063e 0001 0001 0003 00000004 0000002a ffffffff 00000000 0001',
  ],
  [
    'CancelRequest: protocol 3.0',
    (out) => frontend.writeCancelRequest(out, 12_345, hex('499602d2')),
    '00000010 04d2162e 00003039 499602d2',
  ],
  [
    'CancelRequest: protocol 3.2',
    (out) => frontend.writeCancelRequest(out, -1, Buffer.alloc(32, 0xa5)),
    `0000002c 04d2162e ffffffff ${'a5'.repeat(32)}`,
  ],
  ['PasswordMessage', (out) => frontend.writePassword(out, 'sécret'), "p 0000000c 'sécret' 00"],
  [
    'SASLInitialResponse',
    (out) => frontend.writeSaslInitialResponse(out, 'SCRAM-SHA-256', hex("'n,,n=,r=abc'")),
    "p 00000021 'SCRAM-SHA-256' 00 0000000b 'n,,n=,r=abc'",
  ],
  [
    'SASLInitialResponse: empty',
    (out) => frontend.writeSaslInitialResponse(out, 'X', new Uint8Array()),
    'p 0000000a X 00 00000000',
  ],
  ['SASLResponse', (out) => frontend.writeSaslResponse(out, hex('00ff')), 'p 00000006 00ff'],
  ['Query', (out) => frontend.writeQuery(out, 'SELECT 1'), "Q 0000000d 'SELECT 1' 00"],
  ['Query: empty', (out) => frontend.writeQuery(out, ''), 'Q 00000005 00'],
  [
    'Parse',
    (out) => frontend.writeParse(out, 's1', 'SELECT $1', [23, 0, 4_294_967_295]),
    "P 0000001f 's1' 00 'SELECT $1' 00 0003 00000017 00000000 ffffffff",
  ],
  [
    'Parse: unnamed, types for the server to infer',
    (out) => frontend.writeParse(out, '', 'SELECT 1'),
    "P 00000010 00 'SELECT 1' 00 0000",
  ],
  [
    'Bind: no parameters, all results as text',
    (out) => {
      frontend.beginBind(out, '', '')
      out.uint16(0)
      out.uint16(0)
      frontend.finishBind(out, [])
    },
    'B 0000000c 00 00 0000 0000 0000',
  ],
  [
    'Bind: a text, NULL, a binary value, an empty one',
    (out) => {
      frontend.beginBind(out, 'p1', 's1')
      out.uint16(4)
      for (const format of [0, 0, 1, 0]) out.int16(format)
      out.uint16(4)
      let value = out.beginValue()
      out.utf8('é')
      out.endValue(value)
      out.int32(-1)
      value = out.beginValue()
      out.int32(42)
      out.endValue(value)
      out.endValue(out.beginValue())
      frontend.finishBind(out, [1, 0])
    },
    `B 00000032 'p1' 00 's1' 00 0004 0000 0000 0001 0000
     0004 00000002 'é' ffffffff 00000004 0000002a 00000000 0002 0001 0000`,
  ],
  ['Describe a statement', (out) => frontend.writeDescribe(out, 'S', 's1'), "D 00000008 S 's1' 00"],
  ['Describe the unnamed portal', (out) => frontend.writeDescribe(out, 'P', ''), 'D 00000006 P 00'],
  ['Execute: all rows', (out) => frontend.writeExecute(out, '', 0), 'E 00000009 00 00000000'],
  [
    'Execute: 100 rows',
    (out) => frontend.writeExecute(out, 'p1', 100),
    "E 0000000b 'p1' 00 00000064",
  ],
  ['Close a statement', (out) => frontend.writeClose(out, 'S', 's1'), "C 00000008 S 's1' 00"],
  ['Close a portal', (out) => frontend.writeClose(out, 'P', 'p1'), "C 00000008 P 'p1' 00"],
  ['Sync', frontend.writeSync, 'S 00000004'],
  ['Flush', frontend.writeFlush, 'H 00000004'],
  ['CopyData', (out) => frontend.writeCopyData(out, hex("'1\t2\n'")), "d 00000008 '1\t2\n'"],
  ['CopyData: empty', (out) => frontend.writeCopyData(out, new Uint8Array()), 'd 00000004'],
  ['CopyDone', frontend.writeCopyDone, 'c 00000004'],
  [
    'CopyFail',
    (out) => frontend.writeCopyFail(out, 'changed my mind'),
    "f 00000014 'changed my mind' 00",
  ],
  ['Terminate', frontend.writeTerminate, 'X 00000004'],
]

describe('writes', () => {
  test.each(messages)('%s', (_name, write, bytes) => {
    const out = new MessageWriter()
    write(out)
    expect(out.take()).toEqual(hex(bytes))
  })

  test.each(messages)('%s, behind another message and before a third', (_name, write, bytes) => {
    const out = new MessageWriter()
    frontend.writeSync(out)
    write(out)
    frontend.writeFlush(out)
    expect(out.take()).toEqual(concat(hex('S 00000004'), hex(bytes), hex('H 00000004')))
  })

  test('all of them in one batch', () => {
    const out = new MessageWriter()
    for (const [, write] of messages) write(out)
    expect(out.take()).toEqual(concat(...messages.map(([, , bytes]) => hex(bytes))))
  })
})

const withNul: readonly (readonly [name: string, write: Write])[] = [
  ['the name of a startup parameter', (out) => frontend.writeStartup(out, 0, { 'us\0er': 'a' })],
  ['the value of a startup parameter', (out) => frontend.writeStartup(out, 0, { user: 'a\0' })],
  ['a password', (out) => frontend.writePassword(out, '\0')],
  ['a mechanism', (out) => frontend.writeSaslInitialResponse(out, 'SCRAM\0', new Uint8Array())],
  ['a query', (out) => frontend.writeQuery(out, "SELECT '\0'")],
  ['the name of a statement', (out) => frontend.writeParse(out, 's\0', 'SELECT 1')],
  ['the text of a statement', (out) => frontend.writeParse(out, 's', 'SELECT 1\0')],
  ['the portal of Bind', (out) => frontend.beginBind(out, 'p\0', 's')],
  ['the statement of Bind', (out) => frontend.beginBind(out, 'p', 's\0')],
  ['what Describe names', (out) => frontend.writeDescribe(out, 'S', '\0')],
  ['the portal of Execute', (out) => frontend.writeExecute(out, '\0', 0)],
  ['what Close names', (out) => frontend.writeClose(out, 'P', '\0')],
  ['the reason of CopyFail', (out) => frontend.writeCopyFail(out, 'why\0')],
]

describe('a NUL is refused in', () => {
  test.each(withNul)('%s', (_name, write) => {
    const out = new MessageWriter()
    frontend.writeSync(out)
    const mark = out.mark()
    expect(() => write(out)).toThrow(InterfaceError)
    out.rewind(mark)
    frontend.writeFlush(out)
    expect(out.take()).toEqual(hex('S 00000004 H 00000004'))
  })

  test('the error does not repeat the text', () => {
    expect(() => frontend.writePassword(new MessageWriter(), 'hunter2\0')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    )
  })
})

test('65,535 parameter types and result formats fit, 65,536 do not', () => {
  const out = new MessageWriter()
  frontend.writeParse(out, '', '', new Array<number>(65_535).fill(23))
  const parse = out.take()
  expect(parse.length).toBe(1 + 4 + 1 + 1 + 2 + 65_535 * 4)
  expect(parse.subarray(0, 13)).toEqual(hex('P 00040004 00 00 ffff 00000017'))
  frontend.beginBind(out, '', '')
  frontend.finishBind(out, new Array<frontend.Format>(65_535).fill(1))
  expect(out.take().subarray(0, 11)).toEqual(hex('B 00020006 00 00 ffff 0001'))

  const tooMany = new Array<frontend.Format>(65_536).fill(0)
  expect(() => frontend.writeParse(out, '', '', tooMany)).toThrow(EncodeError)
  expect(() => frontend.finishBind(out, tooMany)).toThrow(EncodeError)
})
