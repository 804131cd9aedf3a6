import { lookup } from 'node:dns'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { resolveConnection } from '../../src/config/resolve.js'
import { ConnectionEmitter } from '../../src/connection/connection-events.js'
import { type Connection, type ConnectOptions, connect, createPool } from '../../src/index.js'
import { startCluster, type TestCluster } from '../../src/testing/index.js'
import { TypeCatalogue } from '../../src/types/type-catalogue.js'
import { Connector } from '../../src/wire/connector.js'
import type { WireConnection } from '../../src/wire/wire-connection.js'
import {
  authenticationOk,
  backendKeyData,
  errorResponse,
  parameterStatus,
  readyForQuery,
} from '../support/server-messages.js'
import {
  becomeReady,
  failureFrom,
  leaveNothingBehind,
  options,
  start,
  turn,
  unusedPort,
} from './hostile.js'

/** Names of several addresses, which the resolver of the machine does not know. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'two.test': ['127.0.0.2', '127.0.0.1'],
  'twice.test': ['127.0.0.1', '127.0.0.1'],
}

vi.mock('node:dns', async (original) => {
  const dns = await original<typeof import('node:dns')>()
  return { ...dns, lookup: vi.fn(dns.lookup) }
})

beforeEach(() => {
  vi.mocked(lookup).mockClear()
  vi.mocked(lookup).mockImplementation(((
    name: string,
    _options: unknown,
    done: (error: Error | null, found?: { address: string; family: number }[]) => void,
  ) => {
    const addresses = NAMES[name]
    if (addresses !== undefined) {
      setImmediate(() =>
        done(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        ),
      )
    } else if (name !== 'silent.test') {
      setImmediate(() => done(new Error(`getaddrinfo ENOTFOUND ${name}`)))
    }
  }) as typeof lookup)
})

describe('the addresses of a name', () => {
  leaveNothingBehind()

  const serve = () =>
    start(async (peer) => {
      await becomeReady(peer.listen())
      await peer.read('Terminate')
      peer.socket.end()
    })

  test('are tried in turn', async () => {
    const server = await serve()
    const connection = await connect({ ...options(server.port), host: 'two.test' })
    expect(connection.address).toBe(`two.test:${server.port}`)
    await connection.close()
  })

  test('have each a place in the error, which names host and address', async () => {
    const port = await unusedPort()
    const failure = await failureFrom(connect({ ...options(port), host: 'two.test' }))
    expect(failure).toMatchObject({
      name: 'ConnectionError',
      attempts: [
        { address: `127.0.0.2:${port}`, phase: 'connect' },
        { address: `127.0.0.1:${port}`, phase: 'connect' },
      ],
    })
    expect(failure.message).toContain(`two.test:${port} (127.0.0.2:${port})`)
    expect(failure.message).toContain('ECONNREFUSED')
  })

  test('have each a deadline of their own', async () => {
    const server = await start((peer) => void peer.listen())
    const hosts = { host: '127.0.0.1,127.0.0.1', port: [server.port, server.port] }
    const failure = await failureFrom(connect({ ...options(0), ...hosts, connectTimeout: 150 }))
    expect(failure).toMatchObject({
      attempts: [
        { phase: 'startup', cause: { name: 'ConnectTimeoutError' } },
        { phase: 'startup', cause: { name: 'ConnectTimeoutError' } },
      ],
    })
  })

  test('that are the same are one', async () => {
    const port = await unusedPort()
    const failure = await failureFrom(connect({ ...options(port), host: 'twice.test' }))
    expect(failure).toMatchObject({ name: 'ConnectionError', phase: 'connect' })
    expect(failure).not.toHaveProperty('attempts')
  })

  test('that cannot be had fail in the phase resolve, and the next host serves', async () => {
    const failure = await failureFrom(connect({ ...options(1), host: 'none.test' }))
    expect(failure).toMatchObject({
      name: 'ConnectionError',
      phase: 'resolve',
      safeToRetry: true,
      message: 'cannot look up none.test: getaddrinfo ENOTFOUND none.test',
    })
    const server = await serve()
    const hosts = { host: ['none.test', '127.0.0.1'], port: server.port }
    await (await connect({ ...options(0), ...hosts })).close()
  })

  test('that do not come end at the deadline', async () => {
    const silent = { ...options(1), host: 'silent.test', connectTimeout: 100 }
    expect(await failureFrom(connect(silent))).toMatchObject({
      name: 'ConnectTimeoutError',
      phase: 'resolve',
      address: 'silent.test:1',
    })
  })

  test('are waited for no longer than the signal says', async () => {
    const abort = new AbortController()
    const silent = { ...options(1), host: 'silent.test', signal: abort.signal }
    const failure = failureFrom(connect(silent))
    await turn()
    const reason = new Error('given up')
    abort.abort(reason)
    expect(await failure).toBe(reason)
  })

  test('are not asked for where hostaddr gives one', async () => {
    const server = await serve()
    const { port } = server
    const given = { ...options(port), host: 'none.test', hostAddress: '127.0.0.1' }
    const connection = await connect(given)
    expect(connection.address).toBe(`none.test:${port}`)
    await connection.close()
    expect(lookup).not.toHaveBeenCalledWith('none.test', expect.anything(), expect.anything())
  })

  test('are never those of the name where hostaddr has a zone that Node.js takes for none', async () => {
    const given = { ...options(1), host: 'two.test', hostAddress: 'fe80::1%br_lan' }
    expect(await failureFrom(connect(given))).toMatchObject({
      phase: 'resolve',
      message: 'cannot look up fe80::1%br_lan: getaddrinfo ENOTFOUND fe80::1%br_lan',
    })
  })

  test('the error of connect() has the line of its caller', async () => {
    async function theCaller(): Promise<unknown> {
      return await connect({ ...options(1), host: 'none.test' })
    }
    const { stack } = await failureFrom(theCaller())
    expect(stack).toMatch(/\btheCaller\b/)
  })
})

describe('a primary that prefer-standby takes for want of a standby', () => {
  leaveNothingBehind()

  const role = [
    authenticationOk,
    parameterStatus('in_hot_standby', 'off'),
    parameterStatus('default_transaction_read_only', 'off'),
    backendKeyData(1),
    readyForQuery(),
  ]
  const shutDown = errorResponse('57P01', 'shutting down', 'FATAL')

  /** Two primaries, the first of which goes while the second is connected to, which goes on with `answer`. */
  async function startTwo(answer: readonly Uint8Array[]): Promise<ConnectOptions> {
    const first = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(...role)
    })
    const second = await start(async (peer) => {
      await peer.listen().read('Startup')
      const [gone] = first.peers
      gone?.send(shutDown)
      await gone?.closed
      peer.send(...answer)
      await peer.read('Terminate')
      peer.socket.end()
    })
    return {
      ...options(0),
      host: ['127.0.0.1', '127.0.0.1'],
      port: [first.port, second.port],
      targetSessionAttrs: 'prefer-standby',
    }
  }

  test('gives way to another when it is lost meanwhile', async () => {
    const given = await startTwo(role)
    const connection = await connect(given)
    expect(connection.address).toBe(`127.0.0.1:${[given.port].flat().at(-1)}`)
    await connection.close()
  })

  test('is among the failures when it is lost and there is no other', async () => {
    const given = await startTwo([errorResponse('53300', 'too many clients', 'FATAL')])
    expect(await failureFrom(connect(given))).toMatchObject({
      name: 'ConnectionError',
      attempts: [{ cause: { code: '53300' } }, { cause: { name: 'ConnectionClosedError' } }],
    })
  })

  test('is told as lost when it goes the moment it is ready', async () => {
    const server = await start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(...role, shutDown)
    })
    const given = { ...options(server.port), targetSessionAttrs: 'prefer-standby' } as const
    expect(await failureFrom(connect(given))).toMatchObject({ name: 'ConnectionClosedError' })
  })
})

