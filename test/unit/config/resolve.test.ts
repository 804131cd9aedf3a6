import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScramKeyCache } from '../../../src/auth/scram-keys.js'
import type { ConnectOptions } from '../../../src/config/connect-options.js'
import { type ConnectionConfig, resolveConnection } from '../../../src/config/resolve.js'
import { CERTIFICATE, ENCRYPTED_KEY, PASSPHRASE } from './certificates.js'

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'sluice-resolve-'))
  mkdirSync(join(home, 'empty'))
  writeFileSync(join(home, '.pgpass'), 'h:5432:*:u:from-default\n')
  writeFileSync(join(home, 'other'), 'h:1:d:u:first\ng:2:d:u:second\n/s:*:*:*:socket\n')
  chmodSync(join(home, '.pgpass'), 0o600)
  chmodSync(join(home, 'other'), 0o600)
})
afterAll(() => rmSync(home, { recursive: true }))

function resolve(
  input?: string | ConnectOptions,
  options?: ConnectOptions,
  environment: Readonly<Record<string, string>> = {},
): ConnectionConfig {
  return resolveConnection(input, options, { HOME: join(home, 'empty'), ...environment })
}

function startup(config: ConnectionConfig, name: string): string | undefined {
  return config.startupParameters[name]
}

describe('defaults', () => {
  test('without anything', () => {
    const { hosts, tls, ...config } = resolve({ host: 'h' })
    const user = userInfo().username
    expect(hosts.map(({ address, encryptions }) => [address, encryptions])).toEqual([
      ['h:5432', ['tls-if-offered', 'plain']],
    ])
    expect(tls?.mode).toBe('prefer')
    expect(config).toEqual({
      targetSessionAttrs: 'any',
      loadBalanceHosts: 'disable',
      hostRecheck: 10_000,
      user,
      database: user,
      passwordHint: expect.stringContaining('.pgpass was not used: there is no such file'),
      requireAuth: undefined,
      channelBinding: 'prefer',
      scram: { maxIterations: 100_000, cache: expect.any(ScramKeyCache) },
      oauthToken: undefined,
      gss: { provider: undefined, serviceName: 'postgres' },
      minProtocolVersion: '3.0',
      maxProtocolVersion: '3.2',
      connectTimeout: 10_000,
      queryTimeout: 0,
      keepAlive: 60_000,
      startupParameters: { user, database: user, client_encoding: 'UTF8' },
      replication: false,
      statementMode: 'named',
      statementCacheSize: 256,
      maxMessageSize: 1_073_741_822,
      types: {},
    })
    expect(config).not.toHaveProperty('signal')
  })

  test('without a host the last resort is localhost', () => {
    expect(resolve().hosts.at(-1)?.address).toBe('localhost:5432')
  })

  test('the database is the user', () => {
    expect(resolve({ user: 'alice' }).database).toBe('alice')
  })
})

