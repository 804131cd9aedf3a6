import { once } from 'node:events'
import { type AddressInfo, connect as connectSocket, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/index.js'
import { FaultProxy, type Faults } from '../support/fault-proxy.js'
import { type TestServer, testServer } from '../support/server.js'

let postgres: TestServer
let echo: Server

beforeAll(async () => {
  postgres = await testServer()
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
})

afterAll(() => {
  echo.close()
})

/** Sends `text` to an echo through a proxy with these faults, and gives what came back and how it ended. */
async function send(text: string, faults: Faults): Promise<{ text: string; end: string }> {
  const { port } = echo.address() as AddressInfo
  await using proxy = await FaultProxy.start({ port, host: '127.0.0.1' }, faults)
  const socket = connectSocket({ port: proxy.port, host: '127.0.0.1' })
  let received = ''
  let end = 'closed'
  socket.on('data', (chunk) => {
    received += chunk
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end = error.code ?? 'error'
  })
  socket.end(text)
  await new Promise((resolve) => socket.on('close', resolve))
  return { text: received, end }
}

test.each<[string, Faults, { text: string; end: string }]>([
  ['nothing', {}, { text: 'abcdef', end: 'closed' }],
  ['a cut to the client', { toClient: { cutAfter: 2 } }, { text: 'ab', end: 'closed' }],
  ['a cut to the server', { toServer: { cutAfter: 0 } }, { text: '', end: 'closed' }],
  ['a reset', { toServer: { cutAfter: 3, cut: 'reset' } }, { text: '', end: 'ECONNRESET' }],
  [
    'a half-close',
    { toServer: { cutAfter: 3, cut: 'half-close' } },
    { text: 'abc', end: 'closed' },
  ],
  ['silence', { toServer: { cutAfter: 4, cut: 'silence' } }, { text: 'abcd', end: 'closed' }],
  ['single bytes', { toClient: { pieceSize: 1 } }, { text: 'abcdef', end: 'closed' }],
  ['delays', { toServer: { delay: 5, pieceSize: 2 } }, { text: 'abcdef', end: 'closed' }],
  ['a bandwidth', { toServer: { bandwidth: 1_000 } }, { text: 'abcdef', end: 'closed' }],
])('a proxy with %s', async (_name, faults, expected) => {
  const outcome = await send('abcdef', faults)
  // What was on the way when a connection is reset may arrive or not.
  if (expected.end === 'ECONNRESET') expect(outcome.end).toBe(expected.end)
  else expect(outcome).toEqual(expected)
})

test('a proxy corrupts the byte it is told to', async () => {
  const { text } = await send('abcdef', { toServer: { corruptAt: 2, pieceSize: 2 } })
  expect(text).toBe('ab\ufffddef')
})

test('a connection works through a proxy that splits and delays, and its bytes are counted', async () => {
  const { port } = postgres
  await using proxy = await FaultProxy.start(
    { port, host: '127.0.0.1' },
    { toClient: { pieceSize: 1 } },
  )
  await using conn = await connect(postgres.dsn(), { host: '127.0.0.1', port: proxy.port })
  expect(await conn.fetchval('select 42')).toBe(42)
  const { bytes } = proxy.connections[0] ?? {}
  expect(bytes?.toServer).toBeGreaterThan(50)
  expect(bytes?.toClient).toBeGreaterThan(100)
})

test('a frozen proxy hands on nothing until it thaws', async () => {
  const { port } = postgres
  await using proxy = await FaultProxy.start({ port, host: '127.0.0.1' })
  await using conn = await connect(postgres.dsn(), { host: '127.0.0.1', port: proxy.port })
  proxy.freeze()
  const answers: unknown[] = []
  const query = conn.fetchval('select 1').then((value) => answers.push(value))
  const { bytes } = proxy.connections[0] ?? {}
  const before = bytes?.toServer
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect([answers, bytes?.toServer]).toEqual([[], before])
  proxy.thaw()
  await query
  expect(answers).toEqual([1])
})
