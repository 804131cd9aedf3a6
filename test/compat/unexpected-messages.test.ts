import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { message } from '../support/bytes.js'
import { type Peer, ScriptedServer } from '../support/scripted-server.js'
import * as says from '../support/server-messages.js'
import { type PgModule, published, sluice } from './modules.js'
import { outcome } from './outcome.js'
import { told } from './scenarios.js'

/** What no server says to a client that waits for nothing. The words of the errors are our own. */
const NONSENSE: Readonly<Record<string, Uint8Array>> = {
  'a CommandComplete': says.commandComplete('SELECT 1'),
  'a RowDescription': says.rowDescription(['a', 23]),
  'a DataRow': says.dataRow('1'),
  'a PortalSuspended': says.portalSuspended,
  'an EmptyQueryResponse': says.emptyQueryResponse,
  'a ParseComplete': says.parseComplete,
  'a CopyInResponse': says.copyInResponse,
  CopyData: says.copyData('a'),
  'a message of an unknown type': message('J'.charCodeAt(0), Buffer.from('?')),
}

async function welcome(peer: Peer): Promise<void> {
  peer.listen()
  await peer.read('Startup')
  peer.send(says.authenticationOk, says.backendKeyData(1), says.readyForQuery())
}

async function connectTo(pg: PgModule, server: ScriptedServer) {
  const client = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'u', database: 'd' })
  await client.connect()
  return client
}

test.each(Object.entries(NONSENSE))('%s out of nowhere is an error', async (_name, bytes) => {
  const server = await ScriptedServer.start(async (peer) => {
    await welcome(peer)
    // Whoever connects has to have listened for errors by then.
    await pause(20)
    peer.send(bytes)
  })
  const results: unknown[] = []
  for (const pg of [published, sluice]) {
    const client = await connectTo(pg, server)
    const [error] = await told(client as never, 'error')
    client.on('error', () => {})
    results.push([error instanceof Error, await outcome(client.query('select 1'))])
    client.connection.stream.destroy()
  }
  await server.stop()
  expect(results[1]).toEqual(results[0])
})

test.each([
  ['a row that says it has more values', message('D'.charCodeAt(0), Buffer.of(0, 9, 0, 0, 0, 0))],
  ['a value that goes beyond its row', message('D'.charCodeAt(0), Buffer.of(0, 1, 0, 0, 9, 9, 65))],
  ['a message of an impossible length', Buffer.of('D'.charCodeAt(0), 0, 0, 0, 1)],
])('%s fails its query and no other code', async (_name, bytes) => {
  const server = await ScriptedServer.start(async (peer) => {
    await welcome(peer)
    await peer.read('Query')
    peer.send(says.rowDescription(['a', 25]), bytes)
    peer.send(says.commandComplete('SELECT 1'), says.readyForQuery())
  })
  const client = await connectTo(sluice, server)
  client.on('error', () => {})
  expect(await outcome(client.query('select 1'))).toHaveProperty('rejected')
  expect(await outcome(client.query('select 1'))).toHaveProperty('rejected')
  await client.end()
  await server.stop()
})
