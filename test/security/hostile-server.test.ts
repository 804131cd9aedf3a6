import { once } from 'node:events'
import { createServer, connect as dial, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type ConnectOptions, connect, PostgresError } from '../../src/index.js'
import {
  becomeReady,
  failureFrom,
  failureOf,
  leaveNothingBehind,
  open,
  PASSWORD,
  start,
} from '../integration/hostile.js'
import { beginScram, continueScram, scram } from '../support/scram-server.js'
import type { Peer, Script } from '../support/scripted-server.js'
import { testServer } from '../support/server.js'
import {
  authentication,
  authenticationOk,
  backendKeyData,
  cstring,
  dataRow,
  errorResponse,
  int16,
  int32,
  parameterStatus,
  readyForQuery,
  rowDescription,
} from '../support/server-messages.js'

/* Attacks by a server, or by whoever stands between. */

leaveNothingBehind()

/** A server that asks for TLS's turn and answers it so. */
const atTls = (answer: (peer: Peer) => void) =>
  start(async (peer) => {
    await peer.listen().read('SSLRequest')
    peer.socket.removeAllListeners('data')
    answer(peer)
  })

/** A server that asks for a password by SCRAM, with this in the place of server-first. */
const withServerFirst = (text: (clientNonce: string) => string) =>
  start(async (peer) => {
    await peer.listen().read('Startup')
    const clientFirst = await beginScram(peer)
    peer.send(
      authentication(11, Buffer.from(text(clientFirst.slice(clientFirst.indexOf('r=') + 2)))),
    )
  })

describe('before TLS', () => {
  test('libpq CVE-2021-23222, PgBouncer CVE-2021-3935: plain text behind the answer is no part of the session', async () => {
    const server = await atTls((peer) => peer.send('S', authenticationOk, readyForQuery()))
    expect(await failureOf(server, { ssl: 'require' })).toMatchObject({ name: 'ProtocolError' })
  })

  test('libpq CVE-2024-10977: an error in clear text is not shown where TLS is required', async () => {
    const server = await atTls((peer) =>
      peer.send(errorResponse('28000', 'mail your password to evil.test', 'FATAL')),
    )
    const error = await failureOf(server, { ssl: 'require' })
    expect(error).toMatchObject({ name: 'TlsError' })
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('evil.test')
  })
})

describe('during authentication', () => {
  test('pgJDBC CVE-2026-42198: iterations without bounds are refused before they are computed', async () => {
    for (const [iterations, name] of [
      ['100001', 'AuthenticationError'],
      ['2147483647', 'AuthenticationError'],
      ['99999999999999999999', 'ProtocolError'],
    ] as const) {
      const server = await start(async (peer) => {
        await peer.listen().read('Startup')
        continueScram(peer, await beginScram(peer), iterations)
      })
      const error = await failureOf(server)
      expect(error).toMatchObject({ name })
    }
  })

  test('a server that knows no proof of the password is not believed', async () => {
    const scripts: readonly Script[] = [
      // AuthenticationOk at once, after the client's first message, and in the place of the second proof
      (peer) => peer.send(authenticationOk, backendKeyData(1), readyForQuery()),
      async (peer) => {
        await beginScram(peer)
        peer.send(authenticationOk, backendKeyData(1), readyForQuery())
      },
      async (peer) => {
        continueScram(peer, await beginScram(peer))
        await peer.read('Password')
        peer.send(authenticationOk, backendKeyData(1), readyForQuery())
      },
      (peer) => scram(peer, PASSWORD, { signature: Buffer.alloc(32) }),
    ]
    for (const script of scripts) {
      const server = await start(async (peer, index) => {
        await peer.listen().read('Startup')
        await script(peer, index)
      })
      const error = await failureOf(server, { requireAuth: 'scram-sha-256' })
      expect(error).toMatchObject({ name: 'AuthenticationError' })
    }
  })

  const serverFirst: readonly (readonly [string, (nonce: string) => string])[] = [
    ['another nonce', () => 'r=mine,s=QSXCR+Q6sek8bf92,i=4096'],
    ['the same nonce', (nonce) => `r=${nonce},s=QSXCR+Q6sek8bf92,i=4096`],
    ['no salt', (nonce) => `r=${nonce}x,s=,i=4096`],
    ['a salt that is no base64', (nonce) => `r=${nonce}x,s=%%%%,i=4096`],
    ['attributes in another order', (nonce) => `s=QSXCR+Q6sek8bf92,r=${nonce}x,i=4096`],
    [
      'an extension that must be understood',
      (nonce) => `m=x,r=${nonce}x,s=QSXCR+Q6sek8bf92,i=4096`,
    ],
    ['a megabyte', (nonce) => `r=${nonce}${'x'.repeat(20_000)},s=QSXC,i=`],
    ['nothing', () => ''],
  ]
  test.each(serverFirst)(
    'PgBouncer CVE-2026-6664, CVE-2026-6665: %s is refused',
    async (_, text) => {
      const error = await failureOf(await withServerFirst(text))
      expect(['AuthenticationError', 'ProtocolError']).toContain(error.name)
    },
  )

  test('PgBouncer CVE-2026-6666: an error without SQLSTATE, severity or text is an error', async () => {
    const bare = Buffer.concat([Buffer.from('E'), int32(5), Buffer.of(0)])
    const server = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(bare)
    })
    const error = await failureOf(server)
    expect(error).toBeInstanceOf(PostgresError)
    // Of the class of internal errors, for want of another.
    expect(error).toMatchObject({ code: 'XX000' })
  })
})

