import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { testServer } from '../support/server.js'
import { type PgModule, published, sluice } from './modules.js'
import { outcome, plain } from './outcome.js'

type Environment = Readonly<Record<string, string>>

/** Connection strings. */
const STRINGS: readonly string[] = [
  'postgres://user:secret@host:1234/base',
  'postgresql://user:secret@host:1234/base',
  'pg://host/base',
  'postgres://host',
  'postgres://host/',
  'postgres:///base',
  'postgres://user@/base',
  'postgres://user@host',
  'postgres://user:@host/base',
  'postgres://user:p%40ss%2Fword%3A@host/base',
  'postgres://us%20er:secret@host/da%20ta',
  'postgres://user:pass word@host/base',
  'postgres://user:100%@host/base',
  'postgres://user:a%b@host/base',
  'postgres://[::1]:5433/base',
  'postgres://[2001:db8::1]/base',
  'postgres://%2Ftmp%2Fsockets/base',
  'postgres://user:secret@%2Ftmp/base',
  'postgres:///base?host=/tmp',
  'postgres://user@/base?host=/tmp&port=7777',
  'postgres://host/base?host=other',
  'postgres://host:1/base?port=2',
  'postgres://a:b@host/base?user=c&password=d',
  'postgres://host/base?application_name=app&options=-c%20geqo%3Doff',
  'postgres://host/base?client_encoding=latin1',
  'postgres://host/base?statement_timeout=50&lock_timeout=60',
  'postgres://host/base?query_timeout=70',
  'postgres://host/base?fallback_application_name=fall',
  'postgres://host/base?replication=database',
  'postgres://host/base?ssl=true',
  'postgres://host/base?ssl=1',
  'postgres://host/base?ssl=0',
  'postgres://host/base?ssl=no-verify',
  'postgres://host/base?sslmode=disable',
  'postgres://host/base?sslmode=no-verify',
  'postgres://host/base?sslmode=prefer',
  'postgres://host/base?sslmode=require',
  'postgres://host/base?sslmode=verify-ca',
  'postgres://host/base?sslmode=verify-full',
  'postgres://host/base?sslmode=disable&uselibpqcompat=true',
  'postgres://host/base?sslmode=prefer&uselibpqcompat=true',
  'postgres://host/base?sslmode=require&uselibpqcompat=true',
  'postgres://host/base?sslmode=verify-full&uselibpqcompat=true',
  'postgres://host/base?sslnegotiation=direct',
  'postgres://host/base?sslnegotiation=postgres',
  'postgres://host/base?sslnegotiation=direct&sslmode=require',
  'postgres://host/base?sslrootcert=/absent/root.crt',
  'postgres://host/base?sslcert=/absent/client.crt',
  `postgres://host/base?sslrootcert=${import.meta.dirname}/outcome.ts`,
  `postgres://host/base?sslmode=require&sslrootcert=${import.meta.dirname}/outcome.ts`,
  `postgres://host/base?sslcert=${import.meta.dirname}/outcome.ts&sslkey=${import.meta.dirname}/modules.ts`,
  '/tmp base',
  '/tmp',
  'socket:/tmp/folder?db=base&encoding=utf8',
  'socket://user:secret@/tmp/folder?db=base',
  'postgres://host/gr%C3%BC%C3%9Fe',
  'postgres://host/base#part',
  'postgres://user:a#b@host/base',
  'postgres://host:x/base',
  'postgres://HOST/Base',
]