describe('what a connector remembers of hosts', () => {
  leaveNothingBehind()

  const serve = (inHotStandby: 'on' | 'off') =>
    start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(
        authenticationOk,
        parameterStatus('in_hot_standby', inHotStandby),
        parameterStatus('default_transaction_read_only', 'off'),
        backendKeyData(1),
        readyForQuery(),
      )
      await peer.read('Terminate')
      peer.socket.end()
    })

  for (const [hostRecheck, asked] of [
    [60_000, 1],
    [0, 3],
  ] as const) {
    test(`hostRecheck ${hostRecheck}: a standby is asked ${asked} times for three connections`, async () => {
      const [standby, primary] = [await serve('on'), await serve('off')]
      const config = resolveConnection({
        ...options(0),
        host: ['127.0.0.1', '127.0.0.1'],
        port: [standby.port, primary.port],
        targetSessionAttrs: 'primary',
        hostRecheck,
      })
      const connector = new Connector(config)
      const types = new TypeCatalogue({})
      const wires: WireConnection[] = []
      for (let i = 0; i < 3; i++)
        wires.push(await connector.connect(types, new ConnectionEmitter()))
      expect([standby.peers.length, primary.peers.length]).toEqual([asked, 3])
      await Promise.all(wires.map((wire) => wire.close()))
    })
  }
})

