import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, vi } from 'vitest'
import { type Connection, type ConnectOptions, connect } from '../../src/index.js'
import { type Peer, type Script, ScriptedServer } from '../support/scripted-server.js'
import { authenticationOk, backendKeyData, readyForQuery } from '../support/server-messages.js'

export const PASSWORD = 'correct horse'
export const CONNECT_TIMEOUT_MS = 5_432
const servers: ScriptedServer[] = []
const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => {
  unhandled.push(reason)
}

/** Has every test of the file stop its servers, and fail if a socket or an unhandled rejection is left. */
export function leaveNothingBehind(): void {
  beforeEach(() => {
    process.on('unhandledRejection', onUnhandled)
  })

  afterEach(async () => {
    vi.restoreAllMocks()
    await Promise.all(servers.splice(0).map((server) => server.stop()))
    // Handles are closed some turns after their sockets.
    for (let turns = 0; turns < 100 && sockets() > 0; turns++) await turn()
    process.off('unhandledRejection', onUnhandled)
    expect(sockets()).toBe(0)
    expect(unhandled.splice(0)).toEqual([])
  })
}

/** Starts a server that treats each client by `serve`, until the end of the test. */
export async function start(serve: Script): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(serve)
  servers.push(server)
  return server
}

/** Options that reach a server of ours and decide everything themselves. */
export function options(port: number): ConnectOptions {
  return {
    host: '127.0.0.1',
    port,
    user: 'app',
    database: 'app',
    password: PASSWORD,
    ssl: 'disable',
    connectTimeout: CONNECT_TIMEOUT_MS,
  }
}

/** Connects to `server`. */
export function open(server: ScriptedServer, more: ConnectOptions = {}): Promise<Connection> {
  return connect({ ...options(server.port), ...more })
}

/** Why no connection came about, once the client has closed every socket. Fails when a deadline still runs. */
export async function failureOf(server: ScriptedServer, more?: ConnectOptions): Promise<Error> {
  const set = vi.spyOn(globalThis, 'setTimeout')
  const clear = vi.spyOn(globalThis, 'clearTimeout')
  const failure = await failureFrom(open(server, more))
  const cleared = clear.mock.calls.map(([timer]) => timer)
  for (const [i, [, delayMs]] of set.mock.calls.entries()) {
    const isDeadline = delayMs === (more?.connectTimeout ?? CONNECT_TIMEOUT_MS)
    if (isDeadline) expect(cleared).toContain(set.mock.results[i]?.value)
  }
  await server.abandoned()
  expect(server.errors).toEqual([])
  return failure
}

/** What a promise was rejected with. */
export function failureFrom(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (error) => error,
  )
}

/** Lets a client in without any proof. */
export async function becomeReady(peer: Peer): Promise<void> {
  await peer.read('Startup')
  peer.send(authenticationOk, backendKeyData(1), readyForQuery())
}

/** A port that nobody listens on. */
export async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Waits for the next turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Sockets and servers that keep the process alive. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS|Pipe.*Connect)/.test(kind))
    .length
}