describe('precedence', () => {
  const DSN =
    'postgres://dsn-user:dsn-password@dsn-host:1111/dsn-db?application_name=dsn-app&connect_timeout=1'
  const ENVIRONMENT = {
    PGHOST: 'env-host',
    PGPORT: '2222',
    PGUSER: 'env-user',
    PGPASSWORD: 'env-password',
    PGDATABASE: 'env-db',
    PGAPPNAME: 'env-app',
    PGOPTIONS: '-c env=1',
    PGREQUIREAUTH: 'md5',
    PGCONNECT_TIMEOUT: '2',
    PGSSLMODE: 'require',
    PGSSLNEGOTIATION: 'direct',
  }
  const OPTIONS = {
    host: 'opt-host',
    port: 3333,
    user: 'opt-user',
    password: 'opt-password',
    database: 'opt-db',
    applicationName: 'opt-app',
    options: '-c opt=1',
    requireAuth: 'none',
    connectTimeout: 3,
    ssl: 'disable',
  } as const

  const facts = (config: ConnectionConfig) => [
    config.hosts[0]?.address,
    config.user,
    config.password,
    config.database,
    startup(config, 'application_name'),
    startup(config, 'options'),
    config.requireAuth?.text,
    config.connectTimeout,
    config.tls?.mode,
    config.tls?.negotiation,
  ]

  test('environment over default', () => {
    expect(facts(resolve(undefined, undefined, ENVIRONMENT))).toEqual([
      'env-host:2222',
      'env-user',
      'env-password',
      'env-db',
      'env-app',
      '-c env=1',
      'md5',
      2000,
      'require',
      'direct',
    ])
  })

  test('connection string over environment', () => {
    expect(facts(resolve(DSN, undefined, ENVIRONMENT))).toEqual([
      'dsn-host:1111',
      'dsn-user',
      'dsn-password',
      'dsn-db',
      'dsn-app',
      '-c env=1',
      'md5',
      1000,
      'require',
      'direct',
    ])
  })

  test('options over connection string', () => {
    const environment = { ...ENVIRONMENT, PGSSLNEGOTIATION: '' }
    expect(facts(resolve(DSN, OPTIONS, environment))).toEqual([
      'opt-host:3333',
      'opt-user',
      'opt-password',
      'opt-db',
      'opt-app',
      '-c opt=1',
      'none',
      3,
      undefined,
      undefined,
    ])
  })

  test('options may come alone', () => {
    expect(resolve(OPTIONS, undefined, ENVIRONMENT).user).toBe('opt-user')
  })

  test('options may not come twice', () => {
    expect(() => resolve(OPTIONS, OPTIONS)).toThrow(/options are given twice/)
  })
})

describe('passwords', () => {
  test('one that is given keeps the passfile closed', () => {
    const config = resolve('host=h user=u password=p', {}, { HOME: home })
    expect([config.password, config.hosts[0]?.password]).toEqual(['p', undefined])
  })

  test('a function is kept and not called', () => {
    const password = () => {
      throw new Error('called')
    }
    expect(resolve({ host: 'h', password }).password).toBe(password)
  })

  test('the default passfile', () => {
    const config = resolve('host=h user=u', {}, { HOME: home })
    expect([config.password, config.hosts[0]?.password]).toEqual([undefined, 'from-default'])
    expect(config.passwordHint).toBeUndefined()
  })

  test('an empty password counts as none', () => {
    const config = resolve("host=h user=u password=''", {}, { HOME: home, PGPASSWORD: 'x' })
    expect([config.password, config.hosts[0]?.password]).toEqual([undefined, 'from-default'])
  })

  for (const way of ['passfile', 'PGPASSFILE']) {
    test(`another passfile by ${way}, with a password for each host`, () => {
      const path = join(home, 'other')
      const config = resolve(
        'host=h,g,i port=1,2,3 user=u dbname=d sslmode=disable',
        way === 'passfile' ? { passfile: path } : {},
        way === 'passfile' ? {} : { PGPASSFILE: path },
      )
      expect(config.hosts.map(({ password }) => password)).toEqual(['first', 'second', undefined])
    })
  }

  test('a socket directory is looked up by its path', () => {
    const config = resolve({ host: '/s', user: 'u', passfile: join(home, 'other') })
    expect(config.hosts[0]?.password).toBe('socket')
  })
})

describe('startup parameters', () => {
  const base = { user: 'u', database: 'd', client_encoding: 'UTF8' }
  const parameters = (options: ConnectOptions) =>
    resolve({ host: 'h', user: 'u', database: 'd', ...options }).startupParameters

  test('hold application name, options and settings', () => {
    const settings = { search_path: 'a, b', work_mem: 64, jit: false }
    expect(parameters({ applicationName: 'app', options: '-c geqo=off', settings })).toEqual({
      ...base,
      application_name: 'app',
      options: '-c geqo=off',
      search_path: 'a, b',
      work_mem: '64',
      jit: 'false',
    })
  })

  test('hold the kind of replication', () => {
    expect(parameters({ replication: true })).toEqual({ ...base, replication: 'true' })
    expect(parameters({ replication: 'database' })).toMatchObject({ replication: 'database' })
    expect(parameters({ replication: false })).toEqual(base)
    expect(resolve('host=h replication=yes').replication).toBe(true)
    expect(resolve('host=h replication=database').replication).toBe('database')
  })

  test('let settings win', () => {
    expect(parameters({ applicationName: 'a', settings: { application_name: 'b' } })).toEqual({
      ...base,
      application_name: 'b',
    })
  })

  test('may name the one encoding there is', () => {
    expect(parameters({ settings: { client_encoding: 'utf-8' } })).toMatchObject({
      client_encoding: 'utf-8',
    })
  })
})

