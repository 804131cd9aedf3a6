import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { openSync } from 'node:fs'
import { createServer, connect as dial } from 'node:net'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, createPool, onQuery } from '../../src/index.js'
import { sharesConnections } from '../support/left-behind.js'
import { testServer } from '../support/server.js'

/* Tests that leave something behind, each named after it, and tests that do not. Run by hygiene.test.ts. */

const lasting = new AbortController()

describe('leaves', () => {
  test('a timer', () => {
    setTimeout(() => {}, 60_000).unref()
  })

  test('a repeating timer', () => {
    setInterval(() => {}, 10).unref()
  })

  test('a client socket without ref', async () => {
    const { host = '', port } = inject('postgres')
    const socket = dial(port, host)
    await once(socket, 'connect')
    socket.unref()
  })

  test('a server', async () => {
    await once(createServer().listen(0, '127.0.0.1'), 'listening')
  })

  test('a process', () => {
    spawn(process.execPath, ['-e', 'setTimeout(() => {}, 5_000)'])
  })

  test('an open file', () => {
    openSync(new URL(import.meta.url), 'r')
  })

  test('a listener of the process', () => {
    process.on('SIGUSR2', () => {})
  })

  test('a listener of a signal', () => {
    lasting.signal.addEventListener('abort', () => {})
  })

  test('too many listeners', () => {
    const emitter = new EventEmitter()
    for (let i = 0; i < 11; i++) emitter.on('event', () => {})
  })

  test('a subscriber of a channel', () => {
    onQuery(() => {})
  })

  test('a rejection that nobody handles', () => {
    void Promise.reject(new Error('unloved'))
  })

  test('a connection', async () => {
    await connect((await testServer()).dsn())
  })

  test('a pool', async () => {
    await createPool((await testServer()).dsn(), { minSize: 1 })
  })
})

describe('leaves nothing', () => {
  beforeAll(() => {
    const timer = setTimeout(() => {}, 60_000)
    return () => clearTimeout(timer)
  })

  test('a pool that is closed', async () => {
    const pool = await createPool((await testServer()).dsn(), { minSize: 2 })
    await Promise.all([pool.fetch('select 1'), pool.fetch('select 2', [], { timeout: 10_000 })])
    await pool.close()
  })

  test('a connection that is closed, with a signal that others have', async () => {
    const conn = await connect((await testServer()).dsn())
    const { signal } = lasting
    expect(await conn.fetchval('select 1', [], { signal })).toBe(1)
    await conn.close()
  })

  test('what is cleared by a hook of the test', ({ onTestFinished }) => {
    const timer = setTimeout(() => {}, 60_000)
    onTestFinished(() => clearTimeout(timer))
  })
})

describe('leaves nothing to others where connections are shared', () => {
  beforeAll(() => sharesConnections())

  test('a connection', async () => {
    await connect((await testServer()).dsn())
  })
})
