import { beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../src/index.js'
import { message } from '../support/bytes.js'
import type { Script } from '../support/scripted-server.js'
import { type TestServer, testServer } from '../support/server.js'
import {
  authenticationOk,
  backendKeyData,
  errorResponse,
  int32,
  readyForQuery,
  cstring as text,
} from '../support/server-messages.js'
import { failureOf, leaveNothingBehind, open, start } from './hostile.js'

leaveNothingBehind()

let server: TestServer

beforeAll(async () => {
  server = await testServer()
})

/** NegotiateProtocolVersion. */
function negotiate(version: number, ...options: readonly string[]): Buffer {
  return message('v', int32(version), int32(options.length), ...options.map(text))
}

/** Serves a client to its end, from where the server knows the version. */
function serve(...said: readonly Buffer[]): Script {
  return async (peer) => {
    await peer.listen().read('Startup')
    peer.send(...said, authenticationOk, backendKeyData(1), readyForQuery())
    await peer.read('Terminate')
    peer.socket.end()
  }
}

describe('with a real server', () => {
  test('3.2 is spoken from PostgreSQL 18 on, and 3.0 with older ones', async () => {
    await using conn = await connect(server.dsn())
    expect(conn.protocolVersion).toBe((server.majorVersion ?? 18) >= 18 ? '3.2' : '3.0')
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('3.0 is spoken where maxProtocolVersion says so', async () => {
    await using conn = await connect(server.dsn(), { maxProtocolVersion: '3.0' })
    expect(conn.protocolVersion).toBe('3.0')
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('minProtocolVersion 3.2 is met from PostgreSQL 18 on, and refused before', async () => {
    const connecting = connect(server.dsn({ parameters: { min_protocol_version: '3.2' } }))
    if ((server.majorVersion ?? 18) >= 18) await (await connecting).close()
    else await expect(connecting).rejects.toThrow(/3\.0 at most, and minProtocolVersion is 3\.2/)
  })
})

describe('a server that negotiates', () => {
  test.each([
    ['the whole version', 0x0003_0000],
    ['the minor version alone', 0],
  ])('down to 3.0, giving %s, is followed', async (_, version) => {
    const scripted = await start(serve(negotiate(version)))
    const conn = await open(scripted)
    expect(conn.protocolVersion).toBe('3.0')
    await conn.close()
    await scripted.abandoned()
  })

  const nonsense: readonly (readonly [name: string, error: string, said: Buffer])[] = [
    ['up', 'ProtocolError', negotiate(0x0003_0003)],
    ['to 3.1, which does not exist', 'ProtocolError', negotiate(0x0003_0001)],
    ['to protocol 2', 'ProtocolError', negotiate(0x0002_0000)],
    ['without a reason', 'ProtocolError', negotiate(0x0003_0002)],
    ['an option that nobody asked for', 'ProtocolError', negotiate(0x0003_0000, '_pq_.evil')],
    ['twice', 'ProtocolError', Buffer.concat([negotiate(0x0003_0000), negotiate(0x0003_0000)])],
    ['with a count that lies', 'ProtocolError', message('v', int32(0x0003_0000), int32(1 << 30))],
    ['a long key in 3.0', 'ProtocolError', keyIn30(32)],
    ['a short key in 3.0', 'ProtocolError', keyIn30(3)],
  ]
  for (const [name, error, said] of nonsense) {
    test(`${name} is answered with ${error}`, async () => {
      const scripted = await start(async (peer) => {
        await peer.listen().read('Startup')
        peer.send(said)
      })
      const failure = await failureOf(scripted)
      expect(failure).toMatchObject({ name: error })
      expect(failure.message).not.toContain('evil')
    })
  }

  test('below minProtocolVersion is refused, before anything is proven', async () => {
    const scripted = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(negotiate(0x0003_0000))
    })
    const failure = await failureOf(scripted, { minProtocolVersion: '3.2' })
    expect(failure).toMatchObject({ name: 'ConnectionError', phase: 'startup' })
    expect(failure.message).toMatch(/3\.0 at most, and minProtocolVersion is 3\.2/)
  })
})

function keyIn30(bytes: number): Buffer {
  return Buffer.concat([
    negotiate(0x0003_0000),
    authenticationOk,
    backendKeyData(1, Buffer.alloc(bytes, 7)),
  ])
}

describe('the cancel key in 3.2', () => {
  test.each([4, 32, 256])('may have %i bytes', async (bytes) => {
    const scripted = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(authenticationOk, backendKeyData(9, Buffer.alloc(bytes, 7)), readyForQuery())
      await peer.read('Terminate')
      peer.socket.end()
    })
    const conn = await open(scripted)
    expect(conn.serverPid).toBe(9)
    await conn.close()
    await scripted.abandoned()
  })

  test.each([0, 3, 257])('of %i bytes is refused', async (bytes) => {
    const scripted = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(authenticationOk, backendKeyData(9, Buffer.alloc(bytes, 7)))
    })
    expect(await failureOf(scripted)).toMatchObject({ name: 'ProtocolError' })
  })
})

describe('a pooler that refuses 3.2 outright', () => {
  const refuse: Script = async (peer) => {
    const startup = await peer.listen().read('Startup')
    if (startup.minorVersion === 2) {
      peer.send(errorResponse('08P01', 'unsupported protocol version: 3.2', 'FATAL'))
      peer.socket.end()
      return
    }
    peer.send(authenticationOk, backendKeyData(1), readyForQuery())
    await peer.read('Terminate')
    peer.socket.end()
  }

  test('is asked for 3.0', async () => {
    const scripted = await start(refuse)
    const conn = await open(scripted)
    expect(conn.protocolVersion).toBe('3.0')
    await conn.close()
    await scripted.abandoned()
    expect(scripted.peers).toHaveLength(2)
  })

  test('is not asked for 3.0 where minProtocolVersion forbids it', async () => {
    const scripted = await start(refuse)
    const failure = await failureOf(scripted, { minProtocolVersion: '3.2' })
    expect(failure).toMatchObject({ code: '08P01' })
    expect(scripted.peers).toHaveLength(1)
  })

  test('that refuses 3.0 too is not asked a third time', async () => {
    const scripted = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(errorResponse('08P01', 'no', 'FATAL'))
      peer.socket.end()
    })
    expect(await failureOf(scripted)).toMatchObject({ code: '08P01' })
    expect(scripted.peers).toHaveLength(2)
  })
})
