import { describe, expect, test } from 'vitest'
import { InterfaceError } from '../../src/base/errors.js'
import { useExternal } from '../../src/testing/external-server.js'
import type { TestPostgres } from '../../src/testing/index.js'
import { resolveStartOptions, type StartOptions } from '../../src/testing/start-options.js'

const DSN = 'postgresql://me:p%40ss@db.test:6543/mine?application_name=tests'

describe('the provider', () => {
  test.each<[string, StartOptions, NodeJS.ProcessEnv, string]>([
    ['by default', {}, {}, 'embedded'],
    ['with SLUICE_TEST_DSN', {}, { SLUICE_TEST_DSN: DSN }, 'external'],
    ['with SLUICE_TEST_SERVER', {}, { SLUICE_TEST_SERVER: 'testcontainers' }, 'testcontainers'],
    ['with both', {}, { SLUICE_TEST_DSN: DSN, SLUICE_TEST_SERVER: 'testcontainers' }, 'external'],
    ['with empty variables', {}, { SLUICE_TEST_DSN: '', SLUICE_TEST_SERVER: '' }, 'embedded'],
    ['as an option', { provider: 'embedded' }, { SLUICE_TEST_DSN: DSN }, 'embedded'],
  ])('%s', (_, options, environment, provider) => {
    expect(resolveStartOptions(options, environment).provider).toBe(provider)
  })
})

describe('a wrong option is refused by name', () => {
  test.each<[object, NodeJS.ProcessEnv, string]>([
    [{ verison: 16 }, {}, 'startPostgres has no option "verison"'],
    [{ version: 16.1 }, {}, 'version must be a major version of PostgreSQL, not 16.1'],
    [{ version: '16' }, {}, 'version must be a major version'],
    [{ auth: 'gss' }, {}, 'auth must be one of trust, password, md5, scram-sha-256, cert'],
    [{ auth: 'cert', tls: false }, {}, 'auth "cert" needs tls'],
    [{ hba: ['local all all trust\nhost'] }, {}, 'hba is a list of lines'],
    [{ settings: { 'work mem': 1 } }, {}, '"work mem" is not the name of a setting'],
    [{ settings: { work_mem: '1\nfsync=on' } }, {}, 'setting "work_mem" holds a line break'],
    [{ settings: { Port: 5432 } }, {}, 'setting "Port" is chosen by startPostgres itself'],
    [{ startTimeout: 0 }, {}, 'startTimeout must be above 0 ms'],
    [{ provider: 'docker' }, {}, 'provider must be one of external, testcontainers, embedded'],
    [{}, { SLUICE_TEST_SERVER: 'docker' }, 'SLUICE_TEST_SERVER must be one of external'],
  ])('%j', (options, environment, message) => {
    const resolve = () => resolveStartOptions(options, environment)
    expect(resolve).toThrow(InterfaceError)
    expect(resolve).toThrow(message)
  })
})

describe('a server of the user’s own', () => {
  const external = (dsn: string, options: StartOptions = {}): TestPostgres =>
    useExternal(resolveStartOptions(options, { SLUICE_TEST_DSN: dsn }))
  const server = external(DSN)

  test.each<[string, string]>([
    [server.dsn(), DSN],
    [server.adminDsn, DSN],
    [server.dsn({ database: 'other' }), DSN.replace('/mine', '/other')],
    [server.dsn({ user: 'you' }), DSN.replace('me:p%40ss', 'you')],
    [server.dsn({ password: null }), DSN.replace(':p%40ss', '')],
    [server.dsn({ sslmode: 'require' }), `${DSN}&sslmode=require`],
    [
      external('postgres://me@/mine?host=/run/pg&port=7000').dsn(),
      'postgresql://me@/mine?host=%2Frun%2Fpg&port=7000',
    ],
    [external('postgres://me@[::1]').dsn(), 'postgresql://me@[::1]:5432/me'],
  ])('has the DSN %s', (dsn, expected) => {
    expect(dsn).toBe(expected)
  })

  test('has neither a role for each way of authentication nor a version', () => {
    expect(() => server.dsn({ auth: 'md5' })).toThrow(
      'a server given by SLUICE_TEST_DSN has no role for md5',
    )
    expect(server.authMethods).toEqual([])
    expect(server.version).toBeUndefined()
    expect(() => server.dsn({ host: 'socket' })).toThrow('no unix socket leads to a server')
  })

  test.each<[string, StartOptions]>([
    ['version', { version: 16 }],
    ['settings', { settings: { work_mem: 1 } }],
    ['hba', { hba: [] }],
    ['auth', { auth: 'md5' }],
    ['tls', { tls: false }],
  ])('cannot follow the option %s', (name, options) => {
    expect(() => external(DSN, options)).toThrow(`is taken as it is: it cannot follow ${name}`)
  })

  test('cannot be restarted or killed, and stop leaves it alone', async () => {
    await expect(server.restart()).rejects.toThrow('cannot restart the server of SLUICE_TEST_DSN')
    await expect(server.kill()).rejects.toThrow('cannot send a signal to the server')
    await expect(server.stop()).resolves.toBeUndefined()
  })

  test.each([
    'host=db.test user=me',
    'mysql://me@db.test/mine',
    'postgresql://me:secret@a,b/mine',
    'postgresql://me:secret@db.test:port/mine',
  ])('is not accepted as %s, and no password is told', (dsn) => {
    expect(() => external(dsn)).toThrow('SLUICE_TEST_DSN must be a URI for one host')
    expect(() => external(dsn)).not.toThrow('secret')
  })
})
