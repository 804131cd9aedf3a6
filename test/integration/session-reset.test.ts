import { describe, expect, test } from 'vitest'

import { connect, createPool, InterfaceError } from '../../src/index.js'
import { nextWarning } from '../support/next-warning.js'
import { usePools } from '../support/pools.js'
import { ScriptedServer } from '../support/scripted-server.js'
import { testServer } from '../support/server.js'
import {
  authenticationOk,
  commandComplete,
  notification,
  readyForQuery,
} from '../support/server-messages.js'

const { makePool } = usePools()

test('reset() of a connection undoes what its session keeps, and an open transaction', async () => {
  await using conn = await connect((await testServer()).dsn())
  const heard: string[] = []
  await conn.listen('reset', ({ payload }) => heard.push(payload))
  await conn.execute("set application_name to 'changed'; create temp table kept (id int); begin")
  await conn.reset()
  expect(conn.transactionStatus).toBe('idle')
  expect(await conn.fetchval("select to_regclass('kept')")).toBeNull()
  expect(await conn.fetchval("select current_setting('application_name')")).not.toBe('changed')
  await conn.notify('reset', 'a')
  await conn.listen('reset', ({ payload }) => heard.push(payload))
  await conn.notify('reset', 'b')
  await new Promise(setImmediate)
  expect(heard).toEqual(['b'])
  await using _tx = await conn.begin()
  await expect(conn.reset()).rejects.toThrow(InterfaceError)
})

test('reset() leaves alone the listening that is begun behind it', async () => {
  await using conn = await connect((await testServer()).dsn())
  const heard: string[] = []
  await conn.listen('reset', () => heard.push('before'))
  await Promise.all([
    conn.reset(),
    conn.listen('reset', ({ payload }) => heard.push(payload)),
    conn.listen('another', ({ payload }) => heard.push(payload)),
  ])
  await conn.notify('reset', 'a')
  await conn.notify('another', 'b')
  await new Promise(setImmediate)
  expect(heard).toEqual(['a', 'b'])
})

describe('a session given back', () => {
  const leftovers: readonly [string, string, string][] = [
    ['a setting', "set statement_timeout = '7s'", 'show statement_timeout'],
    ['a setting by function', "select set_config('work_mem', '5MB', false)", 'show work_mem'],
    ['a role', 'set role pg_read_all_data', 'select current_user'],
    ['a temporary table', 'create temp table mine (id int)', "select to_regclass('mine')::text"],
    ['a cursor', 'declare c cursor with hold for select 1', 'select count(*) from pg_cursors'],
    ['LISTEN', 'listen gossip', 'select count(*) from pg_listening_channels()'],
    [
      'an advisory lock',
      'select pg_advisory_lock(42)',
      "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
    ],
    ['an open transaction', 'begin', 'select now() = statement_timestamp()'],
  ]
  for (const [what, leave, look] of leftovers) {
    test(`${what} is gone for the next borrower, on the same connection`, async () => {
      const pool = await makePool({ minSize: 1, maxSize: 1 })
      const pid = await pool.fetchval('select pg_backend_pid()')
      const before = await pool.fetchval(look)
      await pool.use((conn) => conn.execute(leave))
      expect(await pool.fetchval(look)).toEqual(before)
      expect(await pool.fetchval('select pg_backend_pid()')).toBe(pid)
    })
  }

  test('an open transaction is rolled back, with a warning', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    await pool.execute('create table if not exists rolled_back (id int)')
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    await pool.use(async (conn) => {
      await conn.execute('begin')
      await conn.execute('insert into rolled_back values (1)')
    })
    expect(await pool.fetchval('select count(*) from rolled_back')).toBe(0)
    expect(await warned).toMatchObject({ code: 'SLUICE_OPEN_TRANSACTION' })
    await pool.execute('drop table rolled_back')
  })

  test('keeps its prepared statements warm', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    await pool.use(async (conn) => {
      await conn.fetchval('select 12345')
      await conn.execute('set work_mem to default')
    })
    await pool.fetchval('select 12345')
    const count = await pool.fetchval(
      "select count(*) from pg_prepared_statements where statement = 'select 12345'",
    )
    expect(count).toBe(1)
  })

  test('tells a later borrower nothing of a former LISTEN', async () => {
    const pool = await makePool({ minSize: 2, maxSize: 2 })
    const heard: string[] = []
    await pool.use((conn) => conn.execute('listen old_news'))
    await using conn = await pool.acquire()
    conn.on('notification', ({ payload }) => heard.push(payload))
    await pool.execute("notify old_news, 'extra'")
    await conn.fetchval('select 1')
    expect(heard).toEqual([])
  })

  test('the next borrower is told all that comes in one read with the answer to a rollback', async () => {
    const server = await ScriptedServer.start(async (peer) => {
      await peer.listen().read('Startup')
      peer.send(authenticationOk, readyForQuery())
      await peer.read('Query')
      peer.send(commandComplete('BEGIN'), readyForQuery('T'))
      await peer.read('Query')
      await peer.read('Query')
      peer.send(
        Buffer.concat([
          ...[commandComplete('ROLLBACK'), readyForQuery()],
          ...[commandComplete('LISTEN'), notification(1, 'news', 'a'), readyForQuery()],
        ]),
      )
      await peer.read('Query')
    })
    const options = { ssl: 'disable', user: 'app', maxSize: 1 } as const
    const pool = await createPool({ host: '127.0.0.1', port: server.port, ...options })
    const heard: string[] = []
    const warned = nextWarning('SLUICE_OPEN_TRANSACTION')
    await pool.use((conn) => conn.execute('begin'))
    await pool.use(async (conn) => {
      await conn.listen('news', ({ payload }) => heard.push(payload))
      await new Promise(setImmediate)
    })
    expect(heard).toEqual(['a'])
    await warned
    pool.terminate()
    await pool.close()
    await server.stop()
    expect(server.errors).toEqual([])
  })
})
