import { expect, test } from 'vitest'
import { createPool, PoolClosedError, PoolTimeoutError } from '../../src/index.js'
import type { Script, ScriptedServer } from '../support/scripted-server.js'
import {
  authenticationOk,
  backendKeyData,
  emptyQueryResponse,
  parameterStatus,
  readyForQuery,
} from '../support/server-messages.js'
import { until } from '../support/until.js'
import { becomeReady, leaveNothingBehind, start } from './hostile.js'

leaveNothingBehind()

const dsnOf = (...servers: readonly ScriptedServer[]) =>
  `postgres://app@${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}/app?sslmode=disable`

/** A standby, which says so at startup and answers empty queries. */
const standby: Script = async (peer) => {
  await peer.listen().read('Startup')
  peer.send(
    authenticationOk,
    parameterStatus('in_hot_standby', 'on'),
    parameterStatus('default_transaction_read_only', 'off'),
    backendKeyData(1),
    readyForQuery(),
  )
  for (;;) {
    await peer.read('Query')
    peer.send(emptyQueryResponse, readyForQuery())
  }
}

test('close() refuses who waits for a server that will do, and who comes later', async () => {
  const pool = await createPool(dsnOf(await start(standby), await start(standby)))
  const waiting = pool.acquire({ target: 'primary', timeout: 60_000 })
  const refused = expect(waiting).rejects.toBeInstanceOf(PoolClosedError)
  await pool.close()
  await refused
  const late = pool.acquire({ target: 'primary', timeout: 60_000 })
  await expect(late).rejects.toBeInstanceOf(PoolClosedError)
})

test('hosts of one name are told apart by their addresses', async () => {
  const server = await start(standby)
  const pool = await createPool(dsnOf(server), {
    host: ['db.test', 'db.test'],
    // Nobody listens on the second.
    hostAddress: ['127.0.0.1', '127.0.0.2'],
    minSize: 0,
    maxSize: 1,
  })
  const connection = await pool.acquire({ timeout: 5_000 })
  expect(connection.address).toBe(`db.test:${server.port}`)
  connection.release()
  const target = 'primary'
  await expect(pool.acquire({ target, timeout: Number.POSITIVE_INFINITY })).rejects.toThrow(
    `db.test:${server.port} (127.0.0.1): it is a standby`,
  )
  pool.terminate()
})

test('who waits for a host that is taken out is served by another', async () => {
  const [former, latter] = [await start(standby), await start(standby)]
  const pool = await createPool(dsnOf(former, latter), { maxSize: 1 })
  const held = await Promise.all([pool.acquire(), pool.acquire()])
  const waiting = [pool.acquire(), pool.acquire()]
  await until(() => pool.waiting === 2)
  pool.setConnectOptions(dsnOf(latter))
  for (const conn of held) conn.release()
  for (const each of waiting) {
    const conn = await each
    expect(conn.address).toBe(`127.0.0.1:${latter.port}`)
    conn.release()
  }
  await pool.close()
})

test('a pool that gives up a server which does not tell its role closes the connections', async () => {
  const silent: Script = async (peer) => {
    peer.listen()
    await becomeReady(peer)
    await peer.read('Query')
  }
  const servers = [await start(silent), await start(silent)]
  const options = { validationTimeout: 1_000 }
  const created = createPool(dsnOf(...servers), options)
  await expect(created).rejects.toBeInstanceOf(PoolTimeoutError)
  for (const server of servers) {
    expect(server.peers).toHaveLength(1)
    await server.abandoned()
  }
})