/** Keys of the configuration. */
const CONFIGS: readonly object[] = [
  {},
  { host: 'given', port: 1, user: 'u', password: 'p', database: 'd' },
  { host: '/folder', port: 1, user: 'u' },
  { user: 'u' },
  { database: 'd' },
  { host: '', port: 0, user: '', password: '', database: '' },
  { host: null, port: null, user: null, password: null, database: null },
  { port: '5433' },
  { port: 'x' },
  { port: 5433.7 },
  { ssl: true },
  { ssl: false },
  { ssl: 'true' },
  { ssl: 'no-verify' },
  { ssl: null },
  { ssl: {} },
  { ssl: { rejectUnauthorized: false, ca: 'CA', key: 'KEY' } },
  { ssl: true, sslnegotiation: 'direct' },
  { application_name: 'app', fallback_application_name: 'fall' },
  { statement_timeout: 5, lock_timeout: 6, idle_in_transaction_session_timeout: 7 },
  { statement_timeout: '5.7', query_timeout: 8 },
  { options: '-c geqo=off', client_encoding: 'latin1' },
  { replication: 'database' },
  { replication: true },
  { keepAlive: true, keepAliveInitialDelayMillis: 12345 },
  { keepAlive: false },
  { connectionTimeoutMillis: 1500 },
  { binary: false },
  { enableChannelBinding: true, scramMaxIterations: 5 },
  { scramMaxIterations: '7' },
  { scramMaxIterations: 'x' },
  { scramMaxIterations: 0 },
  { pipeline: true },
  { connectionString: 'postgres://user:secret@host:1234/base' },
  { connectionString: 'postgres://user:secret@host:1234/base', host: 'other', port: 9, ssl: true },
  { connectionString: 'postgres://host/base', user: 'u', password: 'p' },
  { connectionString: 'postgres://host/base?sslmode=disable', ssl: true },
  { connectionString: 'postgres://host/base?sslmode=require', ssl: { ca: 'CA' } },
  { connectionString: 'postgres://host/base', ssl: { ca: 'CA', key: 'KEY' } },
  { connectionString: 'postgres://host/base?application_name=a', application_name: 'b' },
  { connectionString: '/tmp base', user: 'u' },
]

/** Variables of the environment. */
const ENVIRONMENTS: readonly Environment[] = [
  {},
  {
    PGHOST: 'env-host',
    PGPORT: '6000',
    PGUSER: 'env-user',
    PGPASSWORD: 'env-pass',
    PGDATABASE: 'env-base',
    PGAPPNAME: 'env-app',
    PGOPTIONS: '-c jit=off',
    PGSSLMODE: 'no-verify',
    PGCLIENT_ENCODING: 'latin1',
  },
]

/** One more for each value of PGSSLMODE, and variables that do nothing. */
const MORE_ENVIRONMENTS: readonly Environment[] = [
  ...['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify', 'x'].map(
    (mode) => ({ PGSSLMODE: mode }),
  ),
  { PGSSLMODE: 'require', PGSSLNEGOTIATION: 'direct' },
  { PGSSLNEGOTIATION: 'direct' },
  { PGREPLICATION: 'database' },
  { PGHOST: '/folder' },
  { PGSSLROOTCERT: '/absent', PGTARGETSESSIONATTRS: 'read-write' },
  { PGUSER: '' },
]

/** What a client would connect with. */
function configured(pg: PgModule, config: unknown, environment: Environment): unknown {
  const former = { ...process.env }
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name]
  Object.assign(process.env, environment)
  try {
    const client = new pg.Client(config as never) as unknown as Record<string, unknown> & {
      connectionParameters: Record<string, unknown>
    }
    const { user, database, host, port, password, ssl, sslNegotiation, replication } = client
    const { enableChannelBinding, scramMaxIterations, pipeline } = client
    return plain({
      ...{ user, database, host, port, password, ssl: seen(ssl), sslNegotiation, replication },
      ...{ enableChannelBinding, scramMaxIterations, pipeline },
      isPasswordHidden: !Object.keys(client).includes('password'),
      parameters: Object.fromEntries(
        Object.entries(client.connectionParameters)
          .filter(([key, value]) => value !== undefined && !NOT_COMPARED.has(key))
          .map(([key, value]) => [key, key === 'ssl' ? seen(value) : value]),
      ),
      parametersPassword: client.connectionParameters['password'],
    })
  } catch (error) {
    const { message, code } = error as { message: string; code?: string }
    return { thrown: message, code }
  } finally {
    process.env = former
  }
}

/** Heeded here and not in pg, see improvements.test.ts. */
const NOT_COMPARED: ReadonlySet<string> = new Set(['connect_timeout'])

