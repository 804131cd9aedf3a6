import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { AuthenticationError, connect } from '../../src/index.js'
import { CertificateAuthority } from '../../src/testing/certificates.js'
import { startPostgres } from '../../src/testing/index.js'
import { type TestServer, testServer } from '../support/server.js'

let server: TestServer

beforeAll(async () => {
  server = await testServer()
})

const read = (name: string) =>
  readFileSync(new URL(`../fixtures/certificates/${name}`, import.meta.url), 'utf8')

describe('channelBinding', () => {
  test.each(['prefer', 'require', 'disable'] as const)('%s over TLS', async (channelBinding) => {
    const dsn = server.dsn({ auth: 'scram-sha-256', sslmode: 'verify-full' })
    await using conn = await connect(dsn, { channelBinding })
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('require fails without TLS', async () => {
    const dsn = server.dsn({ auth: 'scram-sha-256', sslmode: 'disable' })
    const connecting = connect(dsn, { channelBinding: 'require' })
    await expect(connecting).rejects.toThrow(AuthenticationError)
    await expect(connecting).rejects.toThrow(/without TLS there is no channel binding/)
  })

  test.each(['trust', 'password', 'md5', 'cert'] as const)(
    'require fails with %s',
    async (auth) => {
      const dsn = server.dsn({ auth, sslmode: 'verify-full' })
      await expect(connect(dsn, { channelBinding: 'require' })).rejects.toThrow(AuthenticationError)
    },
  )
})

describe("the server's certificate", () => {
  for (const name of ['rsa-pss-sha512', 'ecdsa-sha512', 'ed25519']) {
    test(`${name}: the server agrees on its hash, or there is none`, async ({ skip }) => {
      const provider = server.description.provider
      skip(provider !== 'embedded', `needs a server of its own, which ${provider} does not give`)
      const certificate = { certificate: read(`${name}.crt`), key: read(`${name}.key`) }
      const tls = { authority: new CertificateAuthority(), server: certificate }
      await using own = await startPostgres({ tls })
      const dsn = own.dsn({ auth: 'scram-sha-256', sslmode: 'require' })
      const required = connect(dsn, { channelBinding: 'require' })
      if (name === 'ed25519')
        await expect(required).rejects.toThrow(/has no hash for channel binding/)
      else await (await required).close()
      // A server whose certificate has no hash must not be lost to those who only prefer it.
      await (await connect(dsn)).close()
    })
  }
})
