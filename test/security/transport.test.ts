import { beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/index.js'
import { type TestServer, testServer } from '../support/server.js'

/* What must not happen to a connection that was to be secure, on a real server. */

let server: TestServer
beforeAll(async () => {
  server = await testServer()
})

test('pgJDBC CVE-2018-10936: verify-full compares the name, however TLS is set up', async () => {
  const { port, ca } = server
  const right = server.dsn({ auth: 'trust', sslmode: 'verify-full' })
  const wrong = new URL(right)
  wrong.searchParams.set('hostaddr', wrong.hostname)
  wrong.hostname = 'elsewhere.example'
  const direct = new URL(wrong)
  direct.searchParams.set('sslnegotiation', 'direct')
  const byOptions = {
    host: 'elsewhere.example',
    hostAddress: '127.0.0.1',
    port,
    user: new URL(right).username,
    ssl: { mode: 'verify-full', ca },
  } as const
  for (const target of [[wrong.href], [direct.href], [byOptions]] as const) {
    await expect(connect(...(target as [string]))).rejects.toMatchObject({ name: 'TlsError' })
  }
  await (await connect(right)).close()
})

test.each(['trust', 'password', 'md5'] as const)(
  'pgJDBC CVE-2025-49146: channelBinding require is not satisfied by %s',
  async (auth) => {
    const dsn = server.dsn({ auth, sslmode: 'verify-full' })
    const connecting = connect(dsn, { channelBinding: 'require' })
    await expect(connecting).rejects.toMatchObject({ name: 'AuthenticationError' })
  },
)

test('pgJDBC CVE-2026-54291: channelBinding require is not satisfied by SCRAM without TLS', async () => {
  const dsn = server.dsn({ auth: 'scram-sha-256', sslmode: 'disable' })
  const connecting = connect(dsn, { channelBinding: 'require' })
  await expect(connecting).rejects.toMatchObject({ name: 'AuthenticationError' })
})

test('a password in clear text is not sent without TLS', async () => {
  const dsn = server.dsn({ auth: 'password', sslmode: 'disable' })
  await expect(connect(dsn)).rejects.toMatchObject({ name: 'AuthenticationError' })
})

test('pgJDBC CVE-2022-21724, CVE-2022-26520: a connection string names neither code nor files to write', async () => {
  const dsn = new URL(server.dsn({ auth: 'trust' }))
  for (const key of [
    'socketFactory',
    'sslfactory',
    'loggerFile',
    'loggerLevel',
    'gsslib2',
    'init',
  ]) {
    dsn.search = `?${key}=/tmp/evil`
    await expect((async () => connect(dsn.href))()).rejects.toThrow(new RegExp(key))
  }
})