/** Options of TLS, with what is not enumerable in them. */
function seen(ssl: unknown): unknown {
  if (typeof ssl !== 'object' || ssl === null) return ssl
  const { key } = ssl as { key?: unknown }
  const { checkServerIdentity, ...rest } = ssl as Record<string, unknown>
  return { ...rest, key, checksName: checkServerIdentity === undefined, keys: Object.keys(ssl) }
}

describe.each([
  ['connection strings', STRINGS],
  ['configurations', CONFIGS],
] as const)('%s', (_name, inputs) => {
  for (const environment of ENVIRONMENTS) {
    const where = Object.keys(environment).length > 0 ? 'with' : 'without'
    test.each(inputs.map((input) => [JSON.stringify(input), input] as const))(
      `%s ${where} a full environment`,
      (_text, input) => {
        expect(configured(sluice, input, environment)).toEqual(
          configured(published, input, environment),
        )
      },
    )
  }
})

test.each(MORE_ENVIRONMENTS.map((environment) => [JSON.stringify(environment), environment]))(
  'the environment %s',
  (_text, environment) => {
    for (const input of [undefined, {}, 'postgres://host/base', { ssl: false }]) {
      expect(configured(sluice, input, environment as Environment)).toEqual(
        configured(published, input, environment as Environment),
      )
    }
  },
)

test('defaults are read late', () => {
  const results = [published, sluice].map((pg) => {
    const former = { ...pg.defaults, parseInt8: undefined }
    Object.assign(pg.defaults, { host: 'late', user: 'late-user', port: 7, query_timeout: 9 })
    const result = configured(pg, {}, {})
    const { host, user, port, query_timeout } = former as Record<string, unknown>
    Object.assign(pg.defaults, { host, user, port, query_timeout })
    return [result, configured(pg, {}, {})]
  })
  expect(results[1]).toEqual(results[0])
})

test('a configuration is not changed', () => {
  const config = Object.freeze({
    connectionString: 'postgres://u:p@h/d?sslmode=no-verify',
    ssl: Object.freeze({ ca: 'CA' }),
  })
  expect(configured(sluice, config, {})).toEqual(configured(published, config, {}))
})

/** Ways that really lead to the server. */
const WAYS: Readonly<Record<string, (url: URL) => { config: unknown; environment?: Environment }>> =
  {
    'a connection string': (url) => ({ config: url.href }),
    'keys of the configuration': (url) => ({
      config: {
        host: url.hostname,
        port: Number(url.port),
        user: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
        database: url.pathname.slice(1),
        application_name: 'by keys',
      },
    }),
    'the environment': (url) => ({
      config: undefined,
      environment: {
        PGHOST: url.hostname,
        PGPORT: url.port,
        PGUSER: decodeURIComponent(url.username),
        PGPASSWORD: decodeURIComponent(url.password),
        PGDATABASE: url.pathname.slice(1),
        PGAPPNAME: 'by environment',
        PGOPTIONS: '-c geqo=off',
      },
    }),
    'a password function': (url) => ({
      config: {
        host: url.hostname,
        port: Number(url.port),
        user: decodeURIComponent(url.username),
        database: url.pathname.slice(1),
        password: async () => decodeURIComponent(url.password),
      },
    }),
    'settings for the session': (url) => ({
      config: {
        connectionString: url.href,
        statement_timeout: 12345.6,
        lock_timeout: 2345,
        idle_in_transaction_session_timeout: 3456,
        fallback_application_name: 'fallen back',
        options: '-c geqo=off',
        client_encoding: 'latin1',
      },
    }),
  }

test.each(Object.entries(WAYS))('a connection by %s', async (_name, way) => {
  const url = new URL((await testServer()).dsn({ sslmode: 'disable' }))
  const { config, environment = {} } = way(url)
  const results: unknown[] = []
  for (const pg of [published, sluice]) {
    const former = { ...process.env }
    Object.assign(process.env, environment)
    const client = new pg.Client(config as never)
    process.env = former
    await client.connect()
    const settings = ['application_name', 'statement_timeout', 'lock_timeout', 'geqo', 'datestyle']
    const more = [
      'idle_in_transaction_session_timeout',
      'client_encoding',
      'timezone',
      'search_path',
    ]
    const shown: unknown[] = []
    for (const name of [...settings, ...more]) {
      shown.push(await outcome(client.query(`show ${name}`).then(({ rows }) => rows)))
    }
    results.push(shown)
    await client.end()
  }
  expect(results[1]).toEqual(results[0])
})

