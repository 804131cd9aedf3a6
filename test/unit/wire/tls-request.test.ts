import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { requestTls } from '../../../src/transport/tls.js'
import { settled } from '../../support/fake-backend.js'
import { forbidUnhandledRejections, outcome } from './scene.js'

forbidUnhandledRejections()

/** A stream in the place of a socket, so far as asking for TLS needs one. */
class FakeSocket extends Duplex {
  readonly written: Buffer[] = []

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk)
    done()
  }

  get asSocket(): Socket {
    return this as unknown as Socket
  }
}

describe('the request for TLS', () => {
  test('is SSLRequest and nothing else', async () => {
    const { socket, answer } = ask()
    await settled()
    expect(Buffer.concat(socket.written).toString('hex')).toBe('0000000804d2162f')
    socket.push('N')
    await answer
  })

  test.each([
    ['S', true],
    ['N', false],
  ])('answered %s gives %s and leaves the socket open and silent', async (byte, expected) => {
    const { socket, answer } = ask()
    const listeners = count(socket)
    socket.push(byte)
    expect(await answer).toBe(expected)
    expect(socket.destroyed).toBe(false)
    expect(socket.isPaused()).toBe(true)
    expect(count(socket)).toBeLessThan(listeners)
    expect(socket.listenerCount('data')).toBe(0)
    // What comes now is kept for whoever reads next.
    socket.push('later')
    await settled()
    expect(String(socket.read())).toBe('later')
  })

  test.each([
    ['S and plain text behind it', 'S\0\0\0\0', 'ProtocolError', /before TLS/],
    ['N and plain text behind it', 'NR\0\0\0\b', 'ProtocolError', /before TLS/],
    ['S twice', 'SS', 'ProtocolError', /before TLS/],
    ['an error', 'E\0\0\0\x20SFATAL\0Mreboot and call 555-0100\0\0', 'TlsError', /not shown/],
    ['an error of one byte so far', 'E', 'TlsError', /not shown/],
    ['HTTP', 'HTTP/1.1 400 Bad Request', 'ProtocolError', /does not speak/],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', 'ProtocolError', /before TLS|does not speak/],
    ['a NUL', '\0', 'ProtocolError', /does not speak/],
    ['a byte of TLS', '\x16\x03\x01', 'ProtocolError', /does not speak/],
  ])('answered with %s fails and closes the socket', async (_, bytes, name, text) => {
    const { socket, answer } = ask()
    socket.push(Buffer.from(bytes, 'latin1'))
    const error = await answer
    expect(error).toMatchObject({ name, message: expect.stringMatching(text) })
    expect(error).toMatchObject({ message: expect.not.stringMatching(/555|OpenSSH|400/) })
    expect(socket.destroyed).toBe(true)
  })

  test('fails when the server hangs up', async () => {
    const { socket, answer } = ask()
    socket.push(null)
    expect(await answer).toMatchObject({ name: 'ConnectionClosedError', phase: 'tls' })
    expect(socket.destroyed).toBe(true)
  })

  test('fails with a typed error when the connection breaks', async () => {
    const { socket, answer } = ask()
    const cause = new Error('read ECONNRESET')
    socket.destroy(cause)
    expect(await answer).toMatchObject({
      name: 'ConnectionError',
      phase: 'tls',
      address: 'db.test:5432',
      cause,
    })
  })

  test.each([
    ['an error', new Error('given up')],
    ['no error', 'given up'],
    ['null', null],
  ])('aborted for a reason that is %s rejects with it and closes the socket', async (_, reason) => {
    const abort = new AbortController()
    const { socket, answer } = ask(abort.signal)
    abort.abort(reason)
    expect(await answer).toBe(reason)
    expect(socket.destroyed).toBe(true)
  })

  test('aborted before it begins closes the socket and sends nothing', async () => {
    const { socket, answer } = ask(AbortSignal.abort('given up'))
    expect(await answer).toBe('given up')
    expect(socket.destroyed).toBe(true)
    expect(socket.written).toEqual([])
  })

  test('aborted afterwards is no longer its business', async () => {
    const abort = new AbortController()
    const { socket, answer } = ask(abort.signal)
    socket.push('S')
    await answer
    abort.abort()
    expect(socket.destroyed).toBe(false)
  })
})

function ask(signal: AbortSignal = new AbortController().signal) {
  const socket = new FakeSocket({ allowHalfOpen: false })
  return { socket, answer: outcome(requestTls(socket.asSocket, 'db.test:5432', signal)) }
}

function count(socket: FakeSocket): number {
  const events = ['data', 'error', 'close', 'end'] as const
  return events.reduce((sum, event) => sum + socket.listenerCount(event), 0)
}