/** What a query is answered with, behind what announces rows of one int4 and one text. */
async function answered(...messages: readonly Buffer[]): Promise<Error> {
  const server = await start(async (peer) => {
    await becomeReady(peer.listen())
    await peer.read('Query')
    peer.send(...messages)
  })
  const conn = await open(server, { statementMode: 'simple' })
  const error = await failureFrom(conn.fetch('select 1'))
  conn.terminate()
  await server.abandoned()
  return error
}

const message = (code: string, ...body: readonly Buffer[]) => {
  const bytes = Buffer.concat(body)
  return Buffer.concat([Buffer.from(code), int32(bytes.length + 4), bytes])
}

describe('in answers', () => {
  const columns = rowDescription(['a', 25])
  const lies: readonly (readonly [string, readonly Buffer[]])[] = [
    ['a row with a length below -1', [columns, message('D', int16(1), int32(-2))]],
    ['a row with a length beyond its end', [columns, message('D', int16(1), int32(1_000_000))]],
    ['a row with the length 2^31 - 1', [columns, message('D', int16(1), int32(0x7fffffff))]],
    ['a row of 32,767 columns', [columns, message('D', int16(0x7fff), int32(-1))]],
    ['a row of -1 columns', [columns, message('D', int16(-1))]],
    ['a description of 32,767 columns', [message('T', int16(0x7fff), cstring('a'))]],
    ['a message of 4 GiB', [Buffer.from('D'), int32(-1)]],
    ['a message of length 3', [Buffer.from('D'), int32(3)]],
    ['an error without an end', [message('E', Buffer.from('MFATAL'))]],
    ['a command without an end', [columns, dataRow('x'), message('C', Buffer.from('SELECT 1'))]],
    ['a name of a column without an end', [message('T', int16(1), Buffer.from('name'))]],
    ['a result of a function call', [message('V', int32(4), int32(1))]],
  ]
  test.each(lies)(
    'pgx CVE-2026-32286, libpq CVE-2022-41862, CVE-2026-6477: %s ends the connection',
    async (_, messages) => {
      const error = await answered(...messages)
      expect(error).toMatchObject({ name: 'ProtocolError' })
    },
  )

  test('a name of a parameter that the server reports is no property of an object', async () => {
    const server = await start(async (peer) => {
      await peer.listen().read('Startup')
      const named = ['__proto__', 'constructor', 'toString'].map((name) =>
        parameterStatus(name, 'x'),
      )
      peer.send(authenticationOk, ...named, backendKeyData(1), readyForQuery())
      await peer.read('Parse').catch(() => {})
    })
    const conn = await open(server)
    expect(Reflect.get({}, 'x')).toBeUndefined()
    expect({}.constructor).toBe(Object)
    conn.terminate()
    await server.abandoned()
  })
})

test('libpq CVE-2018-10915, CVE-2020-25694: every host is asked for all that was demanded', async () => {
  // The first hangs up. The second offers no TLS, and so must not be told anything.
  const first = await start((peer) => void peer.socket.destroy())
  const second = await start(async (peer) => {
    await peer.listen().read('SSLRequest')
    peer.send('N')
  })
  const hosts = `127.0.0.1:${first.port},127.0.0.1:${second.port}`
  const dsn = `postgresql://app:${encodeURIComponent(PASSWORD)}@${hosts}/app?sslmode=verify-full&sslrootcert=system`
  const error = await failureFrom(connect(dsn, { connectTimeout: 5_000 }))
  expect(error.message).toMatch(/does not offer TLS/)
  expect(second.peers.length).toBe(1)
  expect(second.errors).toEqual([])
})

test('pgx before 5.10, pgJDBC: a CancelRequest goes the way of its connection, and not in clear', async () => {
  const target = await testServer()
  const heads: Buffer[] = []
  const relay = createServer((client: Socket) => {
    const upstream = dial(target.port, '127.0.0.1')
    client.once('data', (chunk: Buffer) => heads.push(chunk.subarray(0, 8)))
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const { port } = relay.address() as { port: number }
  const options: ConnectOptions = { port, ssl: 'require' }
  const conn = await connect(target.dsn({ auth: 'scram-sha-256' }), options)
  const late = conn.fetch('select pg_sleep(60)', [], { timeout: 50 })
  await expect(late).rejects.toMatchObject({ name: 'QueryTimeoutError' })
  expect(await conn.fetchval('select 1')).toBe(1)
  await conn.close()
  await new Promise((resolve) => relay.close(resolve))
  const SSL_REQUEST = Buffer.concat([int32(8), int32(80877103)])
  expect(heads.length).toBeGreaterThanOrEqual(2)
  for (const head of heads) expect(head).toEqual(SSL_REQUEST)
})