/** Ways to a server that speaks TLS; each says what came of it. */
const TLS_WAYS: Readonly<Record<string, (url: URL, ca: string) => object>> = {
  'sslmode=verify-full with the authority': (url) => ({ connectionString: url.href }),
  'ssl with the authority': (url, ca) => ({
    connectionString: withoutTls(url),
    ssl: { ca: readFileSync(ca, 'utf8') },
  }),
  'ssl without the authority': (url) => ({ connectionString: withoutTls(url), ssl: true }),
  'ssl that verifies nothing': (url) => ({
    connectionString: withoutTls(url),
    ssl: { rejectUnauthorized: false },
  }),
  'sslmode=no-verify': (url) => ({ connectionString: `${withoutTls(url)}?sslmode=no-verify` }),
  'ssl=no-verify': (url) => ({ connectionString: `${withoutTls(url)}?ssl=no-verify` }),
  'ssl=true without the authority': (url) => ({ connectionString: `${withoutTls(url)}?ssl=true` }),
  'sslmode=require without the authority': (url) => ({
    connectionString: `${withoutTls(url)}?sslmode=require`,
  }),
  'sslmode=require with the meaning of libpq': (url) => ({
    connectionString: `${withoutTls(url)}?sslmode=require&uselibpqcompat=true`,
  }),
  'sslmode=prefer with the meaning of libpq': (url) => ({
    connectionString: `${withoutTls(url)}?sslmode=prefer&uselibpqcompat=true`,
  }),
  'sslmode=verify-ca with the meaning of libpq': (url, ca) => ({
    connectionString: `${withoutTls(url)}?sslmode=verify-ca&uselibpqcompat=true&sslrootcert=${ca}`,
  }),
  sslrootcert: (url, ca) => ({ connectionString: `${withoutTls(url)}?sslrootcert=${ca}` }),
  'sslnegotiation=direct': (url, ca) => ({
    connectionString: withoutTls(url),
    ssl: { ca: readFileSync(ca, 'utf8') },
    sslnegotiation: 'direct',
  }),
  'an object that the string replaces': (url) => ({
    connectionString: `${withoutTls(url)}?sslmode=verify-full`,
    ssl: { rejectUnauthorized: false },
  }),
  "a check of the name of one's own": (url, ca) => ({
    connectionString: withoutTls(url),
    ssl: {
      ca: readFileSync(ca, 'utf8'),
      checkServerIdentity: () => new RangeError('not this one'),
    },
  }),
  'channel binding': (url, ca) => ({
    connectionString: withoutTls(url),
    ssl: { ca: readFileSync(ca, 'utf8') },
    enableChannelBinding: true,
  }),
  'no TLS': (url) => ({ connectionString: withoutTls(url), ssl: false }),
}

function withoutTls(url: URL): string {
  return Object.assign(new URL(url), { search: '' }).href
}

test.each(Object.entries(TLS_WAYS))('a connection over TLS: %s', async (_name, way) => {
  const server = await testServer()
  const url = new URL(server.dsn({ sslmode: 'verify-full' }))
  const config = way(url, server.certificates?.ca ?? '')
  const results: unknown[] = []
  for (const pg of [published, sluice]) {
    const client = new pg.Client(config as never)
    client.on('error', () => {})
    const connected = await outcome(client.connect().then(() => 'connected'))
    const text = 'select ssl, version from pg_stat_ssl where pid = pg_backend_pid()'
    results.push([
      connected,
      connected === 'connected' ? (await client.query(text)).rows : undefined,
    ])
    await client.end()
  }
  expect(results[1]).toEqual(results[0])
})
