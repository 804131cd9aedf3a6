import { describe, expect, test } from 'vitest'
import type { Peer, Script } from '../support/scripted-server.js'
import {
  authentication,
  authenticationOk,
  cstring,
  errorResponse,
  readyForQuery,
} from '../support/server-messages.js'
import { failureOf, leaveNothingBehind, open, start } from './hostile.js'

leaveNothingBehind()

const REFUSAL = {
  status: 'invalid_token',
  'openid-configuration': 'https://issuer.test/.well-known/openid-configuration',
  scope: 'openid',
}

/** Asks for a token and gives what came. */
async function askForToken(peer: Peer): Promise<string> {
  await peer.listen().read('Startup')
  peer.send(authentication(10, cstring('OAUTHBEARER'), Buffer.of(0)))
  const { data } = await peer.read('Password')
  return (
    String(data)
      .split('\x01')[1]
      ?.replace(/^auth=(?:Bearer )?/, '') ?? ''
  )
}

/** As PostgreSQL 18: what it wants, the client's acknowledgement, the error. */
async function refuse(peer: Peer, refusal: unknown = REFUSAL): Promise<void> {
  peer.send(authentication(11, Buffer.from(JSON.stringify(refusal))))
  const { data } = await peer.read('Password')
  if (String(data) !== '\x01') throw new Error('no acknowledgement')
  peer.send(errorResponse('28000', 'OAuth bearer authentication failed', 'FATAL'))
  peer.socket.end()
}

/** A server that takes one token. */
const takes =
  (token: string): Script =>
  async (peer) => {
    if ((await askForToken(peer)) !== token) return refuse(peer)
    peer.send(authenticationOk, readyForQuery())
    await peer.read('Terminate')
    peer.socket.end()
  }

const requireAuth = 'oauth'

describe('oauthToken', () => {
  test('gives the token that the server takes', async () => {
    const server = await start(takes('good'))
    const conn = await open(server, { requireAuth, oauthToken: () => 'good' })
    await conn.close()
    await server.abandoned()
    expect(server.peers).toHaveLength(1)
  })

  test('without a token learns on a first connection what the server wants', async () => {
    const server = await start(takes('good'))
    const requests: unknown[] = []
    const conn = await open(server, {
      requireAuth,
      oauthToken: async (request) => {
        requests.push(request)
        return request.discovery === undefined ? undefined : 'good'
      },
    })
    await conn.close()
    await server.abandoned()
    expect(server.peers).toHaveLength(2)
    const asked = { user: expect.any(String), host: '127.0.0.1' }
    expect(requests).toEqual([
      asked,
      {
        ...asked,
        discovery: {
          status: 'invalid_token',
          openidConfiguration: REFUSAL['openid-configuration'],
          scope: 'openid',
        },
      },
    ])
  })

  test('that has expired is asked for anew, once', async () => {
    const server = await start(takes('good'))
    const tokens = ['expired', 'stale', 'good']
    const failure = await failureOf(server, { requireAuth, oauthToken: () => tokens.shift() })
    expect(failure).toMatchObject({ code: '28000' })
    expect(failure.message).not.toMatch(/expired|stale/)
    expect(server.peers).toHaveLength(2)
  })

  test('refused for another reason is not asked for anew', async () => {
    const server = await start(async (peer) => {
      await askForToken(peer)
      await refuse(peer, { status: 'insufficient_scope' })
    })
    const failure = await failureOf(server, { requireAuth, oauthToken: () => 'narrow' })
    expect(failure).toMatchObject({ code: '28000' })
    expect(server.peers).toHaveLength(1)
  })

  test('that never comes ends at the deadline', async () => {
    const server = await start(async (peer) => {
      await askForToken(peer)
    })
    const oauthToken = () => new Promise<string>(() => {})
    const failure = await failureOf(server, { requireAuth, oauthToken, connectTimeout: 200 })
    expect(failure).toMatchObject({ name: 'ConnectTimeoutError', phase: 'authentication' })
  })

  test('is not sent over an open network', async () => {
    const server = await start(async (peer) => {
      await askForToken(peer)
    })
    const failure = await failureOf(server, { oauthToken: () => 'secret' })
    expect(failure).toMatchObject({ name: 'AuthenticationError' })
    expect(failure.message).not.toContain('secret')
  })
})

describe('gssProvider', () => {
  test('answers a server that asks for GSSAPI', async () => {
    const server = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(authentication(7))
      if (String((await peer.read('Password')).data) !== 'first') throw new Error('no token')
      peer.send(authentication(8, Buffer.from('challenge')))
      if (String((await peer.read('Password')).data) !== 'second') throw new Error('no token')
      peer.send(authenticationOk, readyForQuery())
      await peer.read('Terminate')
      peer.socket.end()
    })
    let isComplete = false
    const conn = await open(server, {
      gssProvider: () => ({
        step(token) {
          if (token === undefined) return Buffer.from('first')
          isComplete = true
          return Buffer.from('second')
        },
        get isComplete() {
          return isComplete
        },
      }),
    })
    await conn.close()
    await server.abandoned()
    expect(server.errors).toEqual([])
  })

  test('missing: the error says so', async () => {
    const server = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(authentication(7))
    })
    const failure = await failureOf(server)
    expect(failure).toMatchObject({ name: 'AuthenticationError' })
    expect(failure.message).toContain('gssProvider')
  })

  test('SSPI is refused clearly', async () => {
    const server = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(authentication(9))
    })
    const failure = await failureOf(server)
    expect(failure).toMatchObject({ name: 'AuthenticationError' })
    expect(failure.message).toContain('SSPI, which sluice does not support')
  })
})