describe('wrong texts name their source', () => {
  const cases: readonly (readonly [
    dsn: string,
    environment: Readonly<Record<string, string>>,
    message: RegExp,
  ])[] = [
    ['port=x', {}, /^"port" in the connection string is not a whole number$/],
    ['postgres://u:hunter2/2@h', {}, /^"port" in the connection string is not a whole number$/],
    ['port=70000', {}, /^"port" in the connection string must be .* not 70000$/],
    ['connect_timeout=1.5', {}, /^"connect_timeout" in the connection string is not/],
    ['require_auth=x', {}, /^"require_auth" in the connection string: "x" is none of/],
    ['', { PGPORT: '0' }, /^environment variable PGPORT must be a whole number/],
    ['', { PGCONNECT_TIMEOUT: 'soon' }, /^environment variable PGCONNECT_TIMEOUT is not/],
    ['', { PGREQUIREAUTH: '!' }, /^environment variable PGREQUIREAUTH: "" is none of/],
    ['host=a,b port=1,2,3', {}, /3 ports do not fit 2 hosts/],
  ]
  for (const [dsn, environment, message] of cases) {
    test(String(message), () => {
      expect(() => resolve(dsn, {}, environment)).toThrow(message)
    })
  }
})

describe('the configuration', () => {
  const secrets = ['hunter2', PASSPHRASE, 'PRIVATE KEY', 'from-default']

  test('shows no secret', () => {
    const ssl = { cert: CERTIFICATE, key: ENCRYPTED_KEY, passphrase: PASSPHRASE }
    const withPassword = resolve('postgres://u:hunter2@h', { ssl })
    const withPassfile = resolve('host=h user=u', {}, { HOME: home })
    expect(withPassword.password).toBe('hunter2')
    for (const config of [withPassword, withPassfile]) {
      const seen = [
        inspect(config, { showHidden: true, depth: 9 }),
        JSON.stringify(config),
        JSON.stringify({ ...config }),
      ]
      for (const secret of secrets) expect(seen.join()).not.toContain(secret)
    }
  })

  test('is frozen, deeply', () => {
    const config = resolve('postgres://u:p@h,g/d', {
      settings: { a: '1' },
      types: { int8: 'bigint' },
      requireAuth: 'md5',
      ssl: { ca: CERTIFICATE },
    })
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen))
    expect(frozen(config)).toBe(true)
  })

  test('leaves what it is given as it was, and keeps none of it that could change', () => {
    const host = ['a', 'b']
    const settings = { jit: 'off' }
    const codec = { name: 'x' }
    const options: ConnectOptions = { host, settings, types: { x: codec }, ssl: { ca: 'system' } }
    const before = structuredClone(options)
    const config = resolve(options)
    expect(options).toEqual(before)
    expect([options, host, settings, codec].some(Object.isFrozen)).toBe(false)
    host.push('c')
    settings.jit = 'on'
    expect(config.hosts).toHaveLength(2)
    expect(startup(config, 'jit')).toBe('off')
    expect(Object.values(config.types)[0]).toBe(codec)
  })

  test('carries signal, onNotice and onQuery', () => {
    const { signal } = new AbortController()
    const onNotice = () => undefined
    const onQuery = () => undefined
    expect(resolve({ host: 'h', signal, onNotice, onQuery })).toMatchObject({
      signal,
      onNotice,
      onQuery,
    })
  })
})
