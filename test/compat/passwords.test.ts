import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, Pool } from '../../src/pg/index.js'
import { ScriptedServer } from '../support/scripted-server.js'
import { testServer } from '../support/server.js'
import { authentication, errorResponse } from '../support/server-messages.js'
import { type PgModule, published, sluice } from './modules.js'

const CLEARTEXT = 3
const FOLDER = mkdtempSync(join(tmpdir(), 'sluice-passfile-'))

/** Content of a passfile, where PORT stands for that of the server. */
const PASSFILES: readonly (readonly [what: string, content: string])[] = [
  ['names everything', '127.0.0.1:PORT:database:someone:secret'],
  ['names another host', '127.0.0.2:PORT:database:someone:secret'],
  ['names another port', '127.0.0.1:1:database:someone:secret'],
  ['names another database', '127.0.0.1:PORT:other:someone:secret'],
  ['names another user', '127.0.0.1:PORT:database:other:secret'],
  ['names nothing', '*:*:*:*:secret'],
  ['names the host alone', '127.0.0.1:*:*:*:secret'],
  ['has lines that do not fit before', '*:*:*:other:first\n\nno line\n*:*:*:someone:second\n'],
  ['ends its lines with a carriage return', '*:*:*:other:first\r\n*:*:*:someone:second\r\n'],
  ['has comments', '# *:*:*:*:comment\n*:*:*:*:secret'],
  ['escapes a colon', '*:*:*:someone:se\\:cret'],
  ['has a colon in the password', '*:*:*:someone:se:cret'],
  ['escapes a backslash', '*:*:*:someone:se\\\\cret'],
  ['has spaces in the password', '*:*:*:someone: a secret '],
  ['has a password beyond ASCII', '*:*:*:someone:gehëim€'],
  ['is empty', ''],
]

let server: ScriptedServer
/** What clients have sent. */
let sent: unknown[] = []

beforeAll(async () => {
  server = await ScriptedServer.start(async (peer) => {
    peer.listen()
    await peer.read('Startup')
    peer.send(authentication(CLEARTEXT))
    sent.push(String((await peer.read('Password')).data).replace(/\0$/, ''))
    peer.send(errorResponse('28P01', 'that was all', 'FATAL'))
    peer.socket.end()
  })
})

afterAll(async () => {
  await server.stop()
  rmSync(FOLDER, { recursive: true })
})

/** What a client sends, and what comes of it. */
async function tried(
  pg: PgModule,
  environment: Readonly<Record<string, string>>,
  config: object = {},
): Promise<unknown> {
  const former = { ...process.env }
  Object.assign(process.env, environment)
  sent = []
  try {
    const address = { host: '127.0.0.1', port: server.port, user: 'someone', database: 'database' }
    const client = new pg.Client({ ...address, ...config } as never)
    client.on('error', () => {})
    const error = await client.connect().catch((reason: unknown) => reason)
    // pg leaves it open.
    client.connection.stream.destroy()
    // Where there is none pg sends an empty one for a password in clear text.
    return [sent.filter((password) => password !== ''), error instanceof TypeError, client.password]
  } finally {
    process.env = former
  }
}

function passfile(content: string, mode = 0o600): string {
  const path = join(FOLDER, `pass-${mode}-${Buffer.from(content).toString('hex').slice(0, 99)}`)
  writeFileSync(path, content.replaceAll('PORT', String(server.port)), { mode })
  return path
}

test.each(PASSFILES)('a passfile that %s', async (_what, content) => {
  const environment = { PGPASSFILE: passfile(content) }
  expect(await tried(sluice, environment)).toEqual(await tried(published, environment))
})

test('a passfile that others may read, or that is none, is not used', async () => {
  for (const path of [passfile('*:*:*:*:secret', 0o644), FOLDER, join(FOLDER, 'absent')]) {
    const environment = { PGPASSFILE: path }
    expect(await tried(sluice, environment)).toEqual(await tried(published, environment))
  }
})

test('a password that is given goes before the passfile', async () => {
  const environment = { PGPASSFILE: passfile('*:*:*:*:secret') }
  const ways: readonly (readonly [object, object])[] = [
    [{}, { password: 'given' }],
    [{}, { password: async () => 'given' }],
    [{ PGPASSWORD: 'given' }, {}],
    [{}, { password: '' }],
    [{}, { password: null }],
    [{}, { password: () => undefined }],
    [{}, { password: () => null }],
  ]
  for (const [more, config] of ways) {
    const full = { ...environment, ...more }
    expect(await tried(sluice, full, config)).toEqual(await tried(published, full, config))
  }
})

test('with no password for clear text none is sent, and of several lines of a passfile the first that fits counts', async () => {
  expect(await tried(sluice, {}, { password: () => undefined })).toEqual([[], false, null])
  const environment = { PGPASSFILE: passfile('*:*:*:someone:first\n*:*:*:someone:second') }
  expect(await tried(sluice, environment)).toEqual([['first'], false, 'first'])
})

test('a pool shows no password of its connection string, and no secret of TLS', () => {
  const connectionString = 'postgres://user:hunter2@host/base'
  const ssl = { ca: 'root', key: 'hunter2', passphrase: 'hunter2', pfx: 'hunter2' }
  const { options } = new Pool({ connectionString, ssl, max: 3 })
  const client = new Client({ host: 'host', ssl })
  for (const each of [options, client, client.connection, client.connectionParameters]) {
    expect(inspect(each, { depth: 9 })).not.toContain('hunter2')
    expect(JSON.stringify(each)).not.toContain('hunter2')
  }
  expect(inspect(options)).toContain('max: 3')
  expect({ ...options }).toMatchObject({ connectionString, max: 3 })
  expect(options.ssl).toMatchObject(ssl)
  expect(client.ssl).toMatchObject(ssl)
})

test('a connection string in the place of the options of a pool is refused and not shown', () => {
  const text = 'postgres://user:hunter2@host/base'
  expect(() => new published.Pool(text as never)).toThrow(TypeError)
  expect(() => new Pool(text as never)).toThrow(TypeError)
  expect(() => new Pool(text as never)).toThrow(/^((?!hunter2).)*$/)
})

test('the key of a client certificate lets in, and shows nowhere', async () => {
  const url = new URL((await testServer()).dsn({ auth: 'cert' }))
  const read = (name: string): string => readFileSync(url.searchParams.get(name) ?? '', 'utf8')
  const key = read('sslkey')
  const client = new Client({
    host: url.hostname,
    port: Number(url.port),
    user: url.username,
    database: 'postgres',
    ssl: { ca: read('sslrootcert'), cert: read('sslcert'), key },
  })
  await client.connect()
  const { rows } = await client.query('select current_user as name')
  expect(rows).toEqual([{ name: url.username }])
  const line = key.split('\n')[2] ?? ''
  const shown = inspect(client, { depth: 20, maxStringLength: null })
  expect(line).not.toBe('')
  expect(shown.includes(line)).toBe(false)
  await client.end()
})
