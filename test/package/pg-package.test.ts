import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testServer } from '../support/server.js'
import { PG_SAMPLE } from './pg-sample.js'
import { repository, ScratchProject } from './scratch-project.js'

const project = new ScratchProject()
let tarball = ''
const folder = join(repository, 'dist-pg')

/** Packages that have pg for a peer, taken from the repository's own. */
const COMPANIONS = ['pg-cursor', 'pg-query-stream', 'pg-copy-streams']

beforeAll(() => {
  if (!existsSync(join(folder, 'package.json'))) throw new Error('run `npm run build` first')
  const packed = project.npm(folder, 'pack', '--silent', '--pack-destination', project.path)
  expect(packed.status, packed.stderr).toBe(0)
  tarball = packed.stdout.trim()
  const pg = `file:./${tarball}`
  project.write(
    'package.json',
    JSON.stringify({ private: true, dependencies: { pg }, overrides: { pg } }),
  )
  const added = project.npm(project.path, 'install', '--silent')
  expect(added.status, added.stderr).toBe(0)
  for (const name of COMPANIONS) project.copyPackage(name)
  project.linkPackage('@types/node')
})
afterAll(() => project.remove())

/** Runs a script in the project; gives what it prints, warnings included. */
function run(name: string, script: string, ...args: readonly string[]): string {
  project.write(name, script)
  const { stdout, stderr } = project.node(name, ...args)
  return stdout + stderr
}

test('pg-cursor, pg-query-stream and pg-copy-streams work on it, and no other pg is loaded', async () => {
  const dsn = (await testServer()).dsn({ sslmode: 'disable' })
  const script = `
    const pg = require('pg')
    const Cursor = require('pg-cursor')
    const QueryStream = require('pg-query-stream')
    const copy = require('pg-copy-streams')
    const { pipeline } = require('node:stream/promises')
    async function main() {
      const pool = new pg.Pool({ connectionString: process.argv[2] })
      const client = await pool.connect()
      const cursor = client.query(new Cursor('select generate_series(1, 3) as n'))
      console.log((await cursor.read(2)).length)
      await cursor.close()
      let count = 0
      for await (const row of client.query(new QueryStream('select generate_series(1, 300)'))) count++
      console.log(count)
      await client.query('create temp table target (a int)')
      await pipeline(['1\\n2\\n'], client.query(copy.from('copy target from stdin')))
      console.log((await client.query('select sum(a)::int as s from target')).rows[0].s)
      client.release()
      await pool.end()
      const loaded = Object.keys(require.cache).filter((path) => /node_modules.(pg|pg-pool|pg-protocol|pg-types)[^-\\w]/.test(path))
      console.log(loaded.every((path) => /node_modules.pg.(lib|dist)./.test(path)), require('pg/package.json').name)
    }
    main()`
  expect(run('main.cjs', script, dsn)).toBe('2\n300\n3\ntrue sluice-pg\n')
})

test('import, require and deep paths give the same objects', () => {
  const script = `
    import pg, { Client, Pool, Query, types, defaults, DatabaseError, Result, Connection,
      TypeOverrides, escapeIdentifier, escapeLiteral } from 'pg'
    import { createRequire } from 'node:module'
    const require = createRequire(import.meta.url)
    const required = require('pg')
    const named = { Client, Pool, Query, types, defaults, DatabaseError, Result, Connection,
      TypeOverrides, escapeIdentifier, escapeLiteral }
    console.log(required === pg, pg.native, Object.keys(pg).includes('native'), pg._pools)
    console.log(Object.entries(named).filter(([name, value]) => value === undefined || pg[name] !== value))
    const deep = { client: Client, connection: Connection, query: Query, result: Result,
      defaults, 'type-overrides': TypeOverrides, utils: pg.utils }
    for (const [path, value] of Object.entries(deep)) {
      if (require('pg/lib/' + path) !== value || require('pg/lib/' + path + '.js') !== value) console.log(path)
    }
    const Parameters = require('pg/lib/connection-parameters')
    console.log(new Parameters('postgres://h/d').host, Client.Query === Query)
    try { require('pg/lib/native') } catch (error) { console.log(error.code) }
    try { Pool() } catch (error) { console.log(error.name) }`
  expect(run('same.mjs', script)).toBe(
    'true null false []\n[]\nh true\nMODULE_NOT_FOUND\nTypeError\n',
  )
})

test('has no problem that publint knows of', async () => {
  const pkgDir = join(project.path, 'node_modules/pg')
  const { messages, pkg } = await publint({ pkgDir, pack: false, strict: true })
  const texts = messages.map((message) => formatMessage(message, pkg ?? {}, { color: false }))
  expect(texts).toEqual([])
})

test('has no problem that attw knows of', () => {
  const options = ['--profile', 'node16', '--no-definitely-typed', '--no-emoji', '--no-color']
  const { status, stdout, stderr } = project.command(
    '@arethetypeswrong/cli',
    'attw',
    // It is there to throw what that of pg throws without pg-native.
    ...[tarball, '--format', 'ascii', ...options, '--exclude-entrypoints', 'lib/native'],
  )
  expect(status, stdout + stderr).toBe(0)
})

const COMPILERS = [
  ['node16, ES module', 'node16', 'node16', 'mts'],
  ['node16, CommonJS', 'node16', 'node16', 'cts'],
  ['esnext with bundler', 'esnext', 'bundler', 'ts'],
] as const

test.each(COMPILERS)(
  'code written for @types/pg is accepted under %s',
  (_name, module, moduleResolution, extension) => {
    expect(existsSync(join(project.path, 'node_modules/@types/pg'))).toBe(false)
    const file = `sample.${extension}`
    project.write(file, PG_SAMPLE)
    const { stdout, stderr } = project.command(
      'typescript',
      'tsc',
      ...['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022'],
      ...['--types', 'node', '--esModuleInterop', '--lib', 'es2022,esnext.disposable'],
      ...['--module', module, '--moduleResolution', moduleResolution, file],
    )
    expect(stdout + stderr).toBe('')
  },
)
