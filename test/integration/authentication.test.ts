import { beforeAll, describe, expect, test } from 'vitest'
import { AuthenticationError, connect } from '../../src/index.js'
import { type TestServer, testServer } from '../support/server.js'

let server: TestServer

beforeAll(async () => {
  server = await testServer()
})

const WHO = 'select session_user::text'

describe('each method lets its role in', () => {
  for (const auth of ['trust', 'md5', 'scram-sha-256'] as const) {
    for (const host of ['tcp', 'socket'] as const) {
      test(`${auth} by ${host}`, async () => {
        await using conn = await connect(server.dsn({ auth, host, sslmode: 'disable' }))
        expect(await conn.fetchval(WHO)).toBe(
          new URL(conn.isEncrypted ? '' : server.dsn({ auth })).username,
        )
      })
    }
    test(`${auth} by TLS`, async () => {
      await using conn = await connect(server.dsn({ auth, sslmode: 'verify-full' }))
      expect(conn.isEncrypted).toBe(true)
      expect(await conn.fetchval('select ssl from pg_stat_ssl where pid = pg_backend_pid()')).toBe(
        true,
      )
    })
  }

  test('password by TLS and by socket', async () => {
    for (const options of [{ sslmode: 'require' }, { host: 'socket' }] as const) {
      await using conn = await connect(server.dsn({ auth: 'password', ...options }))
      expect(await conn.fetchval('select 1')).toBe(1)
    }
  })

  test('a client certificate', async () => {
    await using conn = await connect(server.dsn({ auth: 'cert' }))
    expect(await conn.fetchval(WHO)).toBe(new URL(server.dsn({ auth: 'cert' })).username)
  })
})

describe('the password', () => {
  test('in clear text is not sent over an open network', async () => {
    const dsn = server.dsn({ auth: 'password', sslmode: 'disable' })
    await expect(connect(dsn)).rejects.toThrow(AuthenticationError)
    await expect(connect(dsn)).rejects.toThrow(/clear text.*requireAuth: 'password'/)
    await using conn = await connect(dsn, { requireAuth: 'password' })
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  for (const auth of ['md5', 'scram-sha-256'] as const) {
    test(`when wrong is refused by the server (${auth})`, async () => {
      await expect(connect(server.dsn({ auth, password: 'wrong' }))).rejects.toMatchObject({
        name: 'InvalidAuthorizationSpecification',
        code: '28P01',
      })
    })

    test(`when missing is asked for by name (${auth})`, async () => {
      const dsn = server.dsn({ auth, password: null })
      await expect(connect(dsn, { passfile: '/nonexistent' })).rejects.toThrow(AuthenticationError)
      await expect(connect(dsn, { passfile: '/nonexistent' })).rejects.toThrow(/PGPASSWORD/)
    })
  }

  test('comes from a function, asked at each connect', async () => {
    const { password } = new URL(server.dsn({ auth: 'scram-sha-256' }))
    const dsn = server.dsn({ auth: 'scram-sha-256', password: null })
    let asked = 0
    const provider = async () => {
      asked += 1
      return decodeURIComponent(password)
    }
    for (let i = 0; i < 2; i++) await (await connect(dsn, { password: provider })).close()
    expect(asked).toBe(2)
  })

  test('function that fails is the cause', async () => {
    const dsn = server.dsn({ auth: 'scram-sha-256', password: null })
    const cause = new Error('the vault is sealed')
    const connecting = connect(dsn, { password: () => Promise.reject(cause) })
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_SLUICE_AUTHENTICATION', cause })
  })
})

describe('requireAuth', () => {
  test('lets the method through that it names', async () => {
    const dsn = server.dsn({ auth: 'scram-sha-256' })
    await (await connect(dsn, { requireAuth: 'scram-sha-256' })).close()
    await (await connect(dsn, { requireAuth: '!password,!md5' })).close()
  })

  test('refuses every other', async () => {
    const refused = [
      ['md5', 'scram-sha-256'],
      ['trust', 'scram-sha-256'],
      ['trust', '!none'],
      ['scram-sha-256', 'md5,password'],
    ] as const
    for (const [auth, requireAuth] of refused) {
      await expect(connect(server.dsn({ auth }), { requireAuth })).rejects.toThrow(
        AuthenticationError,
      )
    }
  })
})
