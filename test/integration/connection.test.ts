import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, ConnectionClosedError, connect, type Notice } from '../../src/index.js'
import { testServer } from '../support/server.js'

let dsn: string
let conn: Connection

beforeAll(async () => {
  dsn = (await testServer()).dsn()
  conn = await connect(dsn)
})

afterAll(() => conn.close())

describe('what a connection knows', () => {
  test('its session', async () => {
    expect(conn.serverPid).toBe(await conn.fetchval('select pg_backend_pid()'))
    expect(conn.serverVersion.text).toBe(await conn.fetchval('show server_version'))
    expect(conn.serverVersion.major).toBeGreaterThanOrEqual(14)
    expect(conn.settings.get('client_encoding')).toBe('UTF8')
  })

  test('the status of the transaction', async () => {
    expect(conn.transactionStatus).toBe('idle')
    await conn.execute('begin')
    expect(conn.transactionStatus).toBe('transaction')
    await conn.execute('nonsense').catch(() => {})
    expect(conn.transactionStatus).toBe('failed')
    await conn.execute('rollback')
    expect(conn.transactionStatus).toBe('idle')
  })

  test('settings given at connect, and the application name', async () => {
    await using other = await connect(dsn, {
      applicationName: 'sluice test',
      settings: { search_path: 'pg_catalog', work_mem: '7MB' },
    })
    expect(await other.fetchval('show application_name')).toBe('sluice test')
    expect(await other.fetchval('show search_path')).toBe('pg_catalog')
    expect(await other.fetchval('show work_mem')).toBe('7MB')
  })
})

describe('events', () => {
  test('notices, as the server sends them', async () => {
    const notices: Notice[] = []
    conn.on('notice', (notice) => notices.push(notice))
    await conn.execute("do $$ begin raise notice 'hello' using hint = 'world'; end $$")
    expect(notices).toMatchObject([
      { severity: 'NOTICE', message: 'hello', hint: 'world', code: '00000' },
    ])
  })

  test('notifications and changed settings', async () => {
    const seen: unknown[] = []
    conn.on('notification', ({ channel, payload }) => seen.push([channel, payload]))
    conn.on('parameter', (name, value) => seen.push([name, value]))
    await conn.execute('listen "Odd Channel"')
    await conn.execute(`notify "Odd Channel", 'ünïcode'`)
    await conn.execute("set application_name = 'renamed'")
    expect(seen).toEqual([
      ['Odd Channel', 'ünïcode'],
      ['application_name', 'renamed'],
    ])
  })

  test('onNotice hears what is said during the connect already', async () => {
    const notices: Notice[] = []
    await using _ = await connect(dsn, {
      onNotice: (notice) => notices.push(notice),
      options: '-c client_min_messages=debug1',
    })
    await _.execute("do $$ begin raise debug 'for you'; end $$")
    expect(notices.some((notice) => notice.message === 'for you')).toBe(true)
  })
})

describe('the end of a connection', () => {
  test('close waits for what is running and takes nothing new', async () => {
    const closing = await connect(dsn)
    const slow = closing.fetchval('select 1 from pg_sleep(0.1)')
    const closed = closing.close()
    await expect(closing.fetchval('select 1')).rejects.toThrow(ConnectionClosedError)
    expect(await slow).toBe(1)
    await closed
    expect(closing.isClosed).toBe(true)
    await closing.close()
  })

  test('close with a timeout ends what takes too long', async () => {
    const closing = await connect(dsn)
    const slow = closing.fetchval('select pg_sleep(30)')
    const lost = expect(slow).rejects.toThrow(ConnectionClosedError)
    await closing.close({ timeout: 50 })
    await lost
  })

  test('terminate ends at once', async () => {
    const ended = await connect(dsn)
    const slow = ended.fetchval('select pg_sleep(30)')
    ended.terminate()
    await expect(slow).rejects.toMatchObject({ code: 'ERR_SLUICE_CONNECTION_CLOSED' })
  })

  test('a session ended by the server: the error says why, events tell, later calls are refused', async () => {
    const victim = await connect(dsn)
    const events: unknown[] = []
    victim.on('error', (error) => events.push(error.cause))
    const ended = new Promise<void>((resolve) => victim.on('end', resolve))
    // Prepared before, so that it is written at once and not when its Parse has been answered.
    const sleep = 'select pg_sleep($1::float8)'
    await victim.fetchval(sleep, [0])
    const running = victim.fetchval(sleep, [30])
    const queued = victim.fetchval('select 1')
    const rejected = [
      expect(running).rejects.toMatchObject({
        code: 'ERR_SLUICE_CONNECTION_CLOSED',
        cause: { code: '57P01' },
        safeToRetry: false,
      }),
      expect(queued).rejects.toMatchObject({
        code: 'ERR_SLUICE_CONNECTION_CLOSED',
        cause: { code: '57P01' },
      }),
    ]
    await conn.fetchval('select pg_terminate_backend($1)', [victim.serverPid])
    await Promise.all([...rejected, ended])
    expect(events).toMatchObject([{ code: '57P01' }])
    await expect(victim.fetchval('select 1')).rejects.toMatchObject({
      code: 'ERR_SLUICE_CONNECTION_CLOSED',
      safeToRetry: true,
    })
    await victim.close()
  })

  test('an idle session ended by the server does no harm without a listener', async () => {
    const victim = await connect(dsn)
    const ended = new Promise<void>((resolve) => victim.on('end', resolve))
    await conn.fetchval('select pg_terminate_backend($1)', [victim.serverPid])
    await ended
    await expect(victim.fetchval('select 1')).rejects.toThrow(ConnectionClosedError)
  })
})
