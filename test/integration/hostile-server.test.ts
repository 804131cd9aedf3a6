import { describe, expect, test } from 'vitest'
import { connect } from '../../src/index.js'
import { beginScram, continueScram, SASL_REQUEST, scram } from '../support/scram-server.js'
import type { Script } from '../support/scripted-server.js'
import {
  authentication,
  authenticationOk,
  backendKeyData,
  bindComplete,
  commandComplete,
  cstring,
  errorResponse,
  int32,
  noticeResponse,
  parameterStatus,
  readyForQuery,
} from '../support/server-messages.js'
import {
  becomeReady,
  failureFrom,
  failureOf,
  leaveNothingBehind,
  open,
  options,
  PASSWORD,
  start,
  unusedPort,
} from './hostile.js'

leaveNothingBehind()

describe('to the request for TLS', () => {
  const answers: readonly (readonly [string, string, Script])[] = [
    ['FIN', 'ConnectionClosedError', (peer) => void peer.socket.end()],
    ['a reset', 'ConnectionError', (peer) => void peer.socket.resetAndDestroy()],
    ['garbage', 'ProtocolError', (peer) => peer.send(Buffer.alloc(4096, 0xff))],
    ['HTTP', 'ProtocolError', (peer) => peer.send('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['an SSH banner', 'ProtocolError', (peer) => peer.send('SSH-2.0-OpenSSH_9.2\r\n')],
    ['a greeting of MySQL', 'ProtocolError', (peer) => peer.send('J\0\0\0\n8.0.36\0')],
    ['two bytes', 'ProtocolError', (peer) => peer.send('SS')],
    ['plain text behind S', 'ProtocolError', (peer) => peer.send('S', authenticationOk)],
    [
      'an ErrorResponse',
      'TlsError',
      (peer) => peer.send(errorResponse('28000', 'send your password to evil.test', 'FATAL')),
    ],
    ['N where TLS is required', 'TlsError', (peer) => peer.send('N')],
    ['garbage in the place of a handshake', 'TlsError', (peer) => peer.send('S')],
  ]
  for (const [name, error, answer] of answers) {
    test(`${name} is answered with ${error}`, async () => {
      const server = await start(async (peer, index) => {
        await peer.listen().read('SSLRequest')
        peer.socket.removeAllListeners('data')
        await answer(peer, index)
        // The first flight of the handshake, if it is taken for that, is answered in plain text.
        peer.socket.on('data', () => peer.send(authenticationOk, readyForQuery()))
      })
      const failure = await failureOf(server, { ssl: 'require' })
      expect(failure).toMatchObject({ name: error })
      expect(failure.message).not.toMatch(/evil|OpenSSH|8\.0\.36/)
      expect(server.peers.length).toBe(1)
    })
  }

  test('an ErrorResponse, with sslmode prefer, leads to a connection without TLS', async () => {
    const server = await start(async (peer, index) => {
      peer.listen()
      if (index === 0) {
        await peer.read('SSLRequest')
        peer.send(errorResponse('0A000', 'unsupported frontend protocol', 'FATAL'))
      } else {
        await becomeReady(peer)
        await peer.read('Terminate')
        peer.socket.end()
      }
    })
    const connection = await open(server, { ssl: 'prefer' })
    expect(connection.isEncrypted).toBe(false)
    await connection.close()
    await server.abandoned()
  })
})

describe('at startup', () => {
  const answers: readonly (readonly [string, string, Script])[] = [
    ['FIN', 'ConnectionClosedError', (peer) => void peer.socket.end()],
    ['a reset', 'ConnectionClosedError', (peer) => void peer.socket.resetAndDestroy()],
    ['garbage', 'ProtocolError', (peer) => peer.send(Buffer.alloc(4096, 0xff))],
    ['zeros', 'ProtocolError', (peer) => peer.send(Buffer.alloc(4096))],
    ['HTTP', 'ProtocolError', (peer) => peer.send('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['an SSH banner', 'ProtocolError', (peer) => peer.send('SSH-2.0-OpenSSH_9.2\r\n')],
    ['a length of 4 GiB', 'ProtocolError', (peer) => peer.send('R', int32(0xffffffff))],
    ['a length of 2 GiB', 'ProtocolError', (peer) => peer.send('R', int32(0x7fffffff))],
    [
      'a body of 1 MiB',
      'ProtocolError',
      (peer) => peer.send(noticeResponse('00000', 'x'.repeat(1_048_576))),
    ],
    ['ReadyForQuery', 'ProtocolError', (peer) => peer.send(readyForQuery())],
    [
      'another encoding',
      'ProtocolError',
      (peer) => peer.send(authenticationOk, parameterStatus('client_encoding', 'LATIN1')),
    ],
    [
      'an error that is not FATAL',
      'ConnectionException',
      (peer) => peer.send(errorResponse('08006', 'no such user')),
    ],
    [
      'too many connections',
      'InsufficientResources',
      (peer) => peer.send(errorResponse('53300', 'too many clients', 'FATAL')),
    ],
    ['Kerberos', 'AuthenticationError', (peer) => peer.send(authentication(7))],
    [
      'a request for the bare password',
      'AuthenticationError',
      (peer) => peer.send(authentication(3)),
    ],
    [
      'an unknown SASL mechanism',
      'AuthenticationError',
      (peer) => peer.send(authentication(10, cstring('PLAIN'), Buffer.of(0))),
    ],
    [
      'AuthenticationOk in the place of a proof',
      'AuthenticationError',
      async (peer) => {
        await beginScram(peer)
        peer.send(authenticationOk, backendKeyData(1), readyForQuery())
      },
    ],
    [
      'AuthenticationOk in the place of the second proof',
      'AuthenticationError',
      async (peer) => {
        continueScram(peer, await beginScram(peer))
        await peer.read('Password')
        peer.send(authenticationOk, backendKeyData(1), readyForQuery())
      },
    ],
    [
      'a wrong signature',
      'AuthenticationError',
      async (peer) => {
        await scram(peer, PASSWORD, { signature: Buffer.alloc(32) })
        peer.send(authenticationOk, readyForQuery())
      },
    ],
    [
      '2^31 iterations',
      'AuthenticationError',
      async (peer) => {
        continueScram(peer, await beginScram(peer), '2147483648')
      },
    ],
    [
      'iterations that are no number',
      'ProtocolError',
      async (peer) => {
        continueScram(peer, await beginScram(peer), '4096e9')
      },
    ],
    ['SASL twice', 'ProtocolError', (peer) => peer.send(SASL_REQUEST, SASL_REQUEST)],
  ]
  for (const [name, error, answer] of answers) {
    test(`${name} is answered with ${error}`, async () => {
      const server = await start(async (peer, index) => {
        await peer.listen().read('Startup')
        await answer(peer, index)
      })
      const failure = await failureOf(server)
      expect(failure).toMatchObject({ name: error })
      expect(failure.message).not.toContain(PASSWORD)
      expect(server.peers.length).toBe(1)
    })
  }

  test('a server that can prove itself is believed', async () => {
    const server = await start(async (peer) => {
      await peer.listen().read('Startup')
      await scram(peer, PASSWORD)
      peer.send(authenticationOk, readyForQuery())
      await peer.read('Terminate')
      peer.socket.end()
    })
    const connection = await open(server)
    await connection.close()
    await server.abandoned()
  })
})

describe('where there is no server', () => {
  test.each(['127.0.0.1', 'localhost'])('%s: the error says so', async (host) => {
    const port = await unusedPort()
    const failure = await failureFrom(connect({ ...options(port), host }))
    expect(failure).toMatchObject({ name: 'ConnectionError', phase: 'connect', safeToRetry: true })
    expect(failure.message).toContain('ECONNREFUSED')
    expect(failure.message).toContain(`${host}:${port}`)
  })

  test('the next host serves', async () => {
    const refused = await unusedPort()
    const server = await start(async (peer) => {
      await becomeReady(peer.listen())
      await peer.read('Terminate')
      peer.socket.end()
    })
    const host = ['127.0.0.1', '127.0.0.1']
    const connection = await connect({ ...options(0), host, port: [refused, server.port] })
    expect(connection.address).toBe(`127.0.0.1:${server.port}`)
    await connection.close()
    await server.abandoned()
  })

  test('of several hosts the error lists each', async () => {
    const server = await start((peer) => void peer.listen().socket.end())
    const port = [await unusedPort(), server.port]
    const host = ['127.0.0.1', '127.0.0.1']
    const failure = await failureFrom(connect({ ...options(0), host, port }))
    expect(failure).toMatchObject({
      name: 'ConnectionError',
      attempts: [
        { address: `127.0.0.1:${port[0]}`, phase: 'connect' },
        { address: `127.0.0.1:${port[1]}`, phase: 'startup' },
      ],
    })
    await server.abandoned()
  })
})

describe('once connected', () => {
  test('a reset within a query is its ConnectionClosedError', async () => {
    const server = await start(async (peer) => {
      await becomeReady(peer.listen())
      await peer.read('Query')
      peer.socket.resetAndDestroy()
    })
    const connection = await open(server)
    const failure = await failureFrom(connection.execute('select 1'))
    expect(failure).toMatchObject({ name: 'ConnectionClosedError', safeToRetry: false })
    expect(failure.message).toContain('ECONNRESET')
    expect(connection.isClosed).toBe(true)
  })

  test('an answer that nobody asked for ends the connection', async () => {
    const server = await start(async (peer) => {
      await becomeReady(peer.listen())
      peer.send(bindComplete, commandComplete('SELECT 0'), readyForQuery())
    })
    const connection = await open(server)
    await server.abandoned()
    const failure = await failureFrom(connection.execute('select 1'))
    expect(failure).toMatchObject({ name: 'ConnectionClosedError', safeToRetry: true })
    expect(failure.cause).toMatchObject({ name: 'ProtocolError' })
  })

  test('a server that does not hang up after Terminate holds nobody up for long', async () => {
    const server = await start(async (peer) => {
      peer.socket.on('end', () => {})
      await becomeReady(peer.listen())
    })
    const connection = await open(server)
    const startedAt = performance.now()
    await connection.close()
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    expect(connection.isClosed).toBe(true)
  })
})
