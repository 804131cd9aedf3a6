import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { ConnectOptions } from '../../src/index.js'
import { message } from '../support/bytes.js'
import { beginScram, continueScram, SASL_REQUEST } from '../support/scram-server.js'
import type { Script } from '../support/scripted-server.js'
import {
  authentication,
  authenticationOk,
  backendKeyData,
  cstring,
  int32,
  noticeResponse,
  parameterStatus,
  readyForQuery,
} from '../support/server-messages.js'
import { failureOf, leaveNothingBehind, start, turn } from './hostile.js'

leaveNothingBehind()

/** A place on the way to a connection where a server may fall silent, and the phase that is then. */
interface Silence {
  readonly name: string
  readonly phase: string
  readonly options?: ConnectOptions
  /** Comes to its end where the server falls silent. */
  readonly serve: Script
}

const silences: readonly Silence[] = [
  {
    name: 'SSLRequest',
    phase: 'tls',
    options: { ssl: 'require' },
    serve: async (peer) => void (await peer.read('SSLRequest')),
  },
  {
    name: 'SSLRequest with sslmode prefer',
    phase: 'tls',
    options: { ssl: 'prefer' },
    serve: async (peer) => void (await peer.read('SSLRequest')),
  },
  {
    name: 'the first flight of TLS',
    phase: 'tls',
    options: { ssl: 'require' },
    async serve(peer) {
      await peer.read('SSLRequest')
      peer.socket.removeAllListeners('data')
      peer.send('S')
      await new Promise((resolve) => peer.socket.once('data', resolve))
    },
  },
  {
    name: 'the first flight of direct TLS',
    phase: 'tls',
    options: { ssl: { mode: 'require', negotiation: 'direct' } },
    async serve(peer) {
      peer.socket.removeAllListeners('data')
      await new Promise((resolve) => peer.socket.once('data', resolve))
    },
  },
  {
    name: 'the startup message',
    phase: 'startup',
    serve: async (peer) => void (await peer.read('Startup')),
  },
  {
    name: 'half a message',
    phase: 'startup',
    async serve(peer) {
      await peer.read('Startup')
      peer.send('R\0\0\0')
    },
  },
  {
    name: 'AuthenticationOk',
    phase: 'startup',
    async serve(peer) {
      await peer.read('Startup')
      peer.send(authenticationOk, parameterStatus('server_version', '18.4'))
    },
  },
  {
    name: 'SASLInitialResponse',
    phase: 'authentication',
    async serve(peer) {
      await peer.read('Startup')
      await beginScram(peer)
    },
  },
  {
    name: 'SASLResponse',
    phase: 'authentication',
    async serve(peer) {
      await peer.read('Startup')
      continueScram(peer, await beginScram(peer))
      await peer.read('Password')
    },
  },
  {
    name: 'the md5 answer',
    phase: 'authentication',
    async serve(peer) {
      await peer.read('Startup')
      peer.send(authentication(5, Buffer.of(1, 2, 3, 4)))
      await peer.read('Password')
    },
  },
  {
    name: 'a request for a password that we never get ourselves',
    phase: 'authentication',
    options: { password: () => new Promise<string>(() => {}) },
    async serve(peer) {
      await peer.read('Startup')
      peer.send(SASL_REQUEST)
    },
  },
]

describe('a server that falls silent', () => {
  for (const { name, phase, options, serve } of silences) {
    test(`behind ${name} ends in ConnectTimeoutError in the phase ${phase}`, async () => {
      const server = await start((peer, index) => serve(peer.listen(), index))
      const startedAt = performance.now()
      const failure = await failureOf(server, { ...options, connectTimeout: 200 })
      const elapsedMs = performance.now() - startedAt
      expect(failure).toMatchObject({
        name: 'ConnectTimeoutError',
        code: 'ERR_SLUICE_CONNECT_TIMEOUT',
        phase,
        address: `127.0.0.1:${server.port}`,
        safeToRetry: true,
      })
      expect(failure.message).toContain(`phase: ${phase}`)
      expect(elapsedMs).toBeGreaterThan(190)
      expect(elapsedMs).toBeLessThan(2_000)
      expect(server.peers.length).toBe(1)
    })

    for (const [kind, reason] of [
      ['an error', new Error('the user went away')],
      ['a text', 'the user went away'],
      ['null', null],
    ] as const) {
      test(`behind ${name}, and a signal aborted with ${kind}: rejects with it`, async () => {
        const abort = new AbortController()
        const server = await start(async (peer, index) => {
          await serve(peer.listen(), index)
          abort.abort(reason)
        })
        const { signal } = abort
        const failure = await failureOf(server, { ...options, signal })
        expect(failure).toBe(reason)
        expect(getEventListeners(signal, 'abort')).toEqual([])
        expect(server.peers.length).toBe(1)
      })
    }
  }

  test('a signal aborted with the last word of the server rejects with it', async () => {
    const abort = new AbortController()
    const reason = new Error('given up')
    const server = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(
        authenticationOk,
        noticeResponse('00000', 'welcome'),
        backendKeyData(1),
        readyForQuery(),
      )
    })
    const failure = await failureOf(server, {
      signal: abort.signal,
      onNotice: () => abort.abort(reason),
    })
    expect(failure).toBe(reason)
  })

  test('a signal that is aborted already opens no connection', async () => {
    const server = await start(() => {})
    const reason = new Error('too late')
    const failure = await failureOf(server, { signal: AbortSignal.abort(reason) })
    expect(failure).toBe(reason)
    expect(server.peers).toEqual([])
  })
})

describe('a server that never comes to the point', () => {
  const floods: readonly (readonly [string, Buffer])[] = [
    ['notices', noticeResponse('00000', 'wait')],
    ['parameters', parameterStatus('a', 'b')],
    ['notifications', message('A', int32(1), cstring('a'), cstring('b'))],
  ]
  for (const [name, bytes] of floods) {
    test(`with endless ${name} ends at the deadline`, async () => {
      const flood = Buffer.concat(Array.from({ length: 1_000 }, () => bytes))
      const server = await start(async (peer) => {
        await peer.listen().read('Startup')
        peer.send(authenticationOk)
        while (!peer.isClosed) {
          peer.send(flood)
          await peer.drained()
          await turn()
        }
      })
      const failure = await failureOf(server, { connectTimeout: 200 })
      expect(failure).toMatchObject({ name: 'ConnectTimeoutError', phase: 'startup' })
    })
  }

  test('but a byte now and then ends at the deadline', async () => {
    const server = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send('N', int32(60_000))
      while (!peer.isClosed) {
        peer.send('x')
        await turn()
      }
    })
    const failure = await failureOf(server, { connectTimeout: 200 })
    expect(failure).toMatchObject({ name: 'ConnectTimeoutError', phase: 'startup' })
  })
})
