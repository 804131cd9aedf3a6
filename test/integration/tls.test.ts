import { beforeAll, describe, expect, test } from 'vitest'
import { connect, TlsError } from '../../src/index.js'
import { type TestServer, testServer } from '../support/server.js'

let server: TestServer

beforeAll(async () => {
  server = await testServer()
})

async function isEncrypted(dsn: string, ssl?: Parameters<typeof connect>[1]): Promise<unknown> {
  await using conn = await connect(dsn, ssl)
  const seenByServer = await conn.fetchval(
    'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
  )
  expect(seenByServer).toBe(conn.isEncrypted)
  return seenByServer
}

describe('sslmode', () => {
  for (const [mode, encrypted] of [
    ['disable', false],
    ['prefer', true],
    ['require', true],
    ['verify-ca', true],
    ['verify-full', true],
  ] as const) {
    test(`${mode} ${encrypted ? 'encrypts' : 'does not encrypt'}`, async () => {
      expect(await isEncrypted(server.dsn({ sslmode: mode }))).toBe(encrypted)
    })
  }

  test('prefer is the default', async () => {
    expect(await isEncrypted(server.dsn())).toBe(true)
  })

  test('a unix socket is never encrypted, whatever the mode', async () => {
    expect(await isEncrypted(server.dsn({ host: 'socket', sslmode: 'require' }))).toBe(false)
  })

  test('verify-full holds for localhost and 127.0.0.1', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      expect(await isEncrypted(server.dsn({ host, sslmode: 'verify-full' }))).toBe(true)
    }
  })

  test('verify-full refuses another name, verify-ca does not', async () => {
    const ssl = { ca: server.ca ?? '', servername: 'db.example.com' }
    const refused = connect(server.dsn(), { ssl: { mode: 'verify-full', ...ssl } })
    await expect(refused).rejects.toThrow(TlsError)
    await expect(refused).rejects.toThrow(/db\.example\.com/)
    expect(await isEncrypted(server.dsn(), { ssl: { mode: 'verify-ca', ...ssl } })).toBe(true)
  })

  test('verify-full refuses an unknown authority', async () => {
    const connecting = connect(server.dsn(), { ssl: { mode: 'verify-full', ca: 'system' } })
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_SLUICE_TLS', phase: 'tls' })
  })
})

describe('direct TLS', () => {
  test('encrypts from the first byte', async ({ skip }) => {
    skip((server.majorVersion ?? 0) < 17, 'direct TLS needs PostgreSQL 17')
    const ssl = { mode: 'verify-full', negotiation: 'direct', ca: server.ca ?? '' } as const
    expect(await isEncrypted(server.dsn(), { ssl })).toBe(true)
  })

  test('demands a mode that insists on TLS', async () => {
    const ssl = { mode: 'prefer', negotiation: 'direct' } as const
    await expect(connect(server.dsn(), { ssl })).rejects.toMatchObject({
      code: 'ERR_SLUICE_OPTION',
    })
  })
})
