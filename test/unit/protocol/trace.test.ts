import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as protocol from '../../../src/protocol/index.js'
import { MessageWriter, ProtocolTracer, type TraceOptions } from '../../../src/protocol/index.js'
import { concat, hex } from '../../support/bytes.js'
import { authentication, backendKeyData, cstring, dataRow } from '../../support/server-messages.js'
import { backendMessages } from './backend-messages.js'

/** A tracer and the lines it has written. */
function traced(options: TraceOptions = { timestamps: false }): {
  tracer: ProtocolTracer
  lines: () => string[]
} {
  let text = ''
  const tracer = new ProtocolTracer({ write: (more: string) => (text += more) }, options)
  return { tracer, lines: () => text.split('\n').slice(0, -1) }
}

function written(write: (out: MessageWriter) => void): Buffer {
  const out = new MessageWriter()
  write(out)
  return out.take()
}

const STARTUP = written((out) => protocol.writeStartup(out, protocol.PROTOCOL_3_2, { user: 'ada' }))

/** The line of one frontend message behind the startup message. */
function frontendLine(bytes: Buffer, options?: TraceOptions): string | undefined {
  const { tracer, lines } = traced(options)
  tracer.frontend(STARTUP)
  tracer.frontend(bytes)
  return lines()[1]
}

describe('the messages of the client', () => {
  const cases: readonly (readonly [line: string, write: (out: MessageWriter) => void])[] = [
    ['F\t18\tQuery\t "select 1" ', () => {}],
    ['F\t13\tQuery\t "select 1"', (out) => protocol.writeQuery(out, 'select 1')],
    ['F\t17\tParse\t "s" "ab" 1 23', (out) => protocol.writeParse(out, 's', 'ab', [23])],
    ['F\t8\tDescribe\t S "ab"', (out) => protocol.writeDescribe(out, 'S', 'ab')],
    ['F\t6\tClose\t P ""', (out) => protocol.writeClose(out, 'P', '')],
    ['F\t9\tExecute\t "" 50', (out) => protocol.writeExecute(out, '', 50)],
    ['F\t4\tSync', protocol.writeSync],
    ['F\t4\tFlush', protocol.writeFlush],
    ['F\t4\tTerminate', protocol.writeTerminate],
    ['F\t4\tCopyDone', protocol.writeCopyDone],
    ['F\t7\tCopyFail\t "no"', (out) => protocol.writeCopyFail(out, 'no')],
    ["F\t7\tCopyData\t 'a\\x09b'", (out) => protocol.writeCopyData(out, Buffer.from('a\tb'))],
    [
      "F\t22\tFunctionCall\t 9 1 1 1 1 'x' 1",
      (out) => protocol.writeFunctionCall(out, 9, [Buffer.from('x')], 1),
    ],
  ]
  test.each(cases.slice(1))('%j', (line, write) => {
    expect(frontendLine(written(write))?.replace(/^F\t\d+/, 'F')).toBe(line.replace(/^F\t\d+/, 'F'))
  })

  test('of the beginning: SSLRequest, GSSENCRequest, StartupMessage', () => {
    const { tracer, lines } = traced()
    tracer.frontend(concat(written(protocol.writeSslRequest), written(protocol.writeGssEncRequest)))
    tracer.frontend(STARTUP)
    expect(lines()).toEqual([
      'F\t8\tSSLRequest\t 1234 5679',
      'F\t8\tGSSENCRequest\t 1234 5680',
      'F\t18\tStartupMessage\t 3 2 "user" "ada" ""',
    ])
  })
})

describe('the messages of the server', () => {
  test.each(backendMessages)('%s', (name, bytes) => {
    const { tracer, lines } = traced()
    tracer.backend(hex(bytes))
    const [line = ''] = lines()
    expect(lines()).toHaveLength(1)
    expect(line).toMatch(new RegExp(`^B\\t${hex(bytes).length - 1}\\t`))
    if (!/^Authentication/.test(name)) expect(line).toContain(name.split(':')[0] ?? '')
  })

  test('the numbers and bytes of a row', () => {
    const { tracer, lines } = traced()
    tracer.backend(dataRow('ab', null, Buffer.of(0, 0x27)))
    expect(lines()).toEqual(["B\t22\tDataRow\t 3 2 'ab' -1 2 '\\x00''"])
  })
})

describe('secrets', () => {
  const SECRET = 'correct horse'
  function conversation(options: TraceOptions): string {
    const { tracer, lines } = traced({ timestamps: false, ...options })
    tracer.frontend(STARTUP)
    tracer.backend(authentication(3))
    tracer.frontend(written((out) => protocol.writePassword(out, SECRET)))
    tracer.backend(authentication(10, cstring('SCRAM-SHA-256'), Buffer.of(0)))
    const data = Buffer.from(SECRET)
    tracer.frontend(written((out) => protocol.writeSaslInitialResponse(out, 'SCRAM-SHA-256', data)))
    tracer.backend(authentication(11, data))
    tracer.frontend(written((out) => protocol.writeSaslResponse(out, data)))
    tracer.backend(authentication(12, data))
    tracer.backend(authentication(7))
    tracer.frontend(written((out) => protocol.writeGssResponse(out, data)))
    tracer.backend(backendKeyData(7, data))
    const cancel = traced({ timestamps: false, ...options })
    cancel.tracer.frontend(written((out) => protocol.writeCancelRequest(out, 7, data)))
    return [...lines(), ...cancel.lines()].join('\n')
  }

  test('are left out', () => {
    expect(conversation({})).not.toContain(SECRET)
    expect(conversation({}).match(/'BBBB'/g)).toHaveLength(8)
  })

  test('are shown when asked for', () => {
    expect(conversation({ secrets: true }).match(/correct horse/g)).toHaveLength(8)
  })

  test('each answer to a request to authenticate has its own name', () => {
    const names = conversation({}).match(/\w+(?:Response|Message|Request)(?=\t)/g)
    expect(names).toEqual([
      'StartupMessage',
      'PasswordMessage',
      'SASLInitialResponse',
      'SASLResponse',
      'GSSResponse',
      'CancelRequest',
    ])
  })
})

test('a time stands before each line unless it is switched off', () => {
  const now = () => new Date(2026, 0, 2, 3, 4, 5, 6)
  const { tracer, lines } = traced({ now })
  tracer.backend(authentication(0))
  expect(lines()).toEqual(['2026-01-02 03:04:05.006000\tB\t8\tAuthenticationOk'])
})

test('any bytes in any chunks are lines, and never an exception', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 20 }),
          fc.constantFrom(...backendMessages).map(([, bytes]) => hex(bytes)),
        ),
      ),
      fc.integer({ min: 1, max: 9 }),
      (pieces, size) => {
        const bytes = concat(...pieces)
        const whole = traced()
        whole.tracer.backend(bytes)
        whole.tracer.frontend(bytes)
        const cut = traced()
        for (let at = 0; at < bytes.length; at += size)
          cut.tracer.backend(bytes.subarray(at, at + size))
        for (let at = 0; at < bytes.length; at += size)
          cut.tracer.frontend(bytes.subarray(at, at + size))
        expect(cut.lines()).toEqual(whole.lines())
      },
    ),
  )
})