describe('a primary and its standby', () => {
  let cluster: TestCluster
  let primary: number
  let standby: number
  beforeAll(async () => {
    cluster = await startCluster({ standbys: 1 })
    primary = cluster.primary.port
    standby = cluster.standbys[0]?.port ?? 0
  })
  afterAll(() => cluster.stop())

  const portOf = ({ address }: Connection): number => Number(address.split(':').at(-1))

  async function reached(given: ConnectOptions): Promise<number | unknown> {
    try {
      await using connection = await connect(cluster.dsn(), given)
      return portOf(connection)
    } catch (error) {
      return error
    }
  }

  test('serve each value of target_session_attrs', async () => {
    const expected = {
      any: primary,
      'read-write': primary,
      'read-only': standby,
      primary,
      standby,
      'prefer-standby': standby,
    } as const
    for (const order of [
      [primary, standby],
      [standby, primary],
    ]) {
      for (const [targetSessionAttrs, port] of Object.entries(expected)) {
        const given = { port: order, targetSessionAttrs } as ConnectOptions
        const first = targetSessionAttrs === 'any' ? order[0] : port
        expect([targetSessionAttrs, await reached(given)]).toEqual([targetSessionAttrs, first])
      }
    }
  })

  test('prefer-standby takes a primary where there is no standby, and leaves nothing open', async () => {
    const ports = [primary, primary]
    expect(await reached({ port: ports, targetSessionAttrs: 'prefer-standby' })).toBe(primary)
    await using admin = await connect(cluster.primary.adminDsn)
    const others = `select count(*)::int from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()`
    while ((await admin.fetchval(others)) !== 0);
  })

  test('a server that does not fit is named, with the reason', async () => {
    const error = await reached({ port: [standby, standby], targetSessionAttrs: 'primary' })
    expect(error).toMatchObject({ name: 'TargetSessionAttrsError', attempts: { length: 2 } })
    expect(String(error)).toMatch(/does not serve targetSessionAttrs "primary": it is a standby/)
    const readOnly = { settings: { default_transaction_read_only: true } }
    const single = await reached({
      ...readOnly,
      host: '127.0.0.1',
      port: primary,
      targetSessionAttrs: 'read-write',
    })
    expect(single).toMatchObject({ name: 'TargetSessionAttrsError' })
    expect(single).not.toHaveProperty('attempts')
    expect(String(single)).toMatch(/it is read-only/)
  })

  test('load_balance_hosts draws among them', async () => {
    const ports = new Set<unknown>()
    // The chance that one of two is never drawn in 64 times is 2^-63.
    for (let i = 0; i < 64 && ports.size < 2; i++) {
      ports.add(await reached({ loadBalanceHosts: 'random' }))
    }
    expect([...ports].sort()).toEqual([primary, standby].sort())
  })

  test('a pool finds the other server when roles have changed', async () => {
    const given = { port: [standby, primary], targetSessionAttrs: 'primary', minSize: 0 } as const
    await using pool = await createPool(cluster.dsn(), given)
    await using admin = await connect(cluster.standbys[0]?.adminDsn)
    const seen = async () =>
      admin.fetchval<number>(
        `select sessions::int from pg_stat_database where datname = 'postgres'`,
      )
    const connections = []
    for (let i = 0; i < 3; i++) connections.push(await pool.acquire())
    for (const connection of connections) {
      expect(await connection.fetchval('select pg_is_in_recovery()')).toBe(false)
      connection.release()
    }
    expect(await seen()).not.toBeNull()
    await cluster.primary.kill()
    const [server] = cluster.standbys
    if (server !== undefined) await cluster.promote(server)
    await expect
      .poll(() => pool.fetchval('select pg_is_in_recovery()').catch(() => 'not yet'), {
        timeout: 20_000,
      })
      .toBe(false)
  })
})
