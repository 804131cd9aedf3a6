import { describe, expect, test } from 'vitest'
import { type DsnOptions, ServerAddress, type ServerDescription } from '../../src/testing/index.js'

const DESCRIPTION: ServerDescription = {
  provider: 'embedded',
  version: '18.4',
  host: '127.0.0.1',
  port: 6543,
  socketDir: '/tmp/a b/socket',
  database: 'postgres',
  roles: {
    admin: { user: 'postgres', password: 'admin-pw' },
    byMethod: {
      trust: { user: 'sluice_trust' },
      md5: { user: 'sluice_md5', password: 'md5-pw' },
      'scram-sha-256': { user: 'sluice_scram', password: 'scram-pw' },
      cert: { user: 'sluice_cert' },
    },
  },
  auth: 'scram-sha-256',
  ca: 'PEM',
  certificates: { ca: '/c/ca', certificate: '/c/crt', key: '/c/key' },
}
// As another process gets it.
const server = new ServerAddress(JSON.parse(JSON.stringify(DESCRIPTION)))

describe('a DSN', () => {
  test.each<[DsnOptions, string]>([
    [{}, 'sluice_scram:scram-pw@127.0.0.1:6543/postgres'],
    [{ auth: 'md5' }, 'sluice_md5:md5-pw@127.0.0.1:6543/postgres'],
    [{ auth: 'trust' }, 'sluice_trust@127.0.0.1:6543/postgres'],
    [{ user: 'postgres' }, 'postgres:admin-pw@127.0.0.1:6543/postgres'],
    [{ user: 'sluice_md5', password: 'p/:@?' }, 'sluice_md5:p%2F%3A%40%3F@127.0.0.1:6543/postgres'],
    [{ user: 'o ther' }, 'o%20ther@127.0.0.1:6543/postgres'],
    [{ password: null }, 'sluice_scram@127.0.0.1:6543/postgres'],
    [{ database: 'a/b' }, 'sluice_scram:scram-pw@127.0.0.1:6543/a%2Fb'],
    [{ host: 'tcp' }, 'sluice_scram:scram-pw@127.0.0.1:6543/postgres'],
    [{ host: 'localhost' }, 'sluice_scram:scram-pw@localhost:6543/postgres'],
    [{ host: '::1' }, 'sluice_scram:scram-pw@[::1]:6543/postgres'],
    [
      { host: 'socket', auth: 'trust' },
      'sluice_trust@/postgres?host=%2Ftmp%2Fa%20b%2Fsocket&port=6543',
    ],
    [{ sslmode: 'require' }, 'sluice_scram:scram-pw@127.0.0.1:6543/postgres?sslmode=require'],
    [
      { sslmode: 'verify-ca', parameters: { sslnegotiation: 'direct' } },
      'sluice_scram:scram-pw@127.0.0.1:6543/postgres?sslmode=verify-ca&sslrootcert=%2Fc%2Fca&sslnegotiation=direct',
    ],
    [
      { auth: 'cert' },
      'sluice_cert@127.0.0.1:6543/postgres?sslmode=verify-full&sslrootcert=%2Fc%2Fca&sslcert=%2Fc%2Fcrt&sslkey=%2Fc%2Fkey',
    ],
    [
      { user: 'sluice_cert', sslmode: 'require' },
      'sluice_cert@127.0.0.1:6543/postgres?sslmode=require&sslcert=%2Fc%2Fcrt&sslkey=%2Fc%2Fkey',
    ],
  ])('for %j', (options, expected) => {
    expect(server.dsn(options)).toBe(`postgresql://${expected}`)
  })

  test.each<[DsnOptions, string]>([
    [{ auth: 'password' }, 'no role for password, only for trust, md5, scram-sha-256, cert'],
    [{ auth: 'cert', host: 'socket' }, 'the cert role needs TLS'],
    [{ auth: 'md5', user: 'postgres' }, 'dsn takes either user or auth, not both'],
  ])('for %j is refused', (options, message) => {
    expect(() => server.dsn(options)).toThrow(message)
  })
})

test('the address survives JSON', () => {
  const { host, port, version, majorVersion, socketDir, ca } = server
  expect({ host, port, version, majorVersion, socketDir, ca }).toEqual({
    host: '127.0.0.1',
    port: 6543,
    version: '18.4',
    majorVersion: 18,
    socketDir: '/tmp/a b/socket',
    ca: 'PEM',
  })
  expect(server.adminDsn).toBe('postgresql://postgres:admin-pw@127.0.0.1:6543/postgres')
})
