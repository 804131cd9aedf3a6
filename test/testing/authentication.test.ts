import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../../src/testing/index.js'
import { type Address, requestTls, socketPath, startUp, upgrade, withSocket } from './raw-client.js'

/** Kinds of the Authentication message (protocol docs, "Message Formats"). */
const REQUEST = { trust: 0, password: 3, md5: 5, 'scram-sha-256': 10 } as const

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres({ provider: 'embedded' })
})
afterAll(() => server.stop('immediate'))

function userOf(auth: keyof typeof REQUEST | 'cert'): string {
  return server.description.roles.byMethod[auth]?.user ?? ''
}

function tcp(host = '127.0.0.1'): Address {
  return { host, port: server.port }
}

function socket(): Address {
  return { path: socketPath(server.socketDir ?? '', server.port) }
}

describe.each(Object.entries(REQUEST))('the role for %s', (auth, request) => {
  const method = auth as keyof typeof REQUEST

  test.each([
    ['a unix socket', () => socket()],
    ['TCP', () => tcp()],
  ])('is asked for it over %s', async (_, address) => {
    const answer = await withSocket(address(), (raw) => startUp(raw, userOf(method)))
    expect(answer).toEqual({ request })
  })

  test('is asked for it over TLS', async () => {
    const answer = await withSocket(tcp(), async (raw) => {
      expect(await requestTls(raw)).toBe('S')
      return startUp(await upgrade(raw, { ca: server.ca, host: 'localhost' }), userOf(method))
    })
    expect(answer).toEqual({ request })
  })
})

describe('the role for cert', () => {
  test('logs in over TLS with its certificate', async () => {
    const { certificate = '', key = '' } = server.certificates ?? {}
    const answer = await withSocket(tcp(), async (raw) => {
      await requestTls(raw)
      const identity = { cert: readFileSync(certificate), key: readFileSync(key) }
      const secure = await upgrade(raw, { ca: server.ca, host: 'localhost', ...identity })
      return startUp(secure, userOf('cert'))
    })
    expect(answer).toEqual({ request: REQUEST.trust })
  })

  test('is refused over TLS without a certificate', async () => {
    const answer = await withSocket(tcp(), async (raw) => {
      await requestTls(raw)
      return startUp(await upgrade(raw, { ca: server.ca, host: 'localhost' }), userOf('cert'))
    })
    expect(answer).toEqual({ sqlstate: '28000' })
  })
})

test('the superuser has to prove its password everywhere', async () => {
  const { user } = server.description.roles.admin
  for (const address of [socket(), tcp()]) {
    const answer = await withSocket(address, (raw) => startUp(raw, user))
    expect(answer).toEqual({ request: REQUEST['scram-sha-256'] })
  }
})

test.each(['localhost', '127.0.0.1', '::1'])('its certificate is good for %s', async (host) => {
  const authorized = await withSocket(tcp(), async (raw) => {
    await requestTls(raw)
    return (await upgrade(raw, { ca: server.ca, host })).authorized
  })
  expect(authorized).toBe(true)
})

test('its certificate is not good for another host', async () => {
  const connecting = withSocket(tcp(), async (raw) => {
    await requestTls(raw)
    return upgrade(raw, { ca: server.ca, host: 'db.example.com' })
  })
  await expect(connecting).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

test('without TLS it answers N to SSLRequest and has no role for cert', async () => {
  await using plain = await startPostgres({ provider: 'embedded', tls: false })
  const address = { host: '127.0.0.1', port: plain.port }
  expect(await withSocket(address, requestTls)).toBe('N')
  expect(plain.ca).toBeUndefined()
  expect(() => plain.dsn({ auth: 'cert' })).toThrow('no role for cert, only for trust')
})
