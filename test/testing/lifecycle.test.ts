import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  CertificateAuthority,
  startPostgres,
  type TestPostgres,
  TestServerError,
} from '../../src/testing/index.js'
import { folderOf, isAlive, postmasterPid } from './processes.js'
import { ask, requestTls, socketPath, startUp, upgrade, withSocket } from './raw-client.js'

const TRUSTED = 'sluice_trust'

function sql(server: TestPostgres, text: string): Promise<string[]> {
  return ask({ host: '127.0.0.1', port: server.port }, TRUSTED, text)
}

describe('a server', () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startPostgres({
      provider: 'embedded',
      settings: { work_mem: '5MB', 'sluice.quoted': "it's a \\", max_connections: 33 },
      hba: ['local postgres all reject'],
    })
  })
  afterAll(() => server.stop('immediate'))

  test.each(['fast', 'immediate', 'smart'] as const)(
    'keeps port and data over a restart that is %s',
    async (mode) => {
      const { port } = server
      await sql(server, `CREATE TABLE kept_${mode} AS SELECT 'here' AS what`)
      const before = postmasterPid(folderOf(server))
      await server.restart(mode)
      expect(server.port).toBe(port)
      expect(postmasterPid(folderOf(server))).not.toBe(before)
      expect(await sql(server, `SELECT what FROM kept_${mode}`)).toEqual(['here'])
    },
  )

  test('comes back after it was killed', async () => {
    const pid = postmasterPid(folderOf(server))
    await server.kill('SIGKILL')
    expect(isAlive(pid)).toBe(false)
    await expect(sql(server, 'SELECT 1')).rejects.toThrow()
    await server.restart()
    expect(await sql(server, 'SELECT 1')).toEqual(['1'])
  })

  test('has the settings asked for, and those for tests otherwise', async () => {
    const names = ['work_mem', 'sluice.quoted', 'max_connections', 'fsync', 'timezone']
    const shown = await sql(server, names.map((name) => `SHOW ${name}`).join(';'))
    expect(shown).toEqual(['5MB', "it's a \\", '33', 'off', 'UTC'])
  })

  test('has the hba lines asked for before its own', async () => {
    const path = socketPath(server.socketDir ?? '', server.port)
    const answer = await withSocket({ path }, (raw) => startUp(raw, TRUSTED))
    expect(answer).toEqual({ sqlstate: '28000' })
  })

  test('knows its version', async () => {
    expect(await sql(server, 'SHOW server_version')).toEqual([server.version])
    expect(server.majorVersion).toBe(Number.parseInt(server.version ?? '', 10))
  })

  test('has no password in its log, its settings or its command line', () => {
    const folder = folderOf(server)
    const { admin, byMethod } = server.description.roles
    const passwords = [admin, ...Object.values(byMethod)].flatMap(({ password }) => password ?? [])
    expect(passwords).toHaveLength(4)
    expect(new Set(passwords).size).toBe(4)
    const pid = postmasterPid(folder)
    const files = ['postgres.log', 'data/postgresql.conf', 'data/pg_hba.conf']
    const paths = [...files.map((file) => join(folder, file)), `/proc/${pid}/cmdline`]
    const readable = paths.filter((path) => existsSync(path))
    expect(readable.length).toBeGreaterThanOrEqual(files.length)
    for (const path of readable) {
      const text = readFileSync(path, 'utf8')
      expect(passwords.filter((password) => text.includes(password))).toEqual([])
    }
  })
})

test('a server does not share its port with a program that took it meanwhile', {
  retry: 2,
}, async () => {
  await using server = await startPostgres({ provider: 'embedded' })
  await server.kill()
  const other = createServer().listen(server.port, '127.0.0.1')
  await once(other, 'listening')
  try {
    await expect(server.restart()).rejects.toThrow(
      `port ${server.port} has been taken by another program`,
    )
  } finally {
    other.close()
  }
  await server.restart()
  expect(await sql(server, 'SELECT 1')).toEqual(['1'])
})

test('two servers run side by side with passwords of their own', async () => {
  await using one = await startPostgres({ provider: 'embedded' })
  await using two = await startPostgres({ provider: 'embedded' })
  expect(one.port).not.toBe(two.port)
  expect(one.description.roles.admin.password).not.toBe(two.description.roles.admin.password)
})

test('stop takes the server and its folder away, once', async () => {
  const server = await startPostgres({ provider: 'embedded' })
  const folder = folderOf(server)
  const pid = postmasterPid(folder)
  await Promise.all([server.stop(), server.stop('immediate')])
  expect(isAlive(pid)).toBe(false)
  expect(existsSync(folder)).toBe(false)
  await expect(server.restart()).rejects.toThrow('the test server has been stopped')
  await expect(server.kill()).rejects.toThrow('the test server has been stopped')
})

test('a server asked for another certificate shows that one', async () => {
  const authority = new CertificateAuthority()
  const expired = authority.issue({
    commonName: 'localhost',
    hosts: ['localhost'],
    notAfter: new Date(Date.now() - 1000),
  })
  await using server = await startPostgres({
    provider: 'embedded',
    tls: { authority, server: expired },
  })
  expect(server.ca).toBe(authority.certificate)
  const connecting = withSocket({ host: '127.0.0.1', port: server.port }, async (raw) => {
    await requestTls(raw)
    return upgrade(raw, { ca: server.ca, host: 'localhost' })
  })
  await expect(connecting).rejects.toMatchObject({ code: 'CERT_HAS_EXPIRED' })
})

test('a server that cannot start says why, and leaves nothing behind', async () => {
  const starting = startPostgres({ provider: 'embedded', settings: { shared_buffers: 'lots' } })
  const error = await starting.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(TestServerError)
  const { message } = error as TestServerError
  expect(message).toMatch(/^the server ended while it started; its log ends with:\n/)
  expect(message).toContain('shared_buffers')
  const folder = /(\/\S*sluice-pg-\w{6})\//.exec(message)?.[1] ?? expect.fail(message)
  expect(existsSync(folder)).toBe(false)
})
